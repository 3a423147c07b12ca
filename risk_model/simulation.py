"""The policy lab: orders side by side on the same arrivals, and every printed guarantee held against what came.

One service, one review after another: whoever is offered a slot leaves, newcomers join, nothing else changes. What a
slot does for a child is not simulated here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.policy import Policy, Queue, Slots, need_key, slots

Whole = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Children:
    """Everybody who will ever wait, in order of arrival; dates are days since 1970, reviews are counted from 0.

    `referred` may lie long before `entered` (a transfer, a corrected date); `joins` is the first review at which the
    child is on the list.
    """

    tier: Whole
    band: Whole
    referred: Whole
    entered: Whole
    joins: Whole


@dataclass(frozen=True)
class Course:
    """What happened: the review at which each child was offered a slot, and the earliest it was ever promised."""

    offered: Whole
    promised: Whole

    def broken_guarantees(self) -> int:
        """Return how many children were offered a slot later than a list had said."""
        return int((self.offered > self.promised).sum())


Order = Callable[[Queue], Whole]


def by_policy(queue: Queue) -> Whole:
    """Need lane, then time lane."""
    return queue.places()


def by_longest_wait(queue: Queue) -> Whole:
    """First come, first served."""
    return queue.longer_waits_ahead() + 1


def by_need_alone(queue: Queue) -> Whole:
    """Tier and risk only: what starves those who are never first."""
    return queue.need_order() + 1


ORDERS: dict[str, Order] = {
    "policy": by_policy,
    "longest wait first": by_longest_wait,
    "need alone": by_need_alone,
}


def run(children: Children, policy: Policy, slots_per_review: float, *, reviews: int, order: Order) -> Course:
    """Return the course of so many weekly reviews under an order.

    A child who is still waiting at the end was offered at review `NEVER`; it counts against a promise only if the
    promised review lay within the run.
    """
    number = len(children.tier)
    stable = np.arange(number)
    offered = np.full(number, NEVER)
    promised = np.full(number, NEVER)
    need = need_key(children.tier, children.band, children.referred, stable)
    time = need_key(np.zeros(number, np.int64), np.zeros(number, np.int64), children.entered, stable)
    for review in range(reviews):
        here = np.flatnonzero((offered == NEVER) & (children.joins <= review))
        if len(here) == 0:
            continue
        planned = _planned(policy, slots_per_review, review)
        queue = Queue(need[here], time[here], planned)
        last = np.nan_to_num(review + queue.guaranteed_review() - 1, nan=NEVER)
        within = last < reviews
        promised[here[within]] = np.minimum(promised[here[within]], last[within].astype(np.int64))
        offered[here[order(queue) <= planned.all]] = review
    return Course(offered, promised)


def compare(children: Children, policy: Policy, slots_per_review: float, *, reviews: int) -> pl.DataFrame:
    """Return the reviews waited under each order, by tier: median, longest and how many still wait at the end."""
    rows = []
    for name, order in ORDERS.items():
        course = run(children, policy, slots_per_review, reviews=reviews, order=order)
        seen = course.offered != NEVER
        waited = np.where(seen, course.offered, reviews) - children.joins
        rows.append(
            pl.DataFrame({"tier": children.tier, "waited": waited, "seen": seen})
            .group_by("tier")
            .agg(
                median_reviews=pl.col("waited").median(),
                longest_reviews=pl.col("waited").max(),
                still_waiting=(~pl.col("seen")).sum(),
            )
            .with_columns(order=pl.lit(name))
        )
    return pl.concat(rows).sort("order", "tier").select("order", "tier", pl.exclude("order", "tier"))


def _planned(policy: Policy, slots_per_review: float, review: int) -> Slots:
    days = review * policy.reviews.every_days
    on: date = policy.reviews.counted_from + timedelta(days=days)
    return slots(policy, slots_per_review, on)
