"""Statistical process control: individuals and moving ranges by the NHS "Making Data Count" rules.

Rules and constants as in NHSRplotthedots. A chart says whether a measure changed, and whether it keeps its target.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from risk_model.demand.arguments import ArgumentRefusedError

LIMIT_FACTOR = 2.66
"""Three standard deviations, from the mean moving range of two points: 3 / 1.128."""
SCREEN_FACTOR = 3.267
"""A moving range at or above this many means of them is an outlier, dropped once before the limits."""
RUN = 7
"""Points of a trend, and of a shift to one side of the mean."""
CLOSE = 2 / 3
"""Close to a limit: more than two of its three standard deviations from the mean."""
Better = Literal["increase", "decrease"]
Marks = NDArray[np.int64]
Values = NDArray[np.float64]


class Point(TypedDict):
    """One point: its value, the mean and limits that hold for it, its type, and the rule that made it special."""

    value: float
    mean: float
    lpl: float
    upl: float
    type: str
    rule: str | None


class Chart(TypedDict):
    """A chart: mean and limits that hold for its last point, all points, and how many are of each type."""

    mean: float
    lpl: float
    upl: float
    points: list[Point]
    n: int
    n_special: int
    n_common: int
    n_improvement: int
    n_concern: int
    last: str


def xmr(
    values: ArrayLike,
    better: Better | None = None,
    screen_outliers: bool = True,
    rebase_at: int | Sequence[int] | None = None,
    fix_after_n: int | None = None,
) -> Chart:
    """Return the chart of a measure's values in the order of time.

    Limits are the mean +/- 2.66 mean moving ranges; those of a series without change are its mean. `rebase_at` names
    the points at which mean and limits start anew; `fix_after_n` takes them from the first n points of a stretch.
    Types: `common_cause`, `special_cause_improvement`, `special_cause_concern`, or `special_cause_neutral` where no
    direction is better. Of several rules the first counts: outside the limits, trend, two of three close to a limit,
    one side of the mean. A trend counts by where it leads, every other rule by the side of the mean.
    """
    found = _values(values)
    if better not in ("increase", "decrease", None):
        raise ArgumentRefusedError('better is not known. Expected "increase", "decrease" or None.')
    starts = [0, *_starts(rebase_at, len(found)), len(found)]
    points: list[Point] = []
    for start, end in pairwise(starts):
        points += _stretch(found[start:end], better, screen_outliers, fix_after_n)
    types = [point["type"] for point in points]
    last = points[-1]
    return {
        "mean": last["mean"],
        "lpl": last["lpl"],
        "upl": last["upl"],
        "points": points,
        "n": len(points),
        "n_special": sum(kind != "common_cause" for kind in types),
        "n_common": types.count("common_cause"),
        "n_improvement": types.count("special_cause_improvement"),
        "n_concern": types.count("special_cause_concern"),
        "last": last["type"],
    }


def seven_point_trend(values: ArrayLike) -> Marks:
    """Return 1 or -1 at the seventh point, and each later one, of a run that strictly rises or falls; else 0.

    >>> seven_point_trend([2, 1, 2, 3, 4, 5, 6, 7, 3]).tolist()
    [0, 0, 0, 0, 0, 0, 0, 1, 0]
    """
    steps = np.sign(np.diff(_values(values)))
    return _runs(np.concatenate([[0], steps]), RUN - 1)


def seven_one_side(values: ArrayLike, mean: float) -> Marks:
    """Return 1 or -1 at the seventh point, and each later one, of a run above or below the mean; else 0.

    >>> seven_one_side([1] * 7 + [-1], 0).tolist()
    [0, 0, 0, 0, 0, 0, 1, 0]
    """
    return _runs(np.sign(_values(values) - mean), RUN)


def two_in_three(values: ArrayLike, mean: float, lpl: float, upl: float) -> Marks:
    """Return 1 or -1 at each point close to a limit that is one of two such in three points on one side; else 0.

    >>> two_in_three([0, 2.5, 0.1, 2.6, 0], 0, -3, 3).tolist()
    [0, 1, 0, 1, 0]
    """
    found = _values(values)
    side = np.sign(found - mean).astype(np.int64)
    close = ((found > mean + CLOSE * (upl - mean)) | (found < mean - CLOSE * (mean - lpl))).astype(np.int64)
    marks = np.zeros(len(found), dtype=np.int64)
    for first in range(len(found) - 2):
        three = slice(first, first + 3)
        if abs(side[three].sum()) == 3 and close[three].sum() >= 2:
            marks[three] = np.where(close[three] == 1, side[three], marks[three])
    return marks


def assurance(lpl: ArrayLike, upl: ArrayLike, target: ArrayLike, better: Better) -> list[str]:
    """Return, for each pair of limits, whether the target is always met, never met, or met by chance.

    >>> assurance([1, 5, 1], [3, 7, 5], 4, "increase")
    ['consistent_fail', 'consistent_pass', 'inconsistent']
    """
    if better not in ("increase", "decrease"):
        raise ArgumentRefusedError('better is not known. Expected "increase" or "decrease".')
    low, high, aim = np.broadcast_arrays(*(np.atleast_1d(_values(given)) for given in (lpl, upl, target)))
    above = np.where(low > aim, 1, np.where(high < aim, -1, 0)) * (1 if better == "increase" else -1)
    words = {1: "consistent_pass", -1: "consistent_fail", 0: "inconsistent"}
    return [words[int(one)] for one in above]


def _stretch(
    found: Values, better: Better | None, screen_outliers: bool, fix_after_n: int | None
) -> list[Point]:
    mean, reach = _limits(found[:fix_after_n] if fix_after_n else found, screen_outliers)
    lpl, upl = mean - reach, mean + reach
    rules = {
        "outside the limits": np.where(found > upl, 1, np.where(found < lpl, -1, 0)),
        "trend of seven": _whole_run(seven_point_trend(found)),
        "two of three close to a limit": two_in_three(found, mean, lpl, upl),
        "seven on one side of the mean": _whole_run(seven_one_side(found, mean)),
    }
    points: list[Point] = []
    for place, value in enumerate(found):
        rule, way = next(((n, int(marks[place])) for n, marks in rules.items() if marks[place]), (None, 0))
        points.append(
            {
                "value": float(value),
                "mean": mean,
                "lpl": lpl,
                "upl": upl,
                "type": _kind(way, better),
                "rule": rule,
            }
        )
    return points


def _limits(found: Values, screen_outliers: bool) -> tuple[float, float]:
    ranges = np.abs(np.diff(found))
    if screen_outliers and len(ranges):
        kept = ranges[ranges < SCREEN_FACTOR * ranges.mean()]
        ranges = kept if len(kept) else ranges
    return float(found.mean()), LIMIT_FACTOR * float(ranges.mean()) if len(ranges) else 0.0


def _kind(way: int, better: Better | None) -> str:
    """A trend counts by where it leads, every other rule by the side of the mean."""
    if way == 0:
        return "common_cause"
    if better is None:
        return "special_cause_neutral"
    is_better = way == (1 if better == "increase" else -1)
    return "special_cause_improvement" if is_better else "special_cause_concern"


def _runs(signs: NDArray[np.float64], length: int) -> Marks:
    """Mark where a run of one sign has reached its length."""
    marks = np.zeros(len(signs), dtype=np.int64)
    run, before = 0, 0.0
    for place, sign in enumerate(signs):
        run = 0 if sign == 0 else run + 1 if sign == before else 1
        before = sign
        marks[place] = int(sign) if run >= length else 0
    return marks


def _whole_run(marks: Marks) -> Marks:
    """A mark stands for its point and the six before it."""
    whole = np.zeros(len(marks), dtype=np.int64)
    for place in np.flatnonzero(marks):
        whole[place - RUN + 1 : place + 1] = marks[place]
    return whole


def _starts(rebase_at: int | Sequence[int] | None, length: int) -> list[int]:
    given = [] if rebase_at is None else [rebase_at] if isinstance(rebase_at, int) else list(rebase_at)
    if any(not 0 < place < length for place in given):
        raise ArgumentRefusedError(
            f"rebase_at is no point after the first of {length}. Expected the place, counted from 0, of each new start."
        )
    return sorted(set(given))


def _values(values: ArrayLike) -> Values:
    try:
        found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise ArgumentRefusedError(
            "values holds something that is no number. Expected finite numbers."
        ) from error
    if found.size == 0 or not np.isfinite(found).all():
        raise ArgumentRefusedError(
            "values is empty or holds a gap. Expected finite numbers in the order of time."
        )
    return found
