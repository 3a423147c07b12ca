"""What the council's social-care records say of a child."""

from functools import partial

import polars as pl

from risk_model.features.definition import (
    DAYS_6_MONTHS,
    DAYS_12_MONTHS,
    Feature,
    NeedArea,
    Partner,
    flag,
    history,
    within,
)

STRENGTHS_AND_DIFFICULTIES_CONCERN = 17
"""DfE SSDA903 guidance: a score of 17 to 40 is a cause for concern."""

NEW_PLACEMENT_CODES = ("S", "P", "T", "B", "U")
"""SSDA903 reasons for a new episode in which the placement or the carer changed; L is the legal status alone."""

FAMILY_FACTORS = ("1B", "2B", "3B", "4B", "5B", "6B", "3A", "3C", "4C")
CHILD_MENTAL_HEALTH_FACTORS = ("4A", "15A")

NOW = "social_care_now"
"""Known to social care, a plan, looked after: rungs of one ladder, told in one sentence by the highest."""


_flag = partial(flag, Partner.SOCIAL_CARE, area=NeedArea.SOCIAL_CARE)


def _ever(name: str, source: str, label: str, family_label: str, says: str) -> Feature:
    """Shown, never estimated with: see `WINDOWS`."""
    return _flag(
        name,
        source,
        pl.col("days_ago") >= 0,
        label=label,
        family_label=family_label,
        says=says,
        says_none=f"not {says}",
        in_model=False,
    )


FEATURES = [
    _ever(
        "social_care_ever",
        "episode",
        "Ever referred to social care",
        "Whether anybody ever asked social care to help your child",
        "ever referred to social care",
    ),
    _ever(
        "protection_plan_ever",
        "protection_plan",
        "Ever on a child protection plan",
        "Whether your child ever had a child protection plan",
        "ever on a child protection plan",
    ),
    _ever(
        "looked_after_ever",
        "care_episode",
        "Ever looked after",
        "Whether your child was ever in care",
        "ever looked after",
    ),
    _flag(
        "episode_open",
        "episode",
        pl.col("is_open"),
        label="Open to social care",
        family_label="Whether a social worker is working with your family now",
        says="open to social care",
        says_none="not open to social care",
        reason=NOW,
        in_model=False,
    ),
    _flag(
        "child_in_need_plan",
        "child_in_need_plan",
        pl.col("ended_on").is_null(),
        label="Child in need plan",
        family_label="Whether your child has a child in need plan",
        says="child in need plan",
        says_none="no child in need plan",
        reason=NOW,
        in_model=False,
    ),
    _flag(
        "protection_plan",
        "protection_plan",
        pl.col("ended_on").is_null(),
        label="Child protection plan",
        family_label="Whether your child has a child protection plan",
        says="child protection plan",
        says_none="no child protection plan",
        reason=NOW,
        rung=2,
    ),
    _flag(
        "looked_after_by_council",
        "care_episode",
        pl.col("is_open"),
        label="Looked after by the council",
        family_label="Whether your child is in the care of the council",
        says="looked after by the council",
        says_none="not looked after by the council",
        reason=NOW,
        in_model=False,
    ),
    *history(
        Partner.SOCIAL_CARE,
        "section47",
        "section47",
        label="Child protection enquiries",
        family_label="How often social care looked into whether your child was safe",
        says="child protection enquiry {times} since {since}",
        says_none="no child protection enquiry since {since}",
        windows=(None, DAYS_12_MONTHS, DAYS_6_MONTHS),
        area=NeedArea.SOCIAL_CARE,
    ),
    *history(
        Partner.SOCIAL_CARE,
        "social_care_referrals",
        "episode",
        label="Referrals to social care",
        family_label="How often somebody asked social care to help your child",
        says="referred to social care {times} since {since}",
        says_none="not referred to social care since {since}",
        windows=(DAYS_12_MONTHS, DAYS_6_MONTHS),
        estimated_with=(DAYS_12_MONTHS,),
        area=NeedArea.SOCIAL_CARE,
    ),
    _flag(
        "family_factors",
        "assessment_factor",
        pl.col("factor_code").is_in(FAMILY_FACTORS) & within(DAYS_12_MONTHS),
        label="Difficulty in the family named by a council assessment in the last 12 months",
        family_label="Whether an assessment found that things are hard at home",
        says="an assessment since {since} names a difficulty in the family",
        says_none="no assessment since {since} names a difficulty in the family",
        days=DAYS_12_MONTHS,
    ),
    _flag(
        "child_mental_health_factor",
        "assessment_factor",
        pl.col("factor_code").is_in(CHILD_MENTAL_HEALTH_FACTORS) & within(DAYS_12_MONTHS),
        label="Child's mental health named by a council assessment in the last 12 months",
        family_label="Whether an assessment found that your child's mental health needs help",
        says="an assessment since {since} names the child's mental health",
        says_none="no assessment since {since} names the child's mental health",
        area=NeedArea.MENTAL_HEALTH,
        days=DAYS_12_MONTHS,
    ),
    *history(
        Partner.SOCIAL_CARE,
        "placements",
        "care_episode",
        claim=pl.col("reason_started_code").is_in(NEW_PLACEMENT_CODES),
        label="New placements in care",
        family_label="How often your child moved to a new home in care",
        says="new placement in care {times} since {since}",
        says_none="no new placement in care since {since}",
        windows=(None, DAYS_12_MONTHS, DAYS_6_MONTHS),
        area=NeedArea.SOCIAL_CARE,
    ),
    *history(
        Partner.SOCIAL_CARE,
        "missing_episodes",
        "care_missing",
        label="Times missing from care",
        family_label="How often your child went missing from care",
        says="missing from care {times} since {since}",
        says_none="not missing from care since {since}",
        windows=(DAYS_12_MONTHS,),
        estimated_with=(DAYS_12_MONTHS,),
        area=NeedArea.SOCIAL_CARE,
    ),
    _flag(
        "strengths_and_difficulties_concern",
        "care_outcome",
        pl.col("sdq_score") >= STRENGTHS_AND_DIFFICULTIES_CONCERN,
        label="Wellbeing questionnaire in the range of concern",
        family_label="Whether answers about your child's wellbeing showed a worry",
        says="wellbeing questionnaire in the range of concern",
        says_none="wellbeing questionnaire not in the range of concern",
        area=NeedArea.MENTAL_HEALTH,
    ),
]
