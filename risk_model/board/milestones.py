"""Measures with a target and milestones on the way: met or not, by how much, how late, and when not to compare."""

from __future__ import annotations

import math
from datetime import date
from typing import Literal, TypedDict

import numpy as np

from risk_model.demand.arguments import ArgumentRefusedError

Better = Literal["higher", "lower"]
CAVEATS = {
    "cumulative": "The figure is summed up within a year: it cannot be compared with a milestone of another month.",
    "projected": "The figure is a projection to the end of the year, not a count.",
    "% sign": "The source prints this rate as a percentage: what it counts is not certain.",
    "definition": "The definition changed: the figure is not comparable with the milestone.",
    "evident error": "The source prints an evident error.",
}
"""Words of a note beside a figure, and why the figure cannot be held against its milestone."""


class Status(TypedDict):
    """Whether a milestone was met, by how much the figure differs, why they may not be compared, and the colour due."""

    met: bool | None
    variance: float | None
    caveat: str | None
    is_green: bool


def milestone_status(
    kpi: str,
    better: Better,
    milestone: float,
    actual: float | None,
    baseline: float,
    target: float,
    note: str | None = None,
) -> Status:
    """Return whether a milestone was met, and the variance, actual minus milestone, in the unit of the measure.

    A note that says the figure is not comparable (`CAVEATS`), and a measure that contradicts itself
    (`validate_measure`), become the caveat; with a caveat nothing is green. No figure is "not known", never "not met".

    >>> milestone_status("Absence", "lower", 10.0, 10.3, 10.9, 10.0)["met"]
    False
    """
    _check(better, milestone=milestone, baseline=baseline, target=target, actual=actual)
    warnings = validate_measure(kpi, better, baseline, target)
    spoken = [words for mark, words in CAVEATS.items() if note and mark in note.lower()]
    caveat = " ".join([*spoken, *warnings]) or None
    if actual is None:
        return {"met": None, "variance": None, "caveat": caveat, "is_green": False}
    met = actual <= milestone if better == "lower" else actual >= milestone
    variance = round(actual - milestone, 10)
    return {"met": met, "variance": variance, "caveat": caveat, "is_green": met and caveat is None}


def validate_measure(kpi: str, better: Better, baseline: float, target: float) -> list[str]:
    """Return a sentence for each way in which baseline, target and direction of a measure contradict each other.

    >>> validate_measure("EHC plans", "lower", 3.99, 30.8)
    ['EHC plans: lower is better, but the target 30.8 lies above the baseline 3.99. Ask the owner which is right.']
    """
    _check(better, baseline=baseline, target=target)
    if (target > baseline) if better == "lower" else (target < baseline):
        side = "above" if better == "lower" else "below"
        return [
            f"{kpi}: {better} is better, but the target {target:g} lies {side} the baseline {baseline:g}. "
            "Ask the owner which is right."
        ]
    return []


def slippage(
    milestone_on: date, milestone: float, better: Better, days: list[date], actuals: list[float]
) -> int | None:
    """Return by how many days a milestone is reached late (below 0: early), by the straight line through the actuals.

    None where the line does not lead there, or fewer than two figures are known.
    """
    _check(better, milestone=milestone)
    if len(days) != len(actuals):
        raise ArgumentRefusedError("actuals do not have a figure for each of days. Expected one each.")
    if len(set(days)) < 2:
        return None
    when = np.array([one.toordinal() for one in days], dtype=np.float64)
    start = when.mean()
    slope, level = np.polyfit(when - start, np.asarray(actuals, dtype=np.float64), 1)
    if slope == 0 or (slope < 0) != (better == "lower"):
        return None
    reached = start + (milestone - level) / slope
    return round(reached - milestone_on.toordinal()) if math.isfinite(reached) else None


def _check(better: str, **numbers: float | None) -> None:
    if better not in ("higher", "lower"):
        raise ArgumentRefusedError('better is not known. Expected "higher" or "lower".')
    for name, value in numbers.items():
        if value is not None and not math.isfinite(value):
            raise ArgumentRefusedError(
                f"{name} is not a finite number. Expected the figure as it was published."
            )
