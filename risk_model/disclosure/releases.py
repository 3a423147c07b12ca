"""When figures come out: once a month, so that two runs of one month cannot be subtracted from each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def monthly_releases(runs: Iterable[tuple[date, str]]) -> dict[date, str]:
    """Return the run that each month shows, by the month's first day, oldest first; every other run stays unseen.

    A month shows its first index date; where that day was run again, the last of its runs, for it corrects the others.
    `runs` are pairs of index date and name, in the order in which they were made.

    >>> monthly_releases([(date(2026, 11, 6), "a"), (date(2026, 11, 6), "b"), (date(2026, 11, 13), "c")])
    {datetime.date(2026, 11, 1): 'b'}
    """
    shown: dict[date, tuple[date, str]] = {}
    for day, name in sorted(runs, key=lambda run: run[0]):
        month = day.replace(day=1)
        if month not in shown or shown[month][0] == day:
            shown[month] = (day, name)
    return {month: name for month, (_, name) in shown.items()}
