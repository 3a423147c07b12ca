"""What school, attendance and EHC plan records say of a child."""

from functools import partial

import polars as pl

from risk_model.features.definition import (
    DAYS_3_MONTHS,
    DAYS_6_MONTHS,
    DAYS_12_MONTHS,
    WINDOWS,
    Feature,
    NeedArea,
    Partner,
    flag,
    history,
    within,
)
from risk_model.snapshot.outcomes import EXCLUSION_CODES, SEVERE_ABSENCE_SHARE

SEN_SUPPORT_CODES = ("K", "A", "P")
EHC_PLAN_CODES = ("E", "S")
COMMUNICATION_TYPES = ("SLCN", "ASD")
LEARNING_TYPES = ("MLD", "SLD", "PMLD", "SPLD", "DS")
MENTAL_HEALTH_TYPES = ("SEMH",)
PHYSICAL_TYPES = ("PD", "HI", "VI", "MSI")
SUSPENSION_CODES = ("SUSP", "FIXD")
COUNCIL_RECORD = "Council record"


def _share_missed(days: int) -> pl.Expr:
    """In whole hundredths, as a sentence says it: so no value lies so near an edge that 32 bits would move it."""
    missed = pl.col("sessions_missed").filter(within(days), pl.col("sessions_possible").is_not_null()).sum()
    possible = pl.col("sessions_possible").filter(within(days)).sum()
    return pl.when(possible > 0).then((missed / possible).round(2))


def _absence(days: int, *, in_model: bool = True) -> Feature:
    name, words = WINDOWS[days]
    return Feature(
        name=f"absence_share_{name}",
        partner=Partner.EDUCATION,
        source="attendance",
        expression=_share_missed(days),
        label=f"Share of school sessions missed {words}",
        family_label=f"How much school your child missed {words}",
        says="missed {n} of sessions since {since}",
        says_none="no session missed since {since}",
        reason="absence",
        days=days,
        in_model=in_model,
        when_no_record=None,
        applies=pl.col("age_years").is_between(5, 15),
        is_flag=False,
        shown_as_percent=True,
    )


_flag = partial(flag, Partner.EDUCATION)


def _need(name: str, types: tuple[str, ...], words: str, area: NeedArea) -> Feature:
    return _flag(
        name,
        "school_need",
        pl.col("need_type_code").is_in(types),
        label=f"{words.capitalize()} named by school",
        family_label=f"Whether school has written down a {words}",
        says=f"names a {words}",
        says_none=f"names no {words}",
        area=area,
    )


FEATURES = [
    _flag(
        "sen_support_at_school",
        "pupil",
        pl.col("is_newest") & pl.col("sen_provision_code").is_in(SEN_SUPPORT_CODES + EHC_PLAN_CODES),
        label="SEN support or a plan at school",
        family_label="Whether your child gets extra help at school",
        says="SEN support or a plan",
        says_none="no SEN support",
        reason="sen",
        in_model=False,
    ),
    _flag(
        "ehc_plan_at_school",
        "pupil",
        pl.col("is_newest") & pl.col("sen_provision_code").is_in(EHC_PLAN_CODES),
        label="EHC plan in the school record",
        family_label="Whether school knows of an EHC plan for your child",
        says="an EHC plan",
        says_none="no EHC plan",
        reason="sen",
        in_model=False,
    ),
    _flag(
        "ehc_plan_at_council",
        "ehc_plan",
        pl.col("ceased_on").is_null(),
        label="EHC plan in the council record",
        family_label="Whether the council has an EHC plan for your child",
        says="an EHC plan",
        says_none="no EHC plan",
        record=COUNCIL_RECORD,
        reason="sen",
        in_model=False,
    ),
    _flag(
        "ehc_assessment_in_progress",
        "ehc_request",
        pl.col("is_in_progress"),
        label="EHC needs assessment in progress",
        family_label="Whether the council is looking into an EHC plan for your child",
        says="EHC needs assessment in progress",
        says_none="no EHC needs assessment in progress",
        record=COUNCIL_RECORD,
    ),
    _need(
        "school_need_communication",
        COMMUNICATION_TYPES,
        "speech, language or autism need",
        NeedArea.COMMUNICATION,
    ),
    _need("school_need_learning", LEARNING_TYPES, "learning need", NeedArea.COGNITION),
    _need(
        "school_need_mental_health",
        MENTAL_HEALTH_TYPES,
        "social, emotional or mental health need",
        NeedArea.MENTAL_HEALTH,
    ),
    _need("school_need_physical", PHYSICAL_TYPES, "sensory or physical need", NeedArea.PHYSICAL),
    _absence(DAYS_12_MONTHS),
    _absence(DAYS_6_MONTHS, in_model=False),
    _absence(DAYS_3_MONTHS),
    *history(
        Partner.EDUCATION,
        "weeks_mostly_absent",
        "attendance",
        claim=pl.col("sessions_missed") >= SEVERE_ABSENCE_SHARE * pl.col("sessions_possible"),
        label="Weeks mostly absent from school",
        family_label="In how many weeks your child missed most of school",
        says="mostly absent for {n} weeks since {since}",
        says_none="no week mostly absent since {since}",
        windows=(DAYS_12_MONTHS, DAYS_6_MONTHS, DAYS_3_MONTHS),
        estimated_with=(DAYS_6_MONTHS,),
    ),
    *history(
        Partner.EDUCATION,
        "weeks_part_time",
        "attendance",
        claim=pl.col("sessions_part_time_timetable") > 0,
        label="Weeks on a part-time timetable",
        family_label="In how many weeks your child was at school for part of the day only",
        says="on a part-time timetable for {n} weeks since {since}",
        says_none="not on a part-time timetable since {since}",
        windows=(DAYS_6_MONTHS,),
        estimated_with=(DAYS_6_MONTHS,),
    ),
    *history(
        Partner.EDUCATION,
        "suspensions",
        "exclusion",
        claim=pl.col("category_code").is_in(SUSPENSION_CODES),
        label="Suspensions",
        family_label="How often your child was suspended from school",
        says="suspended {times} since {since}",
        says_none="not suspended since {since}",
        area=NeedArea.MENTAL_HEALTH,
    ),
    _flag(
        "excluded_with_a_plan_12_months",
        "exclusion",
        pl.col("sen_provision_code").is_in(EHC_PLAN_CODES)
        & pl.col("category_code").is_in(EXCLUSION_CODES)
        & within(DAYS_12_MONTHS),
        label="Suspended or excluded in the last 12 months while holding an EHC plan",
        family_label="Whether your child was sent away from school although there is an EHC plan",
        says="suspended or excluded since {since} while holding an EHC plan",
        says_none="not suspended or excluded since {since} while holding an EHC plan",
        days=DAYS_12_MONTHS,
        in_model=False,
    ),
    _flag(
        "permanently_excluded",
        "exclusion",
        (pl.col("category_code") == "PERM") & within(DAYS_12_MONTHS),
        label="Permanently excluded in the last 12 months",
        family_label="Whether your child lost their place at a school in the last 12 months",
        says="permanently excluded since {since}",
        says_none="not permanently excluded since {since}",
        area=NeedArea.MENTAL_HEALTH,
        days=DAYS_12_MONTHS,
    ),
    Feature(
        name="schools_12_months",
        partner=Partner.EDUCATION,
        source="pupil",
        expression=pl.col("school_urn").filter(within(DAYS_12_MONTHS)).n_unique(),
        label="Schools in the last 12 months",
        family_label="How many schools your child was at in the last 12 months",
        says="at {n} schools since {since}",
        says_one="at 1 school since {since}",
        says_none="at no school since {since}",
        days=DAYS_12_MONTHS,
        is_flag=False,
    ),
]
