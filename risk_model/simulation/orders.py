"""In which order slots are offered: the orders that the laboratory compares, each a function of whole arrays.

Rows are replicates, columns the children at hand in the order in which they came onto the register. A key is unique in
its row, and the smallest is offered a slot first. `Lanes` is `policy.lanes.place` in arrays; a test holds the two
against each other, child by child.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_model.policy.lanes import BANDS, CHILDREN, DAYS, LEVEL_OF_HELD, LEVELS_A_TIER
from risk_model.simulation.slots import Floats, Ints

Booleans = npt.NDArray[np.bool_]

LAST: Final = np.iinfo(np.int64).max
FINE: Final = 1_000_000
"""Parts of a unit that a key tells apart."""
WEEKS_A_POINT: Final = 13
"""Ours: a quarter of waiting counts as one point of need."""
DAY_ZERO: Final = 500_000
"""Days are counted from so long before the first review that none is negative."""


@dataclass(frozen=True)
class Facts:
    """What the history tells of each of its rows, as arrays: what an order may look at."""

    tier: Ints
    band: Ints
    risk: Floats
    true_risk: Floats
    points: Ints
    is_urgent: Booleans


@dataclass(frozen=True)
class Window:
    """The children at hand in a quarter: what is known of each, and where each stands in the line of arrival."""

    tier: Ints
    band: Ints
    risk: Floats
    true_risk: Floats
    points: Ints
    is_urgent: Booleans
    referred: Floats
    arrival: Ints


@dataclass
class Moment:
    """One review: who waits, who was offered a slot before, whom reviewers move up or hold, and the time in weeks."""

    at: Floats
    waits: Booleans
    was_offered: Booleans
    is_moved_up: Booleans
    is_held: Booleans


Choose = Callable[[Moment, Ints, Ints], Booleans]
"""Who is offered a slot at a moment, of so many slots in each replicate, so many of them of the time lane."""
Order = Callable[[Window], Choose]


def longest_wait(_window: Window) -> Choose:
    """First come, first served."""

    def choose(now: Moment, slots: Ints, _timed: Ints) -> Booleans:
        return _oldest(now.waits, slots)

    return choose


def clinical_urgency(window: Window) -> Choose:
    """Whom the referrer marked urgent, then the longest wait."""
    key = np.where(window.is_urgent, 0, 1) * CHILDREN + window.arrival
    return _by(lambda _now: key)


def points(window: Window) -> Choose:
    """Points for needs (`evaluation.orderings`), and one more for each quarter waited."""

    def key(now: Moment) -> Ints:
        waited = ((now.at[:, None] - window.referred) // WEEKS_A_POINT).astype(np.int64)
        return (CHILDREN - window.points - waited) * CHILDREN + window.arrival

    return _by(key)


def pure_risk(window: Window) -> Choose:
    """The highest estimated risk, whatever the wait."""
    key = _by_risk(window.risk, window)
    return _by(lambda _now: key)


def true_risk(window: Window) -> Choose:
    """The highest true risk: what nobody can know, and no order can beat by much."""
    key = _by_risk(window.true_risk, window)
    return _by(lambda _now: key)


def accumulating(rates: tuple[float, ...]) -> Order:
    """Return accumulating priority (Kleinrock): a child of a tier gains its rate for every week waited."""

    def order(window: Window) -> Choose:
        rate = np.asarray(rates)[window.tier]

        def key(now: Moment) -> Ints:
            gained = (now.at[:, None] - window.referred) * rate
            return np.asarray(window.arrival - np.rint(gained * FINE).astype(np.int64) * CHILDREN)

        return _by(key)

    return order


def static_priority(window: Window) -> Choose:
    """Tier, then the order of arrival, and nothing else."""
    key = window.tier * CHILDREN + window.arrival
    return _by(lambda _now: key)


def lanes(window: Window) -> Choose:
    """The policy: need lane, then time lane; who was offered a slot and not brought stands behind tier 0."""
    day = np.rint(window.referred * 7).astype(np.int64) + DAY_ZERO
    base = ((window.band + BANDS // 2) * DAYS + day) * CHILDREN + window.arrival

    def choose(now: Moment, slots: Ints, timed: Ints) -> Booleans:
        level = window.tier * LEVELS_A_TIER + np.where(now.is_moved_up, 0, 1)
        level = np.where(now.was_offered & (window.tier > 0), window.tier + 1, level)
        level = np.where(now.is_held, LEVEL_OF_HELD, level)
        key = np.where(now.waits, level * (BANDS * DAYS * CHILDREN) + base, LAST)
        of_need = slots - timed
        first = np.minimum(of_need, (now.waits & ~now.is_held).sum(axis=1))
        chosen = smallest(key, first)
        chosen |= _oldest(now.waits & ~now.was_offered & ~chosen, timed + of_need - first)
        left = slots - chosen.sum(axis=1)
        if left.any():
            chosen |= smallest(np.where(chosen, LAST, key), left)
        return chosen

    return choose


def smallest(key: Ints, count: Ints) -> Booleans:
    """Return which keys are among the so many smallest of their row; `LAST` never is.

    >>> smallest(np.array([[3, 1, 2], [LAST, 5, LAST]]), np.array([2, 2])).tolist()
    [[False, True, True], [False, True, False]]
    """
    most = min(int(count.max(initial=0)), key.shape[1])
    if most == 0:
        return np.zeros(key.shape, dtype=np.bool_)
    low = np.sort(np.partition(key, most - 1, axis=1)[:, :most], axis=1)
    last = np.take_along_axis(low, np.clip(count - 1, 0, most - 1)[:, None], axis=1)
    return np.asarray((key <= last) & (key < LAST) & (count > 0)[:, None])


def _by(key: Callable[[Moment], Ints]) -> Choose:
    def choose(now: Moment, slots: Ints, _timed: Ints) -> Booleans:
        return smallest(np.where(now.waits, key(now), LAST), slots)

    return choose


def _oldest(waits: Booleans, count: Ints) -> Booleans:
    """Who waits and stands among the so many first in the line of arrival."""
    return np.asarray(waits & (np.cumsum(waits, axis=1) <= count[:, None]))


def _by_risk(risk: Floats, window: Window) -> Ints:
    return np.rint((1 - risk) * FINE).astype(np.int64) * CHILDREN + window.arrival
