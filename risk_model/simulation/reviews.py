"""One review after another in every replicate at once: who is offered a slot, who takes it up, who still waits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from risk_model.simulation import orders
from risk_model.simulation.children import BLOCK_REVIEWS, HELD, MOVED_UP, NEVER, Children
from risk_model.simulation.orders import Facts, Moment, Order, Window
from risk_model.simulation.slots import Floats, Ints


@dataclass(frozen=True)
class Course:
    """When each child was first `offered` a slot, and when it was `seen`; `NEVER` where it was not."""

    offered: Floats
    seen: Floats


def run(
    children: Children,
    facts: Facts,
    slots: Ints,
    order: Order,
    *,
    time_share: float = 0.0,
    at: Floats | None = None,
    override_weeks: float = 0.0,
) -> Course:
    """Return the course of every replicate under an order.

    `slots` by replicate and review; `time_share` of them, by largest remainder, is for the time lane. `at` gives the
    time of each review, a week apart where it is not given. Overrides last `override_weeks`; at 0 there are none.
    """
    reviews = slots.shape[1]
    timed = np.floor(np.cumsum(slots, axis=1) * time_share + 1e-9).astype(np.int64)
    timed = np.diff(timed, axis=1, prepend=0)
    when = np.broadcast_to(np.arange(reviews, dtype=float), slots.shape) if at is None else at
    offered, seen = np.full((2, *children.joins.shape), NEVER)
    offers = np.zeros(children.joins.shape, dtype=np.int64)
    for first in range(0, reviews, BLOCK_REVIEWS):
        last = min(first + BLOCK_REVIEWS, reviews)
        stays = (seen == NEVER) & (children.leaves > when[:, first, None])
        row, child = np.nonzero(stays & (children.joins <= when[:, last - 1, None]))
        if not row.size:
            continue
        at_hand = _AtHand(children, (row, child), first // BLOCK_REVIEWS, override_weeks)
        choose = order(at_hand.window(facts))
        counts = at_hand.gathered(offers, 0)
        offered_at, seen_at = at_hand.gathered(offered, NEVER), at_hand.gathered(seen, NEVER)
        for review in range(first, last):
            now = when[:, review]
            moment = at_hand.moment(now, counts > 0, seen_at)
            chosen = choose(moment, slots[:, review], timed[:, review])
            time = np.broadcast_to(now[:, None], chosen.shape)
            np.copyto(offered_at, time, where=chosen & (counts == 0))
            counts += chosen
            np.copyto(seen_at, time, where=chosen & (counts > at_hand.misses))
        for kept, block in ((offers, counts), (offered, offered_at), (seen, seen_at)):
            kept[row, child] = block[row, at_hand.place]
    return Course(offered, seen)


class _AtHand:
    """The children who may be on the list in a quarter, side by side; replicates with fewer end in empty places."""

    def __init__(
        self, children: Children, where: tuple[Ints, Ints], block: int, override_weeks: float
    ) -> None:
        self.row, self.child = where
        number = np.bincount(self.row, minlength=children.replicates)
        self.place = np.arange(self.row.size) - np.repeat(np.cumsum(number) - number, number)
        self.shape = (children.replicates, int(number.max()))
        self.joins = self.gathered(children.joins, NEVER)
        self.leaves = self.gathered(children.leaves, NEVER)
        self.referred = self.gathered(children.referred, 0.0)
        self.misses = self.gathered(children.misses, 0)
        self.arrival = self.gathered(
            np.broadcast_to(np.arange(children.joins.shape[1]), children.joins.shape), 0
        )
        self.states = self.gathered(children.states[block], 0)
        self.has_overrides = override_weeks > 0
        self.none = np.zeros(self.shape, dtype=np.bool_)
        if self.has_overrides:
            self.override = self.gathered(children.override, 0)
            self.begins = self.gathered(children.overridden, NEVER)
            self.ends = self.begins + override_weeks

    def gathered(self, values: npt.NDArray[Any], empty: float) -> npt.NDArray[Any]:
        found = np.full(self.shape, empty, dtype=values.dtype)
        found[self.row, self.place] = values[self.row, self.child]
        return found

    def window(self, facts: Facts) -> Window:
        told = {field.name: getattr(facts, field.name)[self.states] for field in fields(Facts)}
        return Window(referred=self.referred, arrival=self.arrival, **told)

    def moment(self, now: Floats, was_offered: orders.Booleans, seen_at: Floats) -> Moment:
        time = now[:, None]
        waits = (self.joins <= time) & (self.leaves > time) & (seen_at == NEVER)
        if not self.has_overrides:
            return Moment(now, waits, was_offered, self.none, self.none)
        in_force = (self.begins <= time) & (time < self.ends)
        return Moment(
            now,
            waits,
            was_offered,
            in_force & (self.override == MOVED_UP),
            in_force & (self.override == HELD),
        )
