"""The two lanes, the numbering of the list, and the review by which each child is offered a slot at the latest.

Need lane: tier, risk band, referral date, then a stable id. Time lane: longest wait since the original referral first,
whatever the tier; a late entrant with an older date stands by its entry on the register, so that no date already given
is broken. Nobody enters the time lane ahead of a longer wait; a child with *a* longer waits ahead is therefore offered
a slot by the first review at which the time lane's slots sum to a + 1, whatever arrives and whatever is overridden.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from risk_model.policy.document import Policy

Whole = npt.NDArray[np.int64]

BANDS = 100_000
DAYS = 1_000_000
CHILDREN = 1_000_000


@dataclass(frozen=True)
class Slots:
    """A service's slots: all and in the time lane, at this review and summed over the reviews planned."""

    review_on: date
    all: int
    time_lane: int
    time_lane_summed: Whole

    @property
    def need_lane(self) -> int:
        return self.all - self.time_lane


def slots(policy: Policy, slots_per_review: float, on: date) -> Slots:
    """Return the slots of the first review after a day, by largest remainder since the policy's first review.

    >>> from risk_model.policy.document import DEFAULT_POLICY, load
    >>> policy, _ = load(DEFAULT_POLICY)
    >>> slots(policy, 1.0, date(2026, 11, 20)).time_lane_summed[:8].tolist()
    [1, 1, 1, 2, 2, 2, 2, 3]
    """
    reviews = policy.reviews
    before = (on - reviews.counted_from).days // reviews.every_days + 1
    counted = before + np.arange(reviews.planned_ahead + 1)
    all_slots = np.floor(np.round(counted * slots_per_review, 6)).astype(np.int64)
    time_slots = np.floor(np.round(all_slots * (1 - policy.need_lane_share), 6)).astype(np.int64)
    return Slots(
        review_on=reviews.counted_from + timedelta(days=before * reviews.every_days),
        all=int(all_slots[1] - all_slots[0]),
        time_lane=int(time_slots[1] - time_slots[0]),
        time_lane_summed=time_slots[1:] - time_slots[0],
    )


def need_key(tier: Whole, band: Whole, referred: Whole, stable: Whole) -> Whole:
    """Return one number per child that sorts by tier, risk band, referral date and stable id."""
    return ((tier * BANDS + band + BANDS // 2) * DAYS + referred) * CHILDREN + stable


@dataclass(frozen=True)
class Queue:
    """One service's children, by need and by time, and the places this gives them."""

    need: Whole
    time: Whole
    slots: Slots

    def places(self) -> Whole:
        """Return everybody's place: the need lane's slots, the time lane's slots, then the rest by need."""
        return self.place_at(self.need_order())

    def need_order(self) -> Whole:
        """Return each child's position by need, counted from 0."""
        return np.argsort(np.argsort(self.need, kind="stable"), kind="stable")

    def longer_waits_ahead(self) -> Whole:
        """Return how many children stand before each child in the time lane."""
        return np.argsort(np.argsort(self.time, kind="stable"), kind="stable")

    def position_of(self, key: Whole) -> Whole:
        """Return the position by need that each child would have among the others with another key."""
        ordered = np.sort(self.need)
        return np.searchsorted(ordered, key, side="left") - (self.need < key)

    def place_at(self, position: Whole) -> Whole:
        """Return the place each child would have at a position by need, all other children as they are."""
        own, older = self.need_order(), self.longer_waits_ahead()
        first, timed = self.slots.need_lane, self.slots.time_lane
        place = np.empty(len(own), dtype=np.int64)
        for leaves in (False, True):
            chosen = (own < first) == leaves
            in_lane = own < first + leaves
            timed_at = np.sort(older[in_lane])
            older_waiting = older - np.searchsorted(timed_at, older, side="left")
            waiting = np.flatnonzero(~in_lane)
            picked = waiting[np.argsort(older[waiting], kind="stable")][:timed]
            before = np.searchsorted(np.sort(own[picked]), position + (position > own), side="left")
            rest = timed + position - before + 1
            in_time_lane = first + older_waiting + 1
            below = np.where(older_waiting < timed, in_time_lane, rest)
            place[chosen] = np.where(position < first, position + 1, below)[chosen]
        return place

    def guaranteed_review(self) -> npt.NDArray[np.float64]:
        """Return the first review, counted from 1, whose summed time-lane slots reach a + 1; NaN if none is planned."""
        summed = self.slots.time_lane_summed
        review = np.searchsorted(summed, self.longer_waits_ahead() + 1, side="left")
        return np.where(review < len(summed), review + 1.0, np.nan)
