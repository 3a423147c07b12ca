"""What health records say of a child: waits, contacts, urgent care, disability, early checks."""

from functools import partial

import polars as pl

from risk_model.features.definition import (
    DAYS_3_MONTHS,
    DAYS_6_MONTHS,
    DAYS_12_MONTHS,
    Feature,
    NeedArea,
    Partner,
    flag,
    history,
)

URGENT_PRIORITY = ("2", "3")
"""CSDS priority type: urgent, two week wait."""

AUTISM_TEAMS = ("C01", "C04")
MENTAL_HEALTH_TEAMS = ("A18", "C05", "C06", "C07", "C10", "D06", "F01")
LEARNING_DISABILITY_TEAMS = ("E01",)
"""MHSDS team types by the area of need they treat; support for parents (E03) says nothing of the child's own need."""

UNDER_FIVE = pl.col("age_years") < 5
"""Health visiting ends at school entry; older children have no early checks in the extracts."""

WAITING_LISTS = "Waiting lists"

_flag = partial(flag, Partner.HEALTH, area=NeedArea.HEALTH_COMPLEXITY)


def _waits_for(
    name: str, team_types: tuple[str, ...], service: str, area: NeedArea, *, in_model: bool = True
) -> Feature:
    return _flag(
        name,
        "wait",
        pl.col("team_type_code").is_in(team_types),
        label=f"Waits for {service}",
        family_label=f"Whether your child is waiting for {service}",
        says=f"waits for {service}",
        says_none=f"does not wait for {service}",
        record=WAITING_LISTS,
        area=area,
        in_model=in_model,
    )


FEATURES = [
    Feature(
        name="services_waited_for",
        partner=Partner.HEALTH,
        source="wait",
        expression=pl.col("service_id").n_unique(),
        label="Number of services waited for",
        family_label="How many services your child is waiting for",
        says="waits for {n} services",
        says_one="waits for 1 service",
        says_none="waits for no service",
        record=WAITING_LISTS,
        is_flag=False,
    ),
    _flag(
        "marked_urgent",
        "wait",
        pl.col("priority_code").is_in(URGENT_PRIORITY),
        label="Marked urgent by a referrer",
        family_label="Whether the person who referred your child asked for an urgent appointment",
        says="marked urgent by a referrer",
        says_none="not marked urgent by a referrer",
        area=None,
        record="Referral",
    ),
    _waits_for("waits_for_speech_therapy", ("33",), "speech and language therapy", NeedArea.COMMUNICATION),
    _waits_for("waits_for_paediatrics", ("06",), "community paediatrics", NeedArea.HEALTH_COMPLEXITY),
    _waits_for("waits_for_psychology", ("37",), "clinical psychology", NeedArea.MENTAL_HEALTH),
    _waits_for(
        "waits_for_physical_therapy",
        ("17", "23", "26"),
        "occupational therapy, physiotherapy or hearing",
        NeedArea.PHYSICAL,
    ),
    _waits_for(
        "waits_for_autism_service",
        AUTISM_TEAMS,
        "an autism or neurodevelopment service",
        NeedArea.COMMUNICATION,
        in_model=False,
    ),
    _waits_for(
        "waits_for_mental_health",
        MENTAL_HEALTH_TEAMS,
        "a mental health service",
        NeedArea.MENTAL_HEALTH,
        in_model=False,
    ),
    _waits_for(
        "waits_for_learning_disability_service",
        LEARNING_DISABILITY_TEAMS,
        "a learning disability service",
        NeedArea.COGNITION,
        in_model=False,
    ),
    *history(
        Partner.HEALTH,
        "earlier_referrals",
        "past_referral",
        label="Earlier referrals that have ended,",
        family_label="How often your child was referred to a service before,",
        says="referred to another service {times} since {since}",
        says_none="no earlier referral since {since}",
        windows=(None, DAYS_12_MONTHS),
        estimated_with=(DAYS_12_MONTHS,),
    ),
    *history(
        Partner.HEALTH,
        "not_brought",
        "contact",
        claim=pl.col("was_not_brought"),
        label="Times not brought to an appointment",
        family_label="How often an appointment was missed",
        says="not brought to an appointment {times} since {since}",
        says_none="brought to every appointment since {since}",
        windows=(None, DAYS_12_MONTHS),
        estimated_with=(DAYS_12_MONTHS,),
    ),
    *history(
        Partner.HEALTH,
        "urgent_care",
        "urgent_care",
        label="Urgent care visits",
        family_label="How often your child needed urgent care",
        says="seen in urgent care {times} since {since}",
        says_none="not seen in urgent care since {since}",
        estimated_with=(DAYS_3_MONTHS, DAYS_6_MONTHS, DAYS_12_MONTHS),
        area=NeedArea.HEALTH_COMPLEXITY,
    ),
    _flag(
        "has_disability",
        "disability",
        pl.col("disability_code").is_not_null(),
        label="Long-term health need noted",
        family_label="Whether a long-term health need is written in your child's health record",
        says="notes a long-term health need",
        says_none="notes no long-term health need",
    ),
    _flag(
        "needs_constant_supervision",
        "patient",
        pl.col("needs_constant_supervision"),
        label="Needs constant supervision and care",
        family_label="Whether your child needs somebody with them all the time",
        says="needs constant supervision and care",
        says_none="no constant supervision recorded",
    ),
    _flag(
        "safeguarding_factor_in_health",
        "patient",
        pl.col("has_safeguarding_factor"),
        label="Safeguarding factor in the health record",
        family_label="Whether a health worker has written down a worry about your child's safety",
        says="shows a safeguarding factor",
        says_none="shows no safeguarding factor",
        area=NeedArea.SOCIAL_CARE,
    ),
    _flag(
        "looked_after_in_health",
        "patient",
        pl.col("is_looked_after"),
        label="Looked after, as the health record says",
        family_label="Whether the health record says that your child is in care",
        says="shows looked after",
        says_none="does not show looked after",
        area=NeedArea.SOCIAL_CARE,
        reason="social_care_now",
        in_model=False,
    ),
    Feature(
        name="development_areas_below",
        partner=Partner.HEALTH,
        source="development_score",
        expression=pl.col("area_code").filter(pl.col("is_below_cut_off")).n_unique(),
        label="Areas of development below the cut-off at the 2-year check",
        family_label="In how many areas the check at two years showed that your child may need help",
        says="below the cut-off in {n} areas of development at the 2-year check",
        says_one="below the cut-off in 1 area of development at the 2-year check",
        says_none="no area of development below the cut-off at the 2-year check",
        area=NeedArea.COGNITION,
        when_no_record=None,
        applies=UNDER_FIVE,
        is_flag=False,
    ),
]
