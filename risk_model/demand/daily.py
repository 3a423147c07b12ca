"""Day by day: how many came, left and waited, of every list at once, in one array of lists by days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from risk_model.demand.arguments import ArgumentRefusedError, day

Counts = NDArray[np.int64]
CELLS_AT_ONCE = 20_000_000
"""Lists times days that are held in memory together: under 1 GiB with what is counted of them."""
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Gaps:
    """The days between events, one row per list: how many gaps, their sum, the sum of their squares."""

    count: Counts
    total: Counts
    squares: Counts

    def variation(self) -> NDArray[np.float64]:
        """Standard deviation over mean; no number for fewer than two gaps, or where all events fall on one day."""
        is_told = (self.count > 1) & (self.total > 0)
        count = np.where(is_told, self.count, 2).astype(np.float64)
        mean = np.where(is_told, self.total / count, 1.0)
        spread = np.sqrt(np.maximum(self.squares - count * mean**2, 0) / (count - 1))
        return np.where(is_told, spread / mean, np.nan)


@dataclass(frozen=True)
class Daily:
    """Counts of lists, a row each: windows in days since 1970, and who waits at their ends and for how many days."""

    service_ids: list[str]
    first_day: int
    start: Counts
    end: Counts
    queue: Counts
    referrals: Counts
    referral_gaps: Gaps
    removal_gaps: Gaps
    waiting: Counts
    days_waited: Counts


def parts(lists: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the lists in parts small enough to be counted at once, each list whole."""
    days = lists["referred_on"].to_physical().to_numpy()
    span = int(days.max() - days.min()) + 1
    names = lists["service_id"].unique()
    at_once = max(1, CELLS_AT_ONCE // span)
    if len(names) <= at_once:
        yield lists
        return
    for first in range(0, len(names), at_once):
        yield lists.filter(pl.col("service_id").is_in(names[first : first + at_once].implode()))


def count(lists: pl.DataFrame, start: date | str | None, end: date | str | None) -> Daily:
    """Return the counts of all lists over their windows.

    `lists` has `service_id`, `referred_on` and `removed_on`. A gap between removals starts with the removal before it,
    with the window, or with the last day that ended with nobody waiting, whichever is latest.
    """
    names = lists["service_id"].unique().sort()
    listed = lists["service_id"].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    came = lists["referred_on"].to_physical().to_numpy()
    left = lists["removed_on"].to_physical().fill_null(NEVER).to_numpy()
    starts, ends = _windows(listed, came, len(names), start, end)
    first, width = int(starts.min()), int(ends.max() - starts.min()) + 1
    start_of, end_of = starts[listed], ends[listed]

    def by_day(which: NDArray[np.bool_] | None, days: NDArray[Any]) -> Counts:
        cells = listed * width + (days - first)
        cells = cells if which is None else cells[which]
        return np.bincount(cells, minlength=len(names) * width).reshape(len(names), width)

    has_come, has_left = came <= end_of, left <= end_of
    is_here = has_come & (left >= start_of)
    waits = has_come & ~has_left
    queue = by_day(is_here, np.maximum(came, start_of))
    referred = queue if start is None else by_day(has_come & (came >= start_of), came)
    removed = by_day(is_here & has_left, left)
    queue = np.cumsum(queue - removed, axis=1)
    return Daily(
        service_ids=names.to_list(),
        first_day=first,
        start=starts,
        end=ends,
        queue=queue,
        referrals=referred.sum(axis=1),
        referral_gaps=_between(referred),
        removal_gaps=_since(removed, queue, starts - first, ends - first),
        waiting=np.bincount(listed[waits], minlength=len(names)),
        days_waited=np.bincount(listed[waits], weights=(end_of - came)[waits], minlength=len(names)).astype(
            np.int64
        ),
    )


def _windows(
    listed: Counts, came: NDArray[Any], lists: int, start: date | str | None, end: date | str | None
) -> tuple[Counts, Counts]:
    first, last = int(came.min()), int(came.max())
    width = last - first + 1
    is_used = np.zeros(lists * width, dtype=bool)
    is_used[listed * width + (came - first)] = True
    grid = is_used.reshape(lists, width)
    starts = first + grid.argmax(axis=1)
    ends = last - grid[:, ::-1].argmax(axis=1)
    if start is not None:
        starts = np.full(lists, (day(start, "start") - date(1970, 1, 1)).days)
    if end is not None:
        ends = np.full(lists, (day(end, "end") - date(1970, 1, 1)).days)
    if (ends < starts).any():
        raise ArgumentRefusedError("end lies before start. Expected a window of at least one day.")
    return starts, ends


def _between(events: Counts) -> Gaps:
    """Gaps from each event to the next; events of one day are no days apart."""
    days = np.arange(events.shape[1], dtype=np.int32)
    is_event = events > 0
    before = _last(np.where(is_event, days, -1))
    gaps = np.where(is_event & (before >= 0), days - before, 0).astype(np.int64)
    return Gaps(np.maximum(events.sum(axis=1) - 1, 0), gaps.sum(axis=1), (gaps**2).sum(axis=1))


def _since(events: Counts, queue: Counts, start: Counts, end: Counts) -> Gaps:
    """Gaps while somebody waited."""
    days = np.arange(events.shape[1], dtype=np.int32)
    is_event = events > 0
    is_idle = (queue == 0) & (days >= start[:, None]) & (days <= end[:, None])
    idle = np.maximum.accumulate(np.where(is_idle, days, -1), axis=1)
    since = np.maximum(np.maximum(idle, _last(np.where(is_event, days, -1))), start[:, None])
    gaps = np.where(is_event, days - since, 0).astype(np.int64)
    return Gaps(events.sum(axis=1), gaps.sum(axis=1), (gaps**2).sum(axis=1))


def _last(marked: NDArray[Any]) -> NDArray[Any]:
    """The last day marked before each day, or -1."""
    before = np.full(marked.shape, -1, dtype=marked.dtype)
    before[:, 1:] = np.maximum.accumulate(marked[:, :-1], axis=1)
    return before
