"""What school, attendance and EHC plan records say of a child."""

from functools import partial

import polars as pl

from risk_model.features.definition import (
    DAYS_3_MONTHS,
    DAYS_6_MONTHS,
    DAYS_12_MONTHS,
    Feature,
    Partner,
    count,
    count_of,
    flag,
    within,
)
from risk_model.snapshot.outcomes import SEVERE_ABSENCE_SHARE

SEN_SUPPORT_CODES = ("K", "A", "P")
EHC_PLAN_CODES = ("E", "S")
COMMUNICATION_TYPES = ("SLCN", "ASD")
LEARNING_TYPES = ("MLD", "SLD", "PMLD", "SPLD", "DS")
MENTAL_HEALTH_TYPES = ("SEMH",)
PHYSICAL_TYPES = ("PD", "HI", "VI", "MSI")
SUSPENSION_CODES = ("SUSP", "FIXD")


_flag, _count = partial(flag, Partner.EDUCATION), partial(count, Partner.EDUCATION)


def _share_missed(days: int) -> pl.Expr:
    missed = pl.col("sessions_missed").filter(within(days), pl.col("sessions_possible").is_not_null()).sum()
    possible = pl.col("sessions_possible").filter(within(days)).sum()
    return pl.when(possible > 0).then(missed / possible)


def _absence(name: str, days: int, words: str) -> Feature:
    return Feature(
        name=name,
        partner=Partner.EDUCATION,
        source="attendance",
        expression=_share_missed(days),
        words=words,
        words_when_none="No absence from school recorded",
        words_when_unknown=f"{words.removeprefix('Missed {n} of ').capitalize()}: not known",
        when_no_record=None,
        applies=pl.col("age_years").is_between(5, 15),
        is_flag=False,
        shown_as_percent=True,
    )


def _need(name: str, types: tuple[str, ...], words: str) -> Feature:
    return _flag(
        name,
        "school_need",
        pl.col("need_type_code").is_in(types),
        f"School record shows {words}",
        f"School record does not show {words}",
    )


FEATURES = [
    _flag(
        "sen_support_at_school",
        "pupil",
        pl.col("is_newest") & pl.col("sen_provision_code").is_in(SEN_SUPPORT_CODES + EHC_PLAN_CODES),
        "School record shows SEN support or a plan",
        "School record shows no SEN support",
        in_model=False,
    ),
    _flag(
        "ehc_plan_at_school",
        "pupil",
        pl.col("is_newest") & pl.col("sen_provision_code").is_in(EHC_PLAN_CODES),
        "School record shows an EHC plan",
        "School record shows no EHC plan",
        in_model=False,
    ),
    _flag(
        "ehc_plan_at_council",
        "ehc_plan",
        pl.col("ceased_on").is_null(),
        "Council record shows an EHC plan",
        "Council record shows no EHC plan",
        in_model=False,
    ),
    _flag(
        "ehc_assessment_in_progress",
        "ehc_request",
        pl.col("is_in_progress"),
        "EHC needs assessment in progress",
        "No EHC needs assessment in progress",
    ),
    _need("school_need_communication", COMMUNICATION_TYPES, "speech, language or autism need"),
    _need("school_need_learning", LEARNING_TYPES, "learning need"),
    _need("school_need_mental_health", MENTAL_HEALTH_TYPES, "social, emotional and mental health need"),
    _need("school_need_physical", PHYSICAL_TYPES, "sensory or physical need"),
    _absence("absence_share_3_months", DAYS_3_MONTHS, "Missed {n} of school sessions in 3 months"),
    _absence("absence_share_12_months", DAYS_12_MONTHS, "Missed {n} of school sessions in 12 months"),
    _count(
        "weeks_mostly_absent_6_months",
        "attendance",
        count_of(
            within(DAYS_6_MONTHS)
            & (pl.col("sessions_missed") >= SEVERE_ABSENCE_SHARE * pl.col("sessions_possible"))
        ),
        "Weeks mostly absent from school in 6 months: {n}",
        "No week mostly absent in 6 months",
    ),
    _count(
        "weeks_part_time_6_months",
        "attendance",
        count_of(within(DAYS_6_MONTHS) & (pl.col("sessions_part_time_timetable") > 0)),
        "Weeks on a part-time timetable in 6 months: {n}",
        "No part-time timetable in 6 months",
    ),
    _count(
        "suspensions_12_months",
        "exclusion",
        count_of(pl.col("category_code").is_in(SUSPENSION_CODES) & within(DAYS_12_MONTHS)),
        "Suspensions in 12 months: {n}",
        "No suspension in 12 months",
    ),
    _count(
        "suspensions_6_months",
        "exclusion",
        count_of(pl.col("category_code").is_in(SUSPENSION_CODES) & within(DAYS_6_MONTHS)),
        "Suspensions in 6 months: {n}",
        "No suspension in 6 months",
    ),
    _flag(
        "excluded_with_a_plan_12_months",
        "exclusion",
        pl.col("sen_provision_code").is_in(EHC_PLAN_CODES)
        & pl.col("category_code").is_in((*SUSPENSION_CODES, "PERM"))
        & within(DAYS_12_MONTHS),
        "Suspended or excluded in 12 months while holding an EHC plan",
        "Not suspended or excluded while holding an EHC plan",
        in_model=False,
    ),
    _flag(
        "permanently_excluded",
        "exclusion",
        (pl.col("category_code") == "PERM") & within(DAYS_12_MONTHS),
        "Permanently excluded in 12 months",
        "Not permanently excluded in 12 months",
    ),
    _count(
        "schools_12_months",
        "pupil",
        pl.col("school_urn").filter(within(DAYS_12_MONTHS)).n_unique(),
        "Schools in 12 months: {n}",
        "No school record in 12 months",
    ),
]
