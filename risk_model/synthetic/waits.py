"""How long each child has waited in every week, for the services the child still waits for, and who has been seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.clock import EVENT_MONDAYS, EVENTS_START, Booleans, Floats, Ints

NEVER: Final = 10_000
HALF_YEAR_WEEKS: Final = 26


@dataclass(frozen=True)
class Waits:
    """The week of the longest open wait by week and child (1: the first, 0: no wait), and of the first contact."""

    weeks: npt.NDArray[np.uint16]
    first_seen: Ints

    def seen(self, weeks: Ints, who: Ints | slice) -> Booleans:
        """Whether each child (column) had a first contact with any service before each week (row)."""
        return np.asarray(self.first_seen[who][None, :] < weeks[:, None])

    def if_unseen_from(self, first: int, weeks: Ints, who: Ints) -> Waits:
        """The same children (columns) in later weeks (rows), had their waits gone on and nobody seen them since."""
        at_first = self.weeks[first, who].astype(np.int64)
        going_on = np.where(at_first > 0, at_first + (weeks - first)[:, None], 0)
        seen = self.first_seen[who]
        return Waits(going_on.astype(np.uint16), np.where(seen < first, seen, NEVER))


def gather(referrals: pl.DataFrame, count: int) -> Waits:
    """The waits of every child: from the referral to the first contact, or to leaving the list unseen."""
    start, seen = _weeks(referrals, pl.col("on")), _weeks(referrals, pl.col("seen_on"))
    end = _weeks(referrals, pl.coalesce("seen_on", "ended_on"))
    who = referrals["child"].to_numpy()
    since = np.full((EVENT_MONDAYS.size, count), NEVER, dtype=np.int16)
    first, last = start.clip(0), end.clip(0, EVENT_MONDAYS.size)
    length = (last - first).clip(0)
    row = np.repeat(np.arange(who.size), length)
    offset = np.arange(row.size) - np.repeat(np.cumsum(length) - length, length)
    np.minimum.at(since, (first[row] + offset, who[row]), start[row].astype(np.int16))
    weeks = np.arange(1, EVENT_MONDAYS.size + 1, dtype=np.int16)[:, None] - since
    first_seen = np.full(count, NEVER, dtype=np.int64)
    np.minimum.at(first_seen, who, seen)
    return Waits(np.where(since == NEVER, 0, weeks).astype(np.uint16), first_seen)


def log_factor(eta: float, waited: npt.NDArray[np.uint16], worst_need: Floats) -> Floats:
    """What the wait so far adds to the log-hazard: eta x log(1 + half-years) x the worst need above the mean.

    `waited` is in weeks, by row and child (column); `worst_need` by child.
    """
    by_weeks = (eta * np.log1p(np.arange(int(waited.max(initial=0)) + 1) / HALF_YEAR_WEEKS)).astype(
        np.float32
    )
    return np.asarray(by_weeks[waited] * np.maximum(worst_need, 0), dtype=np.float32)


def _weeks(referrals: pl.DataFrame, day: pl.Expr) -> Ints:
    """The week of each date, counted from the first week of events; NEVER where there is none."""
    days = (day - pl.lit(EVENTS_START.astype(object))).dt.total_days()
    return referrals.select((days // 7).fill_null(NEVER)).to_series().to_numpy()
