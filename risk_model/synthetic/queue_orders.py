"""In which order a week's slots are offered: today's habit, and the orders that it can be compared with.

The same referrals can be worked through in any of them, since who is referred knows nothing of who is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_model.synthetic.clock import FIRST_EVENT_WEEK, HORIZON_WEEKS, Floats, Ints
from risk_model.synthetic.needs import EDUCATIONAL, Needs


@dataclass(frozen=True)
class Ready:
    """The children of one service whose turn may come in a week (counted from 2016), in order of arrival.

    `pace` is how fast each is moved on at the same wait: chance, and several times faster where marked urgent.
    """

    week: int
    who: Ints
    weeks_waited: Ints
    pace: npt.NDArray[np.float64]
    needs: Needs


Order = Callable[[Ready], Floats]
"""Gives each child a number; the highest is offered a slot first, equal ones in order of arrival."""


def by_urgency(ready: Ready) -> Floats:
    """Today: the longer the wait the sooner, urgent children first, and much chance."""
    return np.asarray((ready.weeks_waited + 1) * ready.pace, dtype=np.float32)


def by_longest_wait(ready: Ready) -> Floats:
    """First come, first served."""
    return ready.weeks_waited.astype(np.float32)


def by_need(ready: Ready) -> Floats:
    """The greatest need first, were needs known."""
    quarter = min(ready.week // 13, ready.needs.levels.shape[0] - 1)
    return np.asarray(ready.needs.levels[quarter][ready.who][:, EDUCATIONAL].max(axis=1))


def by_true_risk(weekly: Mapping[str, npt.NDArray[np.float32]]) -> Order:
    """The order of an oracle: most events to come in the next 26 weeks first, from the weekly hazards of another run.

    Before the window of events its first weeks stand for what is to come.
    """
    total = np.sum(list(weekly.values()), axis=0)

    def order(ready: Ready) -> Floats:
        first = max(ready.week - FIRST_EVENT_WEEK, 0)
        return np.asarray(total[first : first + HORIZON_WEEKS, ready.who].sum(axis=0))

    return order


def by_estimate(estimates: Mapping[int, npt.NDArray[np.float64]]) -> Order:
    """The order of lists that a model made: the highest estimate of the newest list first.

    `estimates` has for the week (counted from 2016) in which each list came out a number per child of the cohort, NaN
    for who was not on it. Who came since then counts as the median of the list; before the first list it is the longest
    wait.
    """
    weeks = sorted(estimates)

    def order(ready: Ready) -> Floats:
        number = int(np.searchsorted(weeks, ready.week, side="right")) - 1
        if number < 0:
            return by_longest_wait(ready)
        told = estimates[weeks[number]]
        own = told[ready.who]
        return np.where(np.isnan(own), np.nanmedian(told), own).astype(np.float32)

    return order


ORDERS: Final[dict[str, Order]] = {
    "urgency": by_urgency,
    "longest wait": by_longest_wait,
    "need": by_need,
}
