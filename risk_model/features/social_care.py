"""What the council's social-care records say of a child."""

from functools import partial

import polars as pl

from risk_model.features.definition import (
    DAYS_6_MONTHS,
    DAYS_12_MONTHS,
    Partner,
    count,
    count_of,
    flag,
    within,
)

STRENGTHS_AND_DIFFICULTIES_CONCERN = 17
"""DfE SSDA903 guidance: a score of 17 to 40 is a cause for concern."""

NEW_PLACEMENT_CODES = ("S", "P", "T", "B", "U")
"""SSDA903 reasons for a new episode in which the placement or the carer changed; L is the legal status alone."""

FAMILY_FACTORS = ("1B", "2B", "3B", "4B", "5B", "6B", "3A", "3C", "4C")
CHILD_MENTAL_HEALTH_FACTORS = ("4A", "15A")


_flag, _count = partial(flag, Partner.SOCIAL_CARE), partial(count, Partner.SOCIAL_CARE)


FEATURES = [
    _flag(
        "episode_open",
        "episode",
        pl.col("is_open"),
        "Council record is open",
        "No open council record",
        in_model=False,
    ),
    _flag(
        "child_in_need_plan",
        "child_in_need_plan",
        pl.col("ended_on").is_null(),
        "Child in need plan",
        "No child in need plan",
        in_model=False,
    ),
    _flag(
        "protection_plan",
        "protection_plan",
        pl.col("ended_on").is_null(),
        "Child protection plan",
        "No child protection plan",
    ),
    _flag(
        "looked_after_by_council",
        "care_episode",
        pl.col("is_open"),
        "Looked after by the council",
        "Not looked after by the council",
        in_model=False,
    ),
    _count(
        "section47_6_months",
        "section47",
        count_of(within(DAYS_6_MONTHS)),
        "Child protection enquiries in 6 months: {n}",
        "No child protection enquiry in 6 months",
    ),
    _count(
        "section47_12_months",
        "section47",
        count_of(within(DAYS_12_MONTHS)),
        "Child protection enquiries in 12 months: {n}",
        "No child protection enquiry in 12 months",
    ),
    _count(
        "social_care_referrals_12_months",
        "episode",
        count_of(within(DAYS_12_MONTHS)),
        "Referrals to social care in 12 months: {n}",
        "No referral to social care in 12 months",
    ),
    _flag(
        "family_factors",
        "assessment_factor",
        pl.col("factor_code").is_in(FAMILY_FACTORS) & within(DAYS_12_MONTHS),
        "Council assessment names a difficulty in the family",
        "No council assessment names a difficulty in the family",
    ),
    _flag(
        "child_mental_health_factor",
        "assessment_factor",
        pl.col("factor_code").is_in(CHILD_MENTAL_HEALTH_FACTORS) & within(DAYS_12_MONTHS),
        "Council assessment names the child's mental health",
        "No council assessment names the child's mental health",
    ),
    _count(
        "placements_12_months",
        "care_episode",
        count_of(pl.col("reason_started_code").is_in(NEW_PLACEMENT_CODES) & within(DAYS_12_MONTHS)),
        "New placements in care in 12 months: {n}",
        "No new placement in care in 12 months",
    ),
    _count(
        "placements_6_months",
        "care_episode",
        count_of(pl.col("reason_started_code").is_in(NEW_PLACEMENT_CODES) & within(DAYS_6_MONTHS)),
        "New placements in care in 6 months: {n}",
        "No new placement in care in 6 months",
    ),
    _count(
        "missing_episodes_12_months",
        "care_missing",
        count_of(within(DAYS_12_MONTHS)),
        "Times missing from care in 12 months: {n}",
        "Not missing from care in 12 months",
    ),
    _flag(
        "strengths_and_difficulties_concern",
        "care_outcome",
        pl.col("sdq_score") >= STRENGTHS_AND_DIFFICULTIES_CONCERN,
        "Wellbeing questionnaire in the range of concern",
        "Wellbeing questionnaire not in the range of concern",
    ),
]
