"""Every guarantee that a list gave, held against what came: the policy under attack, place by place.

Many lists at once, one review after another: whoever takes up a slot leaves, newcomers join, overrides begin and end.
What a slot does for a child is not simulated here. Places are those of `policy.lanes`, the very function that ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from risk_model.policy import lanes
from risk_model.policy.capacity import SLOT
from risk_model.policy.lanes import LIST

Order = Callable[[pl.DataFrame], pl.DataFrame]
"""Gives children on their lists a `place`; reads what `lanes.place` reads."""


class Course(NamedTuple):
    """What happened to each child.

    `offered_at`: the review of its first offer, null for none. `bound`: the number of time-lane slots of its list by
    which it was promised one, counted from the first review; the lowest that any list had said. `broken`: it was not
    offered a slot by then, though that many had come.
    """

    children: pl.DataFrame

    @property
    def broken_guarantees(self) -> int:
        return int(self.children["broken"].sum())

    @property
    def promises(self) -> int:
        return int(self.children["bound"].is_not_null().sum())


def by_policy(waiting: pl.DataFrame) -> pl.DataFrame:
    """Need lane, then time lane."""
    return lanes.place(waiting)


def by_need_alone(waiting: pl.DataFrame) -> pl.DataFrame:
    """Tier and risk only: what starves those who are never first."""
    return waiting.with_columns(place=pl.col("need_key").rank("ordinal").over(LIST))


def run(children: pl.DataFrame, capacity: pl.DataFrame, *, reviews: int, order: Order = by_policy) -> Course:
    """Return the course of so many reviews under an order.

    `children` has a row per child and list: `service_id`, `referral_id`, `tier`, `band`, `referred_on`, `entered_on`,
    `first_known_on`; `joins` and `leaves`, the reviews between which it is on the list; `misses`, how many slots it is
    offered and does not take up; and an override in force from `from_review` until `until_review`: `holds`, `moves_up`
    or `pin_to_tier`, each null or false for none. `capacity` has a row per list and review: `service_id`, `review`,
    `slots`, and `time_share` in millionths.
    """
    budget = _budget(capacity)
    state = children.with_columns(
        child=pl.int_range(pl.len()),
        stable=lanes.stable(),
        offers=pl.lit(0),
        offered_at=pl.lit(None, pl.Int64),
        bound=pl.lit(None, pl.Int64),
    )
    for review in range(reviews):
        slots = budget.filter(pl.col("review") == review)
        waiting = _waiting(state, review).join(slots, on=LIST)
        if not waiting.is_empty():
            state = _after(state, _at_review(waiting, order), review)
    due = _review_of_slot(budget)
    judged = state.join(
        due, left_on=(LIST, "bound"), right_on=(LIST, "slot"), how="left", maintain_order="left"
    )
    in_time = (pl.col("offered_at") <= pl.col("due")).fill_null(False)
    left_before = (pl.col("leaves") <= pl.col("due")).fill_null(False)
    judged = judged.with_columns(broken=pl.col("due").is_not_null() & ~in_time & ~left_before)
    return Course(judged.select(*children.columns, "offered_at", "bound", "broken"))


def _budget(capacity: pl.DataFrame) -> pl.DataFrame:
    """Slots of each lane at each review, and those of the time lane up to it; the share is carried over."""
    counted = capacity.sort(LIST, "review").with_columns(
        summed=(pl.col("slots").cum_sum().over(LIST) * pl.col("time_share")) // SLOT
    )
    before = pl.col("summed").shift(1, fill_value=0).over(LIST)
    return counted.with_columns(before=before, time_slots=pl.col("summed") - before).with_columns(
        need_slots=pl.col("slots") - pl.col("time_slots")
    )


def _review_of_slot(budget: pl.DataFrame) -> pl.DataFrame:
    slots = pl.int_ranges(pl.col("before") + 1, pl.col("summed") + 1, dtype=pl.Int64)
    each = budget.select(LIST, due="review", slot=slots)
    return each.explode("slot", empty_as_null=False)


def _waiting(state: pl.DataFrame, review: int) -> pl.DataFrame:
    """Who is on the lists at a review, under the overrides in force."""
    in_force = pl.lit(review).is_between("from_review", "until_review").fill_null(False)
    here = state.filter(
        pl.col("joins") <= review,
        (pl.col("leaves") > review).fill_null(True),
        pl.col("offers") <= pl.col("misses"),
    )
    marked = here.with_columns(
        was_offered=pl.col("offers") > 0,
        is_held=in_force & pl.col("holds"),
        is_moved_up=in_force & pl.col("moves_up"),
        tier_now=pl.coalesce(pl.when(in_force).then("pin_to_tier"), "tier"),
    )
    return marked.with_columns(
        need_key=lanes.need_key(pl.col("tier_now"), pl.col("band")), time_key=lanes.time_key()
    )


def _at_review(waiting: pl.DataFrame, order: Order) -> pl.DataFrame:
    ahead = (~pl.col("was_offered")).cast(pl.Int64)
    by_time = waiting.sort(LIST, "time_key").with_columns(ahead=ahead.cum_sum().over(LIST) - ahead)
    promised = pl.when(~pl.col("was_offered")).then(pl.col("before") + pl.col("ahead") + 1)
    placed = order(by_time.with_columns(promised=promised))
    return placed.select("child", "promised", is_offered=pl.col("place") <= pl.col("slots"))


def _after(state: pl.DataFrame, seen: pl.DataFrame, review: int) -> pl.DataFrame:
    is_offered = pl.col("is_offered").fill_null(False)
    return (
        state.join(seen, on="child", how="left", maintain_order="left")
        .with_columns(
            offers=pl.col("offers") + is_offered.cast(pl.Int32),
            offered_at=pl.coalesce("offered_at", pl.when(is_offered).then(pl.lit(review, pl.Int64))),
            bound=pl.min_horizontal("bound", "promised"),
        )
        .drop("is_offered", "promised")
    )
