"""What health records say of a child: waits, contacts, urgent care, disability, early checks."""

from functools import partial

import polars as pl

from risk_model.features.definition import (
    DAYS_3_MONTHS,
    DAYS_6_MONTHS,
    DAYS_12_MONTHS,
    Feature,
    Partner,
    any_of,
    count,
    count_of,
    flag,
    within,
)

URGENT_PRIORITY = ("2", "3")
"""CSDS priority type: urgent, two week wait."""

AUTISM_TEAMS = ("C01", "C04")
MENTAL_HEALTH_TEAMS = ("A18", "C05", "C06", "C07", "C10", "D06", "F01")
LEARNING_DISABILITY_TEAMS = ("E01",)
"""MHSDS team types by the area of need they treat; support for parents (E03) says nothing of the child's own need."""

UNDER_FIVE = pl.col("age_years") < 5
"""Health visiting ends at school entry; older children have no early checks in the extracts."""


_flag, _count = partial(flag, Partner.HEALTH), partial(count, Partner.HEALTH)


def _waits_for(*team_types: str) -> pl.Expr:
    return pl.col("team_type_code").is_in(team_types)


FEATURES = [
    _count(
        "services_waited_for",
        "wait",
        pl.col("service_id").n_unique(),
        "Number of services waited for: {n}",
        "Waits for no other service",
    ),
    _flag(
        "marked_urgent",
        "wait",
        pl.col("priority_code").is_in(URGENT_PRIORITY),
        "Marked urgent by a referrer",
        "Not marked urgent by a referrer",
    ),
    _flag(
        "waits_for_speech_therapy",
        "wait",
        _waits_for("33"),
        "Waits for speech and language therapy",
        "Does not wait for speech and language therapy",
    ),
    _flag(
        "waits_for_paediatrics",
        "wait",
        _waits_for("06"),
        "Waits for community paediatrics",
        "Does not wait for community paediatrics",
    ),
    _flag(
        "waits_for_psychology",
        "wait",
        _waits_for("37"),
        "Waits for clinical psychology",
        "Does not wait for clinical psychology",
    ),
    _flag(
        "waits_for_physical_therapy",
        "wait",
        _waits_for("17", "23", "26"),
        "Waits for occupational therapy, physiotherapy or hearing",
        "Does not wait for occupational therapy, physiotherapy or hearing",
    ),
    _flag(
        "waits_for_autism_service",
        "wait",
        _waits_for(*AUTISM_TEAMS),
        "Waits for an autism or neurodevelopment service",
        "Does not wait for an autism or neurodevelopment service",
        in_model=False,
    ),
    _flag(
        "waits_for_mental_health",
        "wait",
        _waits_for(*MENTAL_HEALTH_TEAMS),
        "Waits for a mental health service",
        "Does not wait for a mental health service",
        in_model=False,
    ),
    _flag(
        "waits_for_learning_disability_service",
        "wait",
        _waits_for(*LEARNING_DISABILITY_TEAMS),
        "Waits for a learning disability service",
        "Does not wait for a learning disability service",
        in_model=False,
    ),
    _count(
        "earlier_referrals_12_months",
        "past_referral",
        count_of(within(DAYS_12_MONTHS)),
        "Earlier referrals in 12 months: {n}",
        "No earlier referral in 12 months",
    ),
    _count(
        "not_brought_12_months",
        "contact",
        count_of(pl.col("was_not_brought") & within(DAYS_12_MONTHS)),
        "Times not brought to an appointment in 12 months: {n}",
        "Never not brought to an appointment in 12 months",
    ),
    _count(
        "urgent_care_3_months",
        "urgent_care",
        count_of(within(DAYS_3_MONTHS)),
        "Urgent care visits in 3 months: {n}",
        "No urgent care visit in 3 months",
    ),
    _count(
        "urgent_care_6_months",
        "urgent_care",
        count_of(within(DAYS_6_MONTHS)),
        "Urgent care visits in 6 months: {n}",
        "No urgent care visit in 6 months",
    ),
    _count(
        "urgent_care_12_months",
        "urgent_care",
        count_of(within(DAYS_12_MONTHS)),
        "Urgent care visits in 12 months: {n}",
        "No urgent care visit in 12 months",
    ),
    _flag(
        "has_disability",
        "disability",
        pl.col("disability_code").is_not_null(),
        "Health record shows a disability",
        "Health record shows no disability",
    ),
    _flag(
        "needs_constant_supervision",
        "patient",
        pl.col("needs_constant_supervision"),
        "Needs constant supervision and care",
        "No constant supervision recorded",
    ),
    _flag(
        "safeguarding_factor_in_health",
        "patient",
        pl.col("has_safeguarding_factor"),
        "Health record shows a safeguarding factor",
        "Health record shows no safeguarding factor",
    ),
    Feature(
        name="looked_after_in_health",
        partner=Partner.HEALTH,
        source="patient",
        expression=any_of(pl.col("is_looked_after")),
        words="Health record shows looked after",
        words_when_none="Health record does not show looked after",
        in_model=False,
    ),
    Feature(
        name="development_areas_below",
        partner=Partner.HEALTH,
        source="development_score",
        expression=pl.col("area_code").filter(pl.col("is_below_cut_off")).n_unique(),
        words="Areas of development below the cut-off at the 2-year check: {n}",
        words_when_none="No area of development below the cut-off",
        when_no_record=None,
        applies=UNDER_FIVE,
        is_flag=False,
    ),
]
