"""The persons that linkage found, who holds records of them, and what waits for a steward."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model import pseudonyms
from risk_model.linkage import spelling, words
from risk_model.linkage.council import CouncilSide
from risk_model.linkage.health import HealthSide
from risk_model.linkage.probable import LinkWeights
from risk_model.linkage.register import LOCAL_ID, NHS_NUMBER, Register

REVIEW_CHARACTERS = 8
NOT_LINKED = "not linked"
BY_PUPIL = "unique pupil number of the linked school record"
BY_NUMBER_AND_UPN = f"{words.BY_NUMBER}, and its unique pupil number"
REVIEW = pl.Schema(
    {
        "review_id": pl.String(),
        "left": pl.String(),
        "right": pl.String(),
        "probability": pl.Float64(),
        "why": pl.String(),
        "agrees": pl.String(),
        "disagrees": pl.String(),
        "runner_up": pl.String(),
    }
)
"""The review queue: two records, how probable it is that they are one child's, why nobody joined them, what agrees and
disagrees, and the next best record for the left one."""


@dataclass(frozen=True)
class Linked:
    """Which health records are one person's (`groups`), which records of others are theirs (`links`), what is open."""

    groups: pl.DataFrame
    links: pl.DataFrame
    doubtful: pl.DataFrame


@dataclass(frozen=True)
class People:
    """Everyone on the health side, and who holds records of whom.

    `persons` has a row per person: `person_id`, `born_on`, `home_la_code` (the newest that health knows),
    `is_linked_to_education`, `is_linked_to_social_care` (a record is held, or its absence means something), and for
    each of the two `_link_method` in words ("not linked" without one) and `_link_confidence`. `holders` maps each
    partner's own id to `person_id`. `identities`, the names of `register`, `held` (every record of every partner, with
    its person by all evidence and its `exact_person` by numbers alone), `links` and `review` belong in the vault and
    nowhere else.
    """

    register: Register
    weights: LinkWeights
    decisions: pl.DataFrame
    persons: pl.DataFrame
    holders: dict[str, pl.DataFrame]
    identities: pl.DataFrame
    held: pl.DataFrame
    links: pl.DataFrame
    review: pl.DataFrame


def people_of(
    health: HealthSide,
    council: CouncilSide,
    linked: Linked,
    doubts: pl.DataFrame,
    *,
    register: Register,
    weights: LinkWeights,
    decisions: pl.DataFrame,
) -> People:
    """Return the persons of both sides' records under their pseudonyms."""
    members = (
        health.records.select("record")
        .join(linked.groups, on="record", how="left")
        .select("record", root=pl.coalesce("group", "record"))
    )
    named, register = _named(health, members, register)
    key = register.key.secret
    by_council = linked.links.join(named.rename({"record": "left"}), on="left").select(
        "person_id", record="right"
    )
    return People(
        register=register,
        weights=weights,
        decisions=decisions,
        persons=_persons(health, council, linked, named),
        holders={
            "patient": health.holders.join(named, on="record").drop("record"),
            "pupil": council.pupils.join(by_council, on="record").drop("record"),
            "council_child": council.children.join(by_council, on="record").drop("record"),
        },
        identities=_identities(health, council, by_council, named),
        held=_held(health, council, linked, by_council, named),
        links=_links(linked, named, key),
        review=_review(linked.doubtful, doubts, key),
    )


def _named(health: HealthSide, members: pl.DataFrame, register: Register) -> tuple[pl.DataFrame, Register]:
    """The `person_id` of every health `record`, named by its NHS numbers and its providers' local ids."""
    local = pl.concat_str(pl.lit(LOCAL_ID), "provider_code", pl.lit("|"), "local_patient_id")
    numbered = members.filter(pl.col("record").str.starts_with(NHS_NUMBER))
    ids = pl.concat(
        [health.holders.select("record", source_id=local), numbered.select("record", source_id="record")]
    )
    named = register.name(ids.join(members, on="record").select("source_id", cluster="root"))
    of_record = members.join(named.ids, left_on="root", right_on="cluster").select("record", "person_id")
    return of_record, named.register


def _persons(health: HealthSide, council: CouncilSide, linked: Linked, named: pl.DataFrame) -> pl.DataFrame:
    """A council's social-care file holds only children it knows, so absence from it speaks only through a UPN.

    It does not speak where the pupil's council sent no such file: a lost feed is not "no need". Nor does it where
    social care has to do with a child without a UPN of the same birth date and sex now whom no name rules out: that
    may be this one.
    """
    facts = council.records.select("has_upn", "has_council_id", "council_sends", right="record")
    linked_to = linked.links.join(facts, on="right")
    numbered = pl.col("method") == words.BY_NUMBER
    of_school = linked_to.filter("has_upn").select(
        "council_sends",
        record="left",
        education_link_method=pl.when(numbered).then(pl.lit(BY_NUMBER_AND_UPN)).otherwise("method"),
        education_link_confidence="confidence",
    )
    of_council = (
        linked_to.filter("has_council_id")
        .sort("confidence", "right", descending=[True, False])
        .unique("left", keep="first", maintain_order=True)
        .select(
            record="left",
            social_care_link_method=pl.when(pl.col("has_upn") & ~numbered)
            .then(pl.lit(BY_PUPIL))
            .otherwise("method"),
            social_care_link_confidence="confidence",
        )
    )
    known = (
        _of_each_person(health.records, named)
        .join(of_school, on="record", how="left")
        .join(of_council, on="record", how="left")
    )
    may_be_another = known.join(_may_be_known(known, council, linked), on="record", how="semi")["record"]
    is_told_of = pl.col("council_sends") & ~pl.col("record").is_in(may_be_another.implode())
    methods = ("education_link_method", "social_care_link_method")
    return known.select(
        "person_id",
        "born_on",
        home_la_code="la_code",
        is_linked_to_education=pl.col("education_link_method").is_not_null(),
        is_linked_to_social_care=pl.col("social_care_link_method").is_not_null()
        | is_told_of.fill_null(False),
        **{name: pl.col(name).fill_null(NOT_LINKED) for name in methods},
        education_link_confidence=_unless_by_person("education"),
        social_care_link_confidence=_unless_by_person("social_care"),
    ).sort("person_id")


def _unless_by_person(partner: str) -> pl.Expr:
    """How sure the link is; a person's decision has no number."""
    by_person = pl.col(f"{partner}_link_method") == words.BY_PERSON
    return pl.when(~by_person).then(f"{partner}_link_confidence")


def _of_each_person(records: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """One record of each person: the one with a number first, with what the others know beside it."""
    columns = ("born_on", "sex", "la_code")
    return (
        records.join(named, on="record")
        .sort(pl.col("record").str.starts_with(NHS_NUMBER), "record", descending=True)
        .group_by("person_id", maintain_order=True)
        .agg(
            pl.col("record").first(),
            *(pl.col(name).drop_nulls().first() for name in columns),
            *(pl.col(name).explode().drop_nulls().unique().sort() for name in ("given", "family")),
        )
    )


def _may_be_known(known: pl.DataFrame, council: CouncilSide, linked: Linked) -> pl.DataFrame:
    """Records of persons who may be a child that social care has to do with and that is linked to nobody."""
    placed = linked.links["right"].implode()
    unplaced = council.records.filter(~pl.col("has_upn"), "is_current", ~pl.col("record").is_in(placed))
    beside = unplaced.select("born_on", "sex", given_beside="given", family_beside="family")
    may_be = spelling.may_be_one_given_name("", "_beside")
    return known.join(beside, on=("born_on", "sex")).filter(may_be).select("record").unique()


def _identities(
    health: HealthSide, council: CouncilSide, by_council: pl.DataFrame, named: pl.DataFrame
) -> pl.DataFrame:
    def first(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
        held = rows.join(by_council, on="record").select("person_id", *columns)
        return held.sort(columns).unique("person_id", keep="first", maintain_order=True)

    numbers = health.records.join(named, on="record").sort("record", descending=True)
    persons = numbers.group_by("person_id").agg(pl.col("nhs_number").drop_nulls().first())
    return (
        persons.join(first(council.pupils, "upn"), on="person_id", how="left")
        .join(first(council.children, "la_code", "la_child_id"), on="person_id", how="left")
        .sort("person_id")
    )


def _held(
    health: HealthSide, council: CouncilSide, linked: Linked, by_council: pl.DataFrame, named: pl.DataFrame
) -> pl.DataFrame:
    exact = linked.links.filter(method=words.BY_NUMBER).select(record="right", exact_person="left")

    def rows(kind: str, held: pl.DataFrame, issuer: pl.Expr, number: str) -> pl.DataFrame:
        return held.select(
            "person_id", "exact_person", "nhs_number", kind=pl.lit(kind), issuer=issuer, number=number
        )

    def of_council(held: pl.DataFrame) -> pl.DataFrame:
        known = held.join(by_council, on="record", how="left").join(exact, on="record", how="left")
        return known.with_columns(nhs_number=pl.lit(None, pl.String))

    numbers = health.records.select("record", "nhs_number")
    patients = (
        health.holders.join(named, on="record")
        .join(numbers, on="record", how="left")
        .with_columns(exact_person="record")
    )
    return pl.concat(
        [
            rows("patient", patients, pl.col("provider_code"), "local_patient_id"),
            rows("pupil", of_council(council.pupils), pl.lit(None, pl.String), "upn"),
            rows("council_child", of_council(council.children), pl.col("la_code"), "la_child_id"),
        ]
    )


def _links(linked: Linked, named: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Every link that was made, under an id by which a steward can part it."""
    to_health = linked.groups.select(
        left="group",
        right="record",
        method=pl.lit("health records of one child"),
        confidence=pl.lit(None, pl.Float64),
    )
    every = pl.concat([linked.links.select(to_health.columns), to_health])
    every = every.join(named.rename({"record": "left"}), on="left")
    return every.with_columns(review_id=_review_id(every, key)).sort("person_id", "right")


def _review(doubtful: pl.DataFrame, doubts: pl.DataFrame, key: bytes) -> pl.DataFrame:
    weighed = doubtful.with_columns(
        agrees=words.agreement(),
        disagrees=words.disagreement(),
        probability=pl.col("probability").round(3),
    )
    every = pl.concat([doubts, weighed], how="diagonal_relaxed")
    told = every.with_columns(review_id=_review_id(every, key))
    return (
        told.unique("review_id", keep="first", maintain_order=True)
        .select(pl.col(name).cast(kind) for name, kind in REVIEW.items())
        .sort("probability", "review_id", descending=[True, False], nulls_last=False)
    )


def _review_id(pairs: pl.DataFrame, key: bytes) -> pl.Series:
    """The name of a pair, the same whichever record stands first."""
    ends = (pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right"))
    pair = pairs.select(pl.concat_str(ends, separator="+")).to_series()
    return pseudonyms.of(pair, key, "review", REVIEW_CHARACTERS).str.to_uppercase()
