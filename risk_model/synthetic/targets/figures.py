"""A figure as it is counted: its value and how far chance alone moves it."""

from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from risk_model.synthetic.clock import Booleans

SMALLEST_SHARE: Final = 1e-6


class Figure(NamedTuple):
    """A value and its standard error in the same unit; both NaN where nobody could be counted.

    A count grows with the cohort, everything else does not.
    """

    value: float
    error: float
    is_count: bool = False


UNKNOWN: Final = Figure(float("nan"), float("nan"))


def share(rows: pl.DataFrame, claim: pl.Expr) -> Figure:
    """The share of rows for which a claim holds.

    >>> share(pl.DataFrame({"kept": [True, True, True, False]}), pl.col("kept")).value
    0.75
    """
    if rows.is_empty():
        return UNKNOWN
    found = float(rows.select(claim.mean()).item() or 0.0)
    return Figure(found, float(np.sqrt(max(found * (1 - found), SMALLEST_SHARE) / rows.height)))


def rate(events: float, among: float, *, per: float = 1.0) -> Figure:
    """Events for every `per` of those among whom they were counted.

    >>> rate(25, 10_000, per=1_000)
    Figure(value=2.5, error=0.5, is_count=False)
    """
    if not among:
        return UNKNOWN
    return Figure(per * events / among, per * float(np.sqrt(max(events, 1))) / among)


def count(events: int) -> Figure:
    """A number of things."""
    return Figure(float(events), float(np.sqrt(max(events, 1))), is_count=True)


def mean(values: pl.Series) -> Figure:
    """The mean of some values."""
    if len(values) < 2:
        return UNKNOWN
    return Figure(float(values.mean()), float(values.std()) / len(values) ** 0.5)  # type: ignore[arg-type]


def ratio(above: Figure, below: Figure) -> Figure:
    """One figure over another.

    >>> ratio(Figure(6.0, 0.0), Figure(3.0, 0.0))
    Figure(value=2.0, error=0.0, is_count=False)
    """
    if not below.value or np.isnan(above.value + below.value):
        return UNKNOWN
    found = above.value / below.value
    relative = (below.error / below.value) ** 2 + (above.error / above.value if above.value else 0.0) ** 2
    return Figure(found, abs(found) * relative**0.5)


def product(one: Figure, other: Figure) -> Figure:
    """One figure times another.

    >>> product(Figure(2.0, 0.0), Figure(3.0, 0.0))
    Figure(value=6.0, error=0.0, is_count=False)
    """
    errors = (one.error * other.value, other.error * one.value)
    return Figure(one.value * other.value, float(np.hypot(*errors)))


def tetrachoric(first: Booleans, second: Booleans) -> Figure:
    """The correlation of two normal liabilities whose thresholds give these two claims and their overlap."""
    if not first.size or not 0 < float(first.mean()) < 1 or not 0 < float(second.mean()) < 1:
        return UNKNOWN
    both = float((first & second).mean())
    one, two = (-NormalDist().inv_cdf(float(claim.mean())) for claim in (first, second))
    found = _correlation(one, two, both)
    further = _correlation(one, two, both + float(np.sqrt(both * (1 - both) / first.size)))
    return Figure(found, abs(further - found))


def _correlation(one: float, two: float, both: float) -> float:
    normal = NormalDist()
    above = np.linspace(one, one + 9, 1_001)
    density = np.exp(-(above**2) / 2) / np.sqrt(2 * np.pi)
    low, high = -0.95, 0.95
    for _ in range(24):
        middle = (low + high) / 2
        conditional = [normal.cdf(float(z)) for z in (middle * above - two) / np.sqrt(1 - middle**2)]
        joint = float(np.trapezoid(density * np.array(conditional), above))
        low, high = (middle, high) if joint < both else (low, middle)
    return (low + high) / 2


def odds_ratio(rows: pl.DataFrame, exposed: str, outcome: str, within: str) -> Figure:
    """The odds ratio of an outcome, pooled over strata by Mantel and Haenszel."""
    cells = rows.group_by(within).agg(
        n=pl.len(),
        a=(pl.col(exposed) & pl.col(outcome)).sum(),
        b=(pl.col(exposed) & ~pl.col(outcome)).sum(),
        c=(~pl.col(exposed) & pl.col(outcome)).sum(),
        d=(~pl.col(exposed) & ~pl.col(outcome)).sum(),
    )
    above, below, a, b, c, d = cells.select(
        (pl.col("a") * pl.col("d") / pl.col("n")).sum().alias("above"),
        (pl.col("b") * pl.col("c") / pl.col("n")).sum().alias("below"),
        *[pl.col(name).sum() for name in "abcd"],
    ).row(0)
    if not below or not min(a, b, c, d):
        return UNKNOWN
    found = above / below
    return Figure(found, found * (1 / a + 1 / b + 1 / c + 1 / d) ** 0.5)
