"""The steps from the sources' records to persons: exact numbers, likeness, a steward's decisions, names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from risk_model import contracts
from risk_model.linkage import decisions as stewards
from risk_model.linkage import grouping, records, twins, words
from risk_model.linkage.choosing import GIVEN_SAME, Chosen, choose
from risk_model.linkage.council import CouncilSide, council_side
from risk_model.linkage.health import HealthSide, health_side
from risk_model.linkage.numbers import numbered_pairs
from risk_model.linkage.people import Linked, People, people_of
from risk_model.linkage.probable import PAIRS, LinkWeights, candidates, learned
from risk_model.linkage.purposes import check_may_join
from risk_model.linkage.register import LOCAL_ID, NHS_NUMBER, Register

PAIR = ("left", "right")
CONFIDENCE_DECIMALS = 3


def link(
    frames: dict[str, pl.DataFrame],
    *,
    register: Register,
    weights: LinkWeights | None = None,
    decisions: pl.DataFrame | None = None,
) -> People:
    """Return who is who; without given weights Splink learns them from these records.

    `decisions` are the stewards' (`decisions.SCHEMA`), which outweigh everything. A join on a column that its contract
    does not give for linkage is refused.
    """
    check_may_join(contracts.tables())
    decisions = stewards.SCHEMA.to_frame() if decisions is None else decisions
    held = stewards.in_force(decisions)
    health, council = _sides(frames, held)
    decided = _resolved(held, health, council)
    numbered, contradicted = numbered_pairs(health.records, council.records, council.numbers)
    numbered = numbered.join(decided.apart, on=PAIR, how="anti")
    described = _with_council_details(health.records, council.records, numbered)
    weights = weights or learned(described, council.records)
    pairs = _with_twins(
        candidates(described, _known(health, council), weights), health, council, decided.apart
    )
    linked = _linked(pairs.join(decided.apart, on=PAIR, how="anti"), numbered, decided, health, council)
    doubts = pl.concat([health.in_doubt, council.in_doubt, contradicted]).join(
        pl.concat([decided.apart, decided.same]), on=PAIR, how="anti"
    )
    return people_of(health, council, linked, doubts, register=register, weights=weights, decisions=decisions)


def learn(frames: dict[str, pl.DataFrame]) -> LinkWeights:
    """Return weights learned from these records, for `link`."""
    check_may_join(contracts.tables())
    health, council = _sides(frames, stewards.in_force(stewards.SCHEMA.to_frame()))
    numbered, _ = numbered_pairs(health.records, council.records, council.numbers)
    return learned(_with_council_details(health.records, council.records, numbered), council.records)


def _sides(frames: dict[str, pl.DataFrame], held: pl.DataFrame) -> tuple[HealthSide, CouncilSide]:
    """Both sides, of which each knows the twins that the other knows."""
    council = council_side(frames, held)
    health = health_side(frames, council.twins)
    return health, replace(council, records=twins.with_twins(council.records, health.twins))


@dataclass(frozen=True)
class _Decided:
    """The stewards' decisions on today's records: pairs that are `same`, and pairs that stay `apart`."""

    same: pl.DataFrame
    apart: pl.DataFrame


def _resolved(held: pl.DataFrame, health: HealthSide, council: CouncilSide) -> _Decided:
    """A record goes by another name once its number is known; a decision on one that is gone waits for its return."""
    by_local = health.holders.select(
        alias=LOCAL_ID + pl.concat_str("provider_code", "local_patient_id", separator="|"), record="record"
    )
    own = pl.concat([health.records.select("record"), council.records.select("record")])
    by_child = council.children.select(
        alias="council|" + pl.concat_str("la_code", "la_child_id", separator="|"), record="record"
    )
    by_upn = council.pupils.select(alias="upn|" + pl.col("upn"), record="record")
    aliases = pl.concat([own.select(alias="record", record="record"), by_local, by_child, by_upn]).unique(
        "alias", keep="first", maintain_order=True
    )
    both = (
        held.join(aliases.rename({"alias": "one", "record": "left"}), on="one")
        .join(aliases.rename({"alias": "other", "record": "right"}), on="other")
        .filter(pl.col("left") != pl.col("right"))
    )
    every_way = pl.concat([both, both.rename({"left": "right", "right": "left"}).select(both.columns)])
    said = {
        decision: every_way.filter(decision=decision).select(PAIR).unique().sort(PAIR)
        for decision in (stewards.SAME, stewards.NOT_THE_SAME)
    }
    return _Decided(said[stewards.SAME], said[stewards.NOT_THE_SAME])


def _with_council_details(
    health: pl.DataFrame, council: pl.DataFrame, numbered: pl.DataFrame
) -> pl.DataFrame:
    """Health's records with what the council that names their number knows: names and addresses that health missed."""
    if numbered.is_empty():
        return health
    named = council.rename({"record": "right"}).join(numbered, on="right").rename({"left": "record"})
    nobody = pl.DataFrame(schema={"record": pl.String, "group": pl.String})
    return records.together([health, named], nobody)


def _with_twins(
    pairs: pl.DataFrame, health: HealthSide, council: CouncilSide, apart: pl.DataFrame
) -> pl.DataFrame:
    """The pairs with `has_twin` (of one of the two another child born at the same home is known) and `is_told_apart`.

    Told apart from a twin is a pair that shares a given name which no twin of either has, and one that is left when a
    steward has parted one of the two from the other's twin.
    """
    columns = ("record", "given", "family", "has_twin", "twins_names")
    every = pl.concat([side.records.select(columns) for side in (health, council)])
    beside = pairs.select(PAIR)
    for side in PAIR:
        beside = beside.join(
            every.rename({name: f"{name}_{side}" for name in columns}),
            left_on=side,
            right_on=f"record_{side}",
        )
    has_twin = pl.any_horizontal("has_twin_left", "has_twin_right")
    told = beside.select(*PAIR, has_twin=has_twin, is_told_apart=twins.has_telling_name("_left", "_right"))
    born_with = twins.born_with(health.twins)
    left_over = pl.concat(
        apart.join(born_with.rename({"child": side}), on=side)
        .with_columns(pl.col("twin").alias(side))
        .select(PAIR)
        for side in PAIR
    ).unique()
    told = told.join(left_over.with_columns(by_steward=pl.lit(True)), on=PAIR, how="left")
    is_told_apart = pl.col("is_told_apart") | pl.col("by_steward").fill_null(False)
    return pairs.join(
        told.select(*PAIR, "has_twin", is_told_apart=is_told_apart), on=PAIR, maintain_order="left"
    )


def _known(health: HealthSide, council: CouncilSide) -> pl.DataFrame:
    """Whom a health record may be: everyone at the councils, and health's own records without a usable number."""
    unnumbered = health.records.filter(~pl.col("record").str.starts_with(NHS_NUMBER))
    columns = records.SCHEMA.names()
    return pl.concat([council.records.select(columns), unnumbered.select(columns)])


def _linked(
    pairs: pl.DataFrame,
    numbered: pl.DataFrame,
    decided: _Decided,
    health: HealthSide,
    council: CouncilSide,
) -> Linked:
    is_health = pl.col("right").is_in(health.records["record"].implode())
    among_health = grouping.choose_health(pairs.filter(is_health), health.records)
    same = decided.same.join(health.records.select(left="record"), on="left", how="semi")
    grouped = grouping.groups(pl.concat([among_health.accepted.select(PAIR), same.filter(is_health)]))
    to_council = _best_of_groups(pairs.filter(~is_health), grouped)
    forced = _best_of_groups(same.filter(~is_health), grouped)
    exact = _best_of_groups(numbered, grouped)
    exact = exact.join(forced, on="left", how="anti").join(forced, on="right", how="anti")
    certain = pl.concat(
        [
            exact.select(*PAIR, method=pl.lit(words.BY_NUMBER)),
            forced.select(*PAIR, method=pl.lit(words.BY_PERSON)),
        ]
    ).with_columns(confidence=pl.lit(1.0))
    to_council = _without_adopted(to_council, certain, council.before_adoption)
    found, doubtful = certain, [among_health.doubtful]
    for has_upn in (True, False):
        chosen, crossed = _chosen_of_source(
            to_council, found, council.records, health.in_doubt, has_upn=has_upn
        )
        found = pl.concat([found, chosen.accepted.select(*PAIR, *_told())])
        doubtful += [chosen.doubtful, crossed]
    return Linked(
        groups=grouped, links=found.sort(PAIR), doubtful=pl.concat(doubtful, how="diagonal_relaxed")
    )


def _without_adopted(pairs: pl.DataFrame, certain: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The pairs but those that cross an adoption: what was before has the old NHS number, or nothing, in common."""
    patients_before = certain.join(before.rename({"record": "right"}), on="right", how="semi").select("left")
    return pairs.join(before.rename({"record": "right"}), on="right", how="anti").join(
        patients_before, on="left", how="anti"
    )


def _best_of_groups(pairs: pl.DataFrame, grouped: pl.DataFrame) -> pl.DataFrame:
    """Pairs of health's records as pairs of health's persons, each once with its best weight."""
    named = pairs.join(grouped.rename({"record": "left"}), on="left", how="left").with_columns(
        left=pl.coalesce("group", "left")
    )
    if "weight" in named.columns:
        named = named.sort("weight", descending=True)
    return named.drop("group").unique(PAIR, keep="first", maintain_order=True).sort(PAIR)


def _chosen_of_source(
    pairs: pl.DataFrame,
    found: pl.DataFrame,
    council: pl.DataFrame,
    in_doubt: pl.DataFrame,
    *,
    has_upn: bool,
) -> tuple[Chosen, pl.DataFrame]:
    """The links to pupils, or to children of social care without a UPN, beside those `found`; and what crosses them.

    A child has one pupil record, and one record at each council.
    """
    facts = council.select("has_upn", "has_council_id", "la_code", right="record")
    mine = pairs.join(facts, on="right").filter(pl.col("has_upn") == has_upn)
    taken = found.join(facts, on="right")
    if has_upn:
        mine = mine.join(taken.filter("has_upn"), on="left", how="anti")
    mine = mine.join(found, on="right", how="anti")
    at_council = taken.filter("has_council_id").select("left", "la_code")
    is_crossed = pl.col("has_council_id") & pl.col("is_known_there").fill_null(False)
    told = mine.join(
        at_council.unique().with_columns(is_known_there=pl.lit(True)), on=["left", "la_code"], how="left"
    )
    chosen = choose(_without_overruled(told, in_doubt).select(*PAIRS.names(), "has_twin", "is_told_apart"))
    crossing = told.filter(is_crossed).select(PAIR)
    crossed = chosen.accepted.join(crossing, on=PAIR, how="semi").with_columns(
        why=pl.lit("the council knows this child under another number too")
    )
    return Chosen(chosen.accepted.join(crossing, on=PAIR, how="anti"), chosen.doubtful), crossed


def _without_overruled(pairs: pl.DataFrame, in_doubt: pl.DataFrame) -> pl.DataFrame:
    """The pairs but those of a patient whose number is in doubt where another of the same name fits as well.

    The doubt waits for a person anyway, and does not keep the child's other record from being linked.
    """
    doubted = pl.concat([in_doubt["left"], in_doubt["right"]]).unique()
    is_doubted = pl.col("left").is_in(doubted.implode()) & pl.col("left").str.starts_with(LOCAL_ID)
    is_sound = ~is_doubted & (pl.col("given") == GIVEN_SAME)
    soundest = pl.col("weight").filter(is_sound).max().over("right").fill_null(float("-inf"))
    return pairs.filter(~is_doubted | (pl.col("weight") > soundest))


def _told() -> list[pl.Expr]:
    """How a link was made, and its probability rounded down: only a number or a person is certain."""
    return [
        words.agreement(with_sex=False).alias("method"),
        pl.col("probability")
        .mul(10**CONFIDENCE_DECIMALS)
        .floor()
        .truediv(10**CONFIDENCE_DECIMALS)
        .alias("confidence"),
    ]
