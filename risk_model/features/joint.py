"""Features that need more than one record: nested needs, need areas and needs held by several partners.

Needs are nested (any SEN contains an EHC plan; known to social care contains a plan contains looked after), so that a
model whose tables never fall can never lower a child for one more recorded need. A count counts what is recorded:
an unknown adds nothing and takes nothing away, and where nothing is recorded the count itself is not known.
"""

from typing import Any

import polars as pl

from risk_model.features.definition import Feature, NeedArea, Partner
from risk_model.features.social_care import NOW


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


def _feature(name: str, partner: Partner, expression: pl.Expr, *, says: str, **told: Any) -> Feature:
    """A feature computed from other columns: a number where its words hold one, else true or false."""
    return Feature(
        name=name, partner=partner, expression=expression, says=says, is_flag="{n}" not in says, **told
    )


SCHOOL_OR_COUNCIL, COUNCIL, COUNCIL_OR_HEALTH, TOGETHER = (
    "School or council record",
    "Council record",
    "Council or health record",
    "Records together",
)

SEN = [
    _feature(
        "sen_support_or_plan",
        Partner.EDUCATION,
        _any("sen_support_at_school", "ehc_plan_at_school", "ehc_plan_at_council"),
        label="SEN support or an EHC plan",
        family_label="Whether your child gets extra help at school or has an EHC plan",
        says="SEN support",
        says_none="no SEN support",
        record=SCHOOL_OR_COUNCIL,
        reason="sen",
    ),
    _feature(
        "has_ehc_plan",
        Partner.EDUCATION,
        _any("ehc_plan_at_school", "ehc_plan_at_council"),
        label="EHC plan",
        family_label="Whether your child has an EHC plan",
        says="an EHC plan",
        says_none="no EHC plan",
        record=SCHOOL_OR_COUNCIL,
        reason="sen",
        rung=1,
    ),
]
CARE = [
    _feature(
        "looked_after",
        Partner.SOCIAL_CARE,
        pl.when(pl.col("looked_after_in_health") > 0)
        .then(pl.lit(1.0))
        .otherwise(pl.col("looked_after_by_council")),
        label="Looked after",
        family_label="Whether your child is in care",
        says="looked after",
        says_none="not looked after",
        record=COUNCIL_OR_HEALTH,
        reason=NOW,
        rung=3,
        area=NeedArea.SOCIAL_CARE,
    ),
]
SOCIAL_CARE = [
    _feature(
        "known_to_social_care",
        Partner.SOCIAL_CARE,
        _any("episode_open", "child_in_need_plan", "protection_plan", "looked_after"),
        label="Known to social care now",
        family_label="Whether social care is helping your family now",
        says="known to social care",
        says_none="not known to social care",
        record=COUNCIL,
        reason=NOW,
        area=NeedArea.SOCIAL_CARE,
    ),
    _feature(
        "social_care_plan",
        Partner.SOCIAL_CARE,
        _any("child_in_need_plan", "protection_plan", "looked_after"),
        label="Child in need plan, protection plan or looked after",
        family_label="Whether your child has a plan with social care or is in care",
        says="a plan with social care",
        says_none="no plan with social care",
        record=COUNCIL,
        reason=NOW,
        rung=1,
        area=NeedArea.SOCIAL_CARE,
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
        label=f"Need recorded: {area}",
        family_label=f"Whether anybody has written down a need in {area}",
        says=f"need in {area}",
        says_none=f"no need in {area}",
        record=TOGETHER,
        area=area,
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
        label="Areas of need recorded",
        family_label="In how many areas a need is written down",
        says="needs in {n} areas",
        says_none="no area of need recorded",
        record=TOGETHER,
    ),
    _feature(
        "partners_with_need",
        Partner.EDUCATION,
        _recorded("need_health_complexity", "sen_support_or_plan", "known_to_social_care"),
        label="Partners who record a need",
        family_label="How many of health, school and social care have written down a need",
        says="{n} of health, school and social care record a need",
        says_none="no partner records a need",
        record=TOGETHER,
        reason="needs_together",
        in_model=False,
    ),
    _feature(
        "sen_and_social_care",
        Partner.SOCIAL_CARE,
        _all("sen_support_or_plan", "known_to_social_care"),
        label="SEN and social care together",
        family_label="Whether your child has extra help at school and your family has help from social care",
        says="SEN and social care at once",
        says_none="not SEN and social care at once",
        record=TOGETHER,
        reason="needs_together",
    ),
    _feature(
        "ehc_plan_and_social_care",
        Partner.SOCIAL_CARE,
        _all("has_ehc_plan", "known_to_social_care"),
        label="EHC plan and social care together",
        family_label="Whether your child has an EHC plan and your family has help from social care",
        says="an EHC plan and social care at once",
        says_none="not an EHC plan and social care at once",
        record=TOGETHER,
        reason="needs_together",
        in_model=False,
    ),
]
"""What is only the sum of needs that stand in the table themselves is not estimated with: it would take their splits,
and the need itself would lose its reason."""

STAGES = [SEN + CARE, SOCIAL_CARE, AREAS, ACROSS_PARTNERS]
"""Each stage may read the columns of the stages before it."""

FEATURES = [*SEN, *SOCIAL_CARE, *CARE, *AREAS, *ACROSS_PARTNERS]
