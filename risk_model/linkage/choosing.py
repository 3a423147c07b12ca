"""Which candidates are the same child, which a person should look at, and which are left alone.

A link is made when two records are each other's best by a clear margin, very probably one child's, and do not
contradict each other in birth date, sex or given name. Twins share everything but the given name, so another given name
is never outweighed by the rest, where a given name is missing or only similar nobody else may be meant, and where a
twin is known (`twins`) the name that two records share must be one that no twin could be written with.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

LEAST_ACCEPTED = 0.995
"""Ours, chosen on the invented Plymouth (docs/decisions/0009): of pairs below it one in five was not one child's."""
LEAST_MARGIN_BITS = 5.0
"""Ours: the runner-up is at least 32 times less likely. One agreement more or less is worth about that."""
LEAST_REVIEWED = 0.5
"""Ours: what is less likely than not is not worth a steward's time."""

GIVEN_UNKNOWN, GIVEN_DIFFERS, GIVEN_SIMILAR, GIVEN_SAME = -1, 0, 1, 2
DIFFERS, SAME_BIRTH_DATE = 0, 3


@dataclass(frozen=True)
class Chosen:
    """`accepted` are the pairs that are one child's, `doubtful` those for a person, each with its `why`."""

    accepted: pl.DataFrame
    doubtful: pl.DataFrame


def choose(pairs: pl.DataFrame, *, one_to_one: bool = True) -> Chosen:
    """Return what becomes of PAIRS with `has_twin` (either has a known twin) and `is_told_apart` from it.

    Not `one_to_one`, a record on the left may take several on the right.
    """
    sides = ("left", "right") if one_to_one else ("right",)
    judged = _judged(pairs, sides)
    is_sure = pl.col("why").is_null()
    accepted = judged.filter(is_sure)
    open_pairs = judged.filter(~is_sure)
    for side in sides:
        open_pairs = open_pairs.join(accepted, on=side, how="anti")
    best = pl.col("weight") == pl.col("weight").max().over("left")
    worth_a_look = (pl.col("probability") >= LEAST_REVIEWED) & best & _may_still_be_one()
    return Chosen(
        accepted=accepted.drop("why"), doubtful=open_pairs.filter(worth_a_look).sort("left", "right")
    )


def _judged(pairs: pl.DataFrame, sides: tuple[str, ...]) -> pl.DataFrame:
    """The pairs with `runner_up` on the right, and with `why` each is not accepted; null if it is."""
    differs = pl.col("given") == GIVEN_DIFFERS
    rivals = pairs.filter(~differs)
    judged = pairs.join(_runners_up(rivals), on=["left", "right"], how="left", maintain_order="left")
    for side in sides:
        margin = _margin(rivals, side)
        judged = judged.join(margin, on=["left", "right"], how="left", maintain_order="left")
    is_close = pl.any_horizontal(pl.col(f"margin_{side}") < LEAST_MARGIN_BITS for side in sides)
    others = _others_of_the_same_birth_date(pairs)
    is_told_apart = pl.col("has_twin") & pl.col("is_told_apart")
    judged = judged.join(others, on=["left", "right"], how="left", maintain_order="left")
    may_be_a_twin = pl.col("has_other") | pl.col("has_twin")
    why = (
        pl.when(differs)
        .then(pl.lit("another given name: a twin, or the same child under two names"))
        .when(pl.col("born") <= DIFFERS)
        .then(pl.lit("the birth dates differ or are not known"))
        .when(is_close)
        .then(pl.lit("another record fits as well or nearly as well"))
        .when(pl.col("has_twin") & ~is_told_apart & (pl.col("given") == GIVEN_SAME))
        .then(pl.lit("a twin could be written with the same name"))
        .when(pl.col("has_alike") & ~is_told_apart)
        .then(pl.lit("another child of the same birth date has the same or a similar given name"))
        .when(pl.col("sex") == DIFFERS)
        .then(pl.lit("the sex differs, as a twin's may"))
        .when((pl.col("given") == GIVEN_SIMILAR) & (may_be_a_twin | ~_is_alike_else()))
        .then(pl.lit("the given names are only similar, as a twin's may be"))
        .when((pl.col("given") == GIVEN_UNKNOWN) & (may_be_a_twin | ~_is_near()))
        .then(pl.lit("no given name to tell by, and another child of the same birth date could be meant"))
        .when(pl.col("probability") < LEAST_ACCEPTED)
        .then(pl.lit("too little agrees to be sure"))
    )
    return (
        judged.with_columns(why=why).drop(f"margin_{side}" for side in sides).drop("has_other", "has_alike")
    )


def _margin(rivals: pl.DataFrame, side: str) -> pl.DataFrame:
    """By how many bits a pair outweighs the best other one of this side; nothing else is any margin."""
    weights = pl.col("weight").sort(descending=True)
    best = weights.first().over(side)
    second = weights.get(1, null_on_oob=True).over(side)
    is_best = pl.col("weight") == best
    margin = pl.col("weight") - pl.when(is_best).then(second).otherwise(best)
    return rivals.select("left", "right", margin.fill_null(float("inf")).alias(f"margin_{side}"))


def _runners_up(rivals: pl.DataFrame) -> pl.DataFrame:
    """The best other record of each left one."""
    ranked = rivals.sort("weight", "right", descending=[True, False])
    first, second = (pl.col("right").get(place, null_on_oob=True).over("left") for place in (0, 1))
    return ranked.select(
        "left", "right", runner_up=pl.when(pl.col("right") == first).then(second).otherwise(first)
    )


def _others_of_the_same_birth_date(pairs: pl.DataFrame) -> pl.DataFrame:
    """`has_other` of each pair: on either side another has the same birth date, no other sex and a home in common.

    `has_alike`: such a candidate has the same or a similar given name, as alike twins have.
    """
    could_be_meant = (pl.col("born") == SAME_BIRTH_DATE) & (pl.col("sex") != DIFFERS) & _shares_a_home()

    def beside(could_be: pl.Expr) -> pl.Expr:
        own = could_be.cast(pl.Int64)
        return pl.any_horizontal(own.sum().over(side) - own > 0 for side in ("left", "right"))

    is_alike = could_be_meant & (pl.col("given") >= GIVEN_SIMILAR)
    return pairs.select("left", "right", has_other=beside(could_be_meant), has_alike=beside(is_alike))


def _may_still_be_one() -> pl.Expr:
    """Another given name is worth a look only where all else speaks for one child."""
    return (pl.col("given") != GIVEN_DIFFERS) | _is_alike_else()


def _is_alike_else() -> pl.Expr:
    """Whether all but the given name speaks for one child."""
    is_born_then = (pl.col("born") > DIFFERS) & (pl.col("sex") != DIFFERS)
    return is_born_then & (pl.col("family") > DIFFERS) & _is_near()


def _is_near() -> pl.Expr:
    return (pl.col("postcodes") > DIFFERS) | (pl.col("schools") > DIFFERS)


def _shares_a_home() -> pl.Expr:
    """Whether a family name, a postcode or a school is in common, as it is among brothers and sisters."""
    return (pl.col("family") > DIFFERS) | _is_near()
