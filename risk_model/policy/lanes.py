"""The two lanes, as pure functions of frames: who is offered a slot at a review, and every place on the list.

Need lane: safety first, then who was offered a slot and not brought, then tier, risk band, referral date and a
stable id. Time lane: the longest waits of the children who were never offered a slot, whatever their tier, in
the order in which they came onto this service's register. That order never moves: who transfers in with an
older clock, whose date is corrected or who returns stands behind everybody who was known before, so that no
bound already given is broken; the older date counts in the need lane. A child who was offered a slot and not
brought is offered the next one out of the need lane, so that it keeps its place and costs nobody else a slot
for the longest waits.

Nobody enters the time lane ahead of a longer wait; a child with *a* longer waits ahead is therefore offered a
slot by the first review at which the time lane's slots sum to a + 1, whatever arrives and whatever is
overridden.
"""

from __future__ import annotations

import polars as pl

LIST = "service_id"

LEVELS_A_TIER = 4
LEVEL_OF_HELD = 40
BANDS = 100_000
DAYS = 1_000_000
CHILDREN = 1_000_000
"""Room for each part of a key: 41 levels x 100,000 bands x 1,000,000 days x 1,000,000 children of one list fit
63 bits."""


def need_key(tier: pl.Expr, band: pl.Expr) -> pl.Expr:
    """Return one number per child that sorts the need lane; reads the marks, `referred_on` and `stable`.

    Who was moved up stands first in its tier; who was offered a slot before stands behind tier 0; who is held stands
    last.
    """
    in_tier = tier * LEVELS_A_TIER + pl.when("is_moved_up").then(0).otherwise(1)
    level = (
        pl.when("is_held")
        .then(LEVEL_OF_HELD)
        .when(pl.col("was_offered") & (tier > 0))
        .then(tier + 1)
        .otherwise(in_tier)
        .cast(pl.Int64)
    )
    return ((level * BANDS + band + BANDS // 2) * DAYS + days("referred_on")) * CHILDREN + pl.col("stable")


def time_key() -> pl.Expr:
    """Return one number per child that sorts the time lane: when the child came onto this service's register."""
    return (days("first_known_on") * DAYS + days("entered_on")) * CHILDREN + pl.col("stable")


def days(column: str) -> pl.Expr:
    """Return a date as days since 1970."""
    return pl.col(column).to_physical().cast(pl.Int64)


def stable() -> pl.Expr:
    """Return each child's number on its list by referral id: what breaks a tie, and nothing else."""
    return (pl.col("referral_id").rank("ordinal").over(LIST) - 1).cast(pl.Int64)


def place(waiting: pl.DataFrame) -> pl.DataFrame:
    """Return the children with their places and lanes, sorted by list and need.

    Reads one row per child with `service_id`, `need_key`, `time_key`, `was_offered`, `is_held` and the slots of
    its list at this review, `need_slots` and `time_slots`. Adds `place`, `lane` (need, time or next),
    `need_place`, `time_place`, `longer_waits_ahead` (children never offered a slot who came before) and columns
    that begin with `lanes:`, which `place_if` reads. A need lane with nobody to offer a slot to gives its slots
    to the time lane.
    """
    first = pl.min_horizontal("need_slots", (~pl.col("is_held")).sum().over(LIST))
    by_need = waiting.sort(LIST, "need_key").with_columns(need_place=_numbered(), **{"lanes:first": first})
    spare = pl.col("need_slots") - pl.col("lanes:first")
    by_need = by_need.with_columns(**{"lanes:timed": pl.col("time_slots") + spare})
    by_time = by_need.sort(LIST, "time_key").with_columns(
        time_place=_numbered(), longer_waits_ahead=_before(~pl.col("was_offered"))
    )
    for case in (0, 1):
        turn = ~pl.col("was_offered") & (pl.col("need_place") > pl.col("lanes:first") + case)
        older = _before(turn)
        by_time = by_time.with_columns(
            **{
                f"lanes:older_{case}": older,
                f"lanes:picked_{case}": turn & (older < pl.col("lanes:timed")),
                f"lanes:turns_{case}": turn.sum().over(LIST),
            }
        )
    placed = by_time.sort(LIST, "need_key").with_columns(
        **{f"lanes:picked_before_{case}": _before(pl.col(f"lanes:picked_{case}")) for case in (0, 1)}
    )
    return placed.with_columns(place=_place_now()).with_columns(lane=_lane())


def place_if(placed: pl.DataFrame, key: str) -> pl.Series:
    """Return the place each child would have with the need key of another column, all others as they are.

    Takes the answer of `place` and gives its places in the same order.
    """
    changed = placed.with_row_index("lanes:row").filter(pl.col(key) != pl.col("need_key"))
    ahead = placed.select(
        LIST,
        "need_key",
        **{"ahead:all": pl.col("need_place")},
        **{
            f"ahead:{case}": pl.col(f"lanes:picked_before_{case}") + pl.col(f"lanes:picked_{case}")
            for case in (0, 1)
        },
    )
    moved = changed.sort(key).join_asof(
        ahead.sort("need_key"),
        left_on=key,
        right_on="need_key",
        by=LIST,
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    position = pl.col("ahead:all").fill_null(0) - (pl.col("need_key") < pl.col(key))
    moved = moved.with_columns(position=position)
    leaves = pl.col("need_place") <= pl.col("lanes:first")
    would_be = pl.when(leaves).then(_place_at(1)).otherwise(_place_at(0))
    places = moved.select("lanes:row", would_be=would_be)
    rows = placed.select("place").with_row_index("lanes:row")
    joined = rows.join(places, on="lanes:row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("would_be", "place")).to_series()


def first_review(placed: pl.DataFrame, to_come: pl.DataFrame) -> pl.DataFrame:
    """Return the children with `guaranteed_slot` and, from the slots to come, `guaranteed_review` and its day.

    `to_come` has a row per list and slot of its time lane (`service_id`, `guaranteed_slot`, `guaranteed_review`,
    `guaranteed_on`), counted from this review on. Who was offered a slot before has no bound any more: it was kept.
    """
    ahead = pl.when(~pl.col("was_offered")).then(pl.col("longer_waits_ahead") + 1)
    return placed.with_columns(guaranteed_slot=ahead).join(
        to_come, on=(LIST, "guaranteed_slot"), how="left", maintain_order="left"
    )


def _numbered() -> pl.Expr:
    return pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(LIST)


def _before(claim: pl.Expr) -> pl.Expr:
    """How many rows above each row of its list meet the claim."""
    met = claim.cast(pl.Int64)
    return met.cum_sum().over(LIST) - met


def _place_now() -> pl.Expr:
    picked = pl.col("lanes:picked_0")
    first = pl.col("lanes:first")
    below = pl.col("need_place") + picked.sum().over(LIST) - pl.col("lanes:picked_before_0")
    return (
        pl.when(pl.col("need_place") <= first)
        .then("need_place")
        .when(picked)
        .then(first + pl.col("lanes:older_0") + 1)
        .otherwise(below)
        .cast(pl.Int64)
    )


def _place_at(case: int) -> pl.Expr:
    """The place at another position; in case 1 the child leaves the need lane, and the next by need comes in."""
    first, timed, older = (pl.col(f"lanes:{name}") for name in ("first", "timed", f"older_{case}"))
    picked = pl.min_horizontal(timed, pl.col(f"lanes:turns_{case}"))
    below = pl.col("position") + picked - pl.col(f"ahead:{case}").fill_null(0) + 1
    return (
        pl.when(pl.col("position") < first)
        .then(pl.col("position") + 1)
        .when(~pl.col("was_offered") & (older < timed))
        .then(first + older + 1)
        .otherwise(below)
        .cast(pl.Int64)
    )


def _lane() -> pl.Expr:
    return (
        pl.when(pl.col("need_place") <= pl.col("lanes:first"))
        .then(pl.lit("need"))
        .when(pl.col("place") <= pl.col("need_slots") + pl.col("time_slots"))
        .then(pl.lit("time"))
        .otherwise(pl.lit("next"))
    )
