"""One row per open referral: every feature true, false or unknown, and the facts in words.

The list of features is the modules' `FEATURES`; this page joins them.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from risk_model import contracts, coverage
from risk_model.features import education, facts, health, joint, purposes, social_care
from risk_model.features.definition import Feature, NeedArea, Partner
from risk_model.features.joint import NEED_AREAS
from risk_model.snapshot import Snapshot, column_of

__all__ = [
    "FEATURES",
    "LINK_COLUMNS",
    "MODEL_FEATURES",
    "NEED_AREAS",
    "Feature",
    "NeedArea",
    "Partner",
    "build",
    "of_children",
    "with_joint",
]

CHILD = [
    Feature(
        name="age_years",
        partner=Partner.CHILD,
        expression=pl.col("age_years"),
        label="Age in years",
        family_label="How old your child is",
        says="Age {n}",
        says_none="Age 0",
        rises=False,
        is_flag=False,
    ),
    Feature(
        name="longest_wait_weeks",
        partner=Partner.CHILD,
        source="wait",
        expression=(pl.col("days_waiting").max() / 7).floor(),
        label="Longest wait in weeks",
        family_label="How long your child has waited",
        says="Longest wait {n} weeks",
        says_one="Longest wait 1 week",
        says_none="Longest wait under a week",
        rises=False,
        used_for_place=False,
        is_flag=False,
    ),
]

FEATURES: list[Feature] = [
    *health.FEATURES,
    *education.FEATURES,
    *social_care.FEATURES,
    *joint.FEATURES,
    *CHILD,
]
MODEL_FEATURES: list[Feature] = [feature for feature in FEATURES if feature.in_model]


LINK_COLUMNS = (
    "is_linked_to_education",
    "education_link_method",
    "education_link_confidence",
    "is_linked_to_social_care",
    "social_care_link_method",
    "social_care_link_confidence",
)
"""How the records of each partner were linked to the child, as `linkage.People` tells it; shown, never a feature."""


def build(snapshot: Snapshot) -> pl.DataFrame:
    """Return one row per open referral: the wait, the child's features, links and facts in words, by referral.

    `marked_urgent_here` speaks of the row's own referral: urgent for one service is not urgent for another.
    """
    children = of_children(snapshot)
    words = facts.of_children(snapshot)
    links = snapshot.children.select("person_id", *LINK_COLUMNS)
    return (
        snapshot.waits.with_columns(marked_urgent_here=_marked_urgent())
        .join(children, on="person_id", how="left")
        .join(links, on="person_id", how="left")
        .join(words, on="person_id", how="left")
        .sort("service_id", "referral_id")
    )


def of_children(snapshot: Snapshot) -> pl.DataFrame:
    """Return one row per child who waits: `person_id`, `age_years` and every feature as a number or null.

    A feature of a column that its contract does not give for triage is refused.
    """
    check_purposes()
    table = snapshot.children.lazy()
    for source, listed in _by_source().items():
        found = snapshot.tables[source].lazy().group_by("person_id")
        aggregated = found.agg(f.expression.cast(pl.Float64).alias(f.name) for f in listed)
        table = table.join(aggregated, on="person_id", how="left")
    table = table.with_columns(_with_no_record(f) for f in FEATURES if f.source is not None)
    return (
        with_joint(table)
        .select("person_id", *(pl.col(f.name).cast(pl.Float64) for f in FEATURES))
        .sort("person_id")
        .collect()
    )


@cache
def check_purposes() -> None:
    """Raise when a feature is made of a column that its contract does not give for triage; asked once in a run."""
    purposes.check_features(FEATURES, contracts.tables())


def _marked_urgent() -> pl.Expr:
    return pl.col("priority_code").is_in(health.URGENT_PRIORITY).cast(pl.Float64)


def if_known(table: pl.DataFrame, *, as_need: bool) -> pl.DataFrame:
    """Return the table as it would be if everything unknown turned out to be a need, or if none of it did."""

    def filled(feature: Feature) -> pl.Expr:
        most = 1.0 if feature.is_flag else float("inf")
        return pl.col(feature.name).fill_null(most if as_need else 0.0)

    known = table.lazy().with_columns(filled(f) for f in FEATURES if f.source is not None and f.rises)
    return with_joint(known).collect()


def with_joint(table: pl.LazyFrame) -> pl.LazyFrame:
    """Return the table with the features that are made of other features worked out anew."""
    for stage in joint.STAGES:
        table = table.with_columns(f.expression.cast(pl.Float64).alias(f.name) for f in stage)
    return table


def _by_source() -> dict[str, list[Feature]]:
    sources: dict[str, list[Feature]] = {}
    for feature in FEATURES:
        if feature.source is not None:
            sources.setdefault(feature.source, []).append(feature)
    return sources


def _with_no_record(feature: Feature) -> pl.Expr:
    """Tell "linked, and no record" from "not linked" and from "feed not there": only the first reads "no".

    Where no feed that could tell covers the child, what it once recorded stands, and everything else is
    unknown: also a "no" that its old rows would give.
    """
    when_no_record = pl.lit(feature.when_no_record, dtype=pl.Float64)
    if feature.applies is not None:
        when_no_record = pl.when(feature.applies).then(when_no_record).otherwise(pl.lit(0.0))
    value = pl.col(feature.name)
    told = value.fill_null(when_no_record)
    tellers = coverage.tellers_of(str(feature.source))
    if tellers:
        told = pl.when(pl.col(column_of(tellers)).is_null()).then(told).when(value > 0).then(value)
    return pl.when(_can_be_known(feature.partner)).then(told).alias(feature.name)


def _can_be_known(partner: Partner) -> pl.Expr:
    if partner == Partner.EDUCATION:
        return pl.col("is_linked_to_education")
    if partner == Partner.SOCIAL_CARE:
        return pl.col("is_linked_to_social_care")
    return pl.lit(True)
