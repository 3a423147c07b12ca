"""Features that need more than one record: nested needs, need areas and needs held by several partners.

Needs are nested (any SEN contains an EHC plan; known to social care contains a plan contains looked after), so that a
model whose tables never fall can never lower a child for one more recorded need. A count counts what is recorded:
an unknown adds nothing and takes nothing away, and where nothing is recorded the count itself is not known.
"""

import polars as pl

from risk_model.features.definition import Feature, NeedArea, Partner


def _all(*names: str) -> pl.Expr:
    """True, false or unknown: false as soon as one is false."""
    return pl.all_horizontal([pl.col(name).cast(pl.Boolean) for name in names]).cast(pl.Float64)


def _any(*names: str) -> pl.Expr:
    """True, false or unknown: true as soon as one is true."""
    return pl.any_horizontal([pl.col(name).cast(pl.Boolean) for name in names]).cast(pl.Float64)


def _recorded(*names: str) -> pl.Expr:
    """Number of what is recorded; unknown, not none, where nothing is recorded and something is not known."""
    count = pl.sum_horizontal([(pl.col(name).fill_null(0) > 0).cast(pl.Float64) for name in names])
    some_not_known = pl.any_horizontal([pl.col(name).is_null() for name in names])
    return pl.when((count > 0) | ~some_not_known).then(count)


def _feature(
    name: str, partner: Partner, expression: pl.Expr, words: str, none: str, *, in_model: bool = True
) -> Feature:
    return Feature(
        name=name,
        partner=partner,
        expression=expression,
        words=words,
        words_when_none=none,
        in_model=in_model,
        is_flag="{n}" not in words,
    )


NESTED = [
    _feature(
        "has_ehc_plan",
        Partner.EDUCATION,
        _any("ehc_plan_at_school", "ehc_plan_at_council"),
        "EHC plan",
        "No EHC plan recorded",
    ),
    _feature(
        "sen_support_or_plan",
        Partner.EDUCATION,
        _any("sen_support_at_school", "ehc_plan_at_school", "ehc_plan_at_council"),
        "SEN support or an EHC plan",
        "No SEN support recorded",
    ),
    _feature(
        "looked_after",
        Partner.SOCIAL_CARE,
        pl.when(pl.col("looked_after_in_health") > 0)
        .then(pl.lit(1.0))
        .otherwise(pl.col("looked_after_by_council")),
        "Looked after",
        "Not looked after",
    ),
]
DOUBLY_NESTED = [
    _feature(
        "social_care_plan",
        Partner.SOCIAL_CARE,
        _any("child_in_need_plan", "protection_plan", "looked_after"),
        "Child in need plan, protection plan or looked after",
        "No social care plan found",
    ),
    _feature(
        "known_to_social_care",
        Partner.SOCIAL_CARE,
        _any("episode_open", "child_in_need_plan", "protection_plan", "looked_after"),
        "Known to social care now",
        "No open social care record found",
    ),
]

NEED_AREAS: dict[NeedArea, str] = {
    NeedArea.COMMUNICATION: "need_communication",
    NeedArea.COGNITION: "need_cognition",
    NeedArea.MENTAL_HEALTH: "need_mental_health",
    NeedArea.PHYSICAL: "need_physical",
    NeedArea.SOCIAL_CARE: "need_social_care",
    NeedArea.HEALTH_COMPLEXITY: "need_health_complexity",
}
"""The column that says whether a need of this area is recorded."""


def _area(area: NeedArea, partner: Partner, *names: str) -> Feature:
    return _feature(
        NEED_AREAS[area],
        partner,
        _any(*names),
        f"Need recorded: {area}",
        f"No need recorded: {area}",
        in_model=False,
    )


AREAS = [
    _area(
        NeedArea.COMMUNICATION,
        Partner.EDUCATION,
        "waits_for_speech_therapy",
        "waits_for_autism_service",
        "school_need_communication",
    ),
    _area(
        NeedArea.COGNITION,
        Partner.EDUCATION,
        "waits_for_learning_disability_service",
        "school_need_learning",
    ),
    _area(
        NeedArea.MENTAL_HEALTH,
        Partner.EDUCATION,
        "waits_for_psychology",
        "waits_for_mental_health",
        "school_need_mental_health",
        "child_mental_health_factor",
    ),
    _area(NeedArea.PHYSICAL, Partner.HEALTH, "waits_for_physical_therapy", "school_need_physical"),
    _area(NeedArea.SOCIAL_CARE, Partner.SOCIAL_CARE, "known_to_social_care"),
    _area(
        NeedArea.HEALTH_COMPLEXITY,
        Partner.HEALTH,
        "waits_for_paediatrics",
        "has_disability",
        "needs_constant_supervision",
    ),
]
ACROSS_PARTNERS = [
    _feature(
        "need_areas",
        Partner.HEALTH,
        _recorded(*NEED_AREAS.values()),
        "Areas of need recorded: {n}",
        "No area of need recorded",
    ),
    _feature(
        "sen_and_social_care",
        Partner.SOCIAL_CARE,
        _all("sen_support_or_plan", "known_to_social_care"),
        "SEN and social care together",
        "Not SEN and social care together",
    ),
    _feature(
        "ehc_plan_and_social_care",
        Partner.SOCIAL_CARE,
        _all("has_ehc_plan", "known_to_social_care"),
        "EHC plan and social care together",
        "Not an EHC plan and social care together",
    ),
    _feature(
        "partners_with_need",
        Partner.EDUCATION,
        _recorded("need_health_complexity", "sen_support_or_plan", "known_to_social_care"),
        "Partners who record a need: {n}",
        "No partner records a need",
    ),
]

STAGES = [NESTED, DOUBLY_NESTED, AREAS, ACROSS_PARTNERS]
"""Each stage may read the columns of the stages before it."""

FEATURES = [feature for stage in STAGES for feature in stage]
