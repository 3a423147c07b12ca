"""A list over the next twelve months, as a fan: what may come, as now, with more slots, with more demand."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from risk_model.demand.arguments import Numbers, numbers

MONTHS = 12
WEEKS_A_MONTH = 365.25 / 12 / 7
PATHS = 2000
SEED = 2026
COUNTED_WEEKS = 26
"""A rate stands on half a year: its uncertainty is that of so many weeks' count."""
SHORTEST_HISTORY, SHORTEST_SEASON = 12, 24
"""Months: with fewer there is no saying what is usual; a season is seen twice before it is believed."""
LONGEST_HISTORY = 48
"""Months: what came before tells little of today's service."""
FAN = {"low_90": 0.05, "low_50": 0.25, "middle": 0.5, "high_50": 0.75, "high_90": 0.95}
"""The share of paths below each line: half of all between the inner two, nine in ten between the outer two."""
FROM_HISTORY = "monthly counts: exponential smoothing{season}"
FROM_RATES = "the half year's rates alone, without a season"


@dataclass(frozen=True)
class Paths:
    """What may come: referrals and first contacts, a row per path and a column per month.

    `leaving` is the share of a list that leaves unseen in a month; `basis` says in words what the paths stand on.
    """

    referrals: Numbers
    contacts: Numbers
    leaving: float
    basis: str


@dataclass(frozen=True)
class Scenario:
    """What is tried: first contacts a week more, and per cent of demand more; below 0 is fewer."""

    name: str
    more_slots: float = 0.0
    more_demand_percent: float = 0.0


AS_NOW = Scenario("as now")


def scenarios(more_slots: float, more_demand_percent: float) -> list[Scenario]:
    """Return as now, and each change for itself, named as it reads.

    >>> [each.name for each in scenarios(2, 10)]
    ['as now', '+2 slots a week', 'demand +10 %']
    """
    return [
        AS_NOW,
        Scenario(f"{more_slots:+g} slots a week", more_slots=more_slots),
        Scenario(f"demand {more_demand_percent:+g} %", more_demand_percent=more_demand_percent),
    ]


def from_rates(referred_per_week: float, seen_per_week: float) -> Paths:
    """Return paths from two rates: each month random about a rate that is itself known from half a year's count."""
    referred, seen = numbers(referred_per_week=referred_per_week, seen_per_week=seen_per_week)
    rng = np.random.default_rng(SEED)
    return Paths(_random(rng, float(referred)), _random(rng, float(seen)), 0.0, FROM_RATES)


def from_history(flow: pl.DataFrame, waiting: int) -> Paths | None:
    """Return paths from a service's months of `flow`, with its season; None with fewer than twelve whole months.

    Exponential smoothing (statsmodels ETS, additive errors, no trend, so that a year of growth is not drawn on for
    ever), with a season of twelve months where two are known. Months before the first contact known do not count:
    of them only the waits that lasted are known.
    """
    began = flow.filter(pl.col("first_contacts") > 0)["month"].min()
    known = flow.filter(pl.col("month") > pl.lit(began)).sort("month").tail(LONGEST_HISTORY)
    if known.height < SHORTEST_HISTORY:
        return None
    has_season = known.height >= SHORTEST_SEASON
    left = float(known["left_unseen"].tail(MONTHS).mean() or 0.0)  # type: ignore[arg-type]
    return Paths(
        _smoothed(known["referrals"], has_season=has_season, seed=SEED),
        _smoothed(known["first_contacts"], has_season=has_season, seed=SEED + 1),
        min(left / waiting, 1.0) if waiting else 0.0,
        FROM_HISTORY.format(season=" with a season of twelve months" if has_season else ""),
    )


def fan(waiting: int, paths: Paths, scenario: Scenario = AS_NOW) -> pl.DataFrame:
    """Return the list at the end of each month: `month` 0 (now) to 12, and the lines of `FAN`, in children."""
    (start,) = numbers(waiting=waiting)
    came = paths.referrals * (1 + scenario.more_demand_percent / 100)
    seen = np.maximum(paths.contacts + scenario.more_slots * WEEKS_A_MONTH, 0)
    size = np.full(len(came), float(start))
    sizes = [size]
    for month in range(MONTHS):
        size = np.maximum(size * (1 - paths.leaving) + came[:, month] - seen[:, month], 0)
        sizes.append(size)
    lines = np.quantile(np.array(sizes), list(FAN.values()), axis=1)
    return pl.DataFrame({"month": range(MONTHS + 1)} | dict(zip(FAN, lines, strict=True)))


def weeks_of_wait(waiting: float, seen_per_week: float) -> float | None:
    """Return the weeks a child who joins now waits, if all are seen in turn at this pace; None where nobody is seen.

    >>> weeks_of_wait(300, 10)
    30.0
    """
    (size,), (pace,) = numbers(waiting=[waiting]), numbers(seen_per_week=[seen_per_week])
    return float(size[0] / pace[0]) if pace[0] > 0 else None


def season(flow: pl.DataFrame) -> dict[int, float] | None:
    """Return each calendar month's referrals over the mean month, by its number; None with fewer than two years."""
    known = flow.sort("month").tail(LONGEST_HISTORY)
    mean = known["referrals"].mean()
    if known.height < SHORTEST_SEASON or not mean:
        return None
    by_month = known.group_by(number=pl.col("month").dt.month()).agg(pl.col("referrals").mean() / mean)
    return dict(by_month.sort("number").iter_rows())


def rate_interval(per_week: float, weeks: int = COUNTED_WEEKS) -> tuple[float, float]:
    """Return the 95 % interval of a weekly rate counted over so many weeks (Poisson, Jeffreys).

    >>> [round(limit, 1) for limit in rate_interval(4.0)]
    [3.3, 4.8]
    """
    from scipy import stats

    low, high = stats.gamma.ppf([0.025, 0.975], per_week * weeks + 0.5) / weeks
    return float(low), float(high)


def _random(rng: np.random.Generator, per_week: float) -> Numbers:
    rate = rng.gamma(per_week * COUNTED_WEEKS + 0.5, 1 / COUNTED_WEEKS, (PATHS, 1))
    return rng.poisson(np.broadcast_to(rate * WEEKS_A_MONTH, (PATHS, MONTHS))).astype(np.float64)


def _smoothed(counts: pl.Series, *, has_season: bool, seed: int) -> Numbers:
    # statsmodels takes a second to import, and only a forecast from history needs it
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    series: NDArray[np.float64] = counts.cast(pl.Float64).to_numpy()
    if np.ptp(series) == 0:
        return np.full((PATHS, MONTHS), series[0])
    shape: dict[str, object] = {"seasonal": "add", "seasonal_periods": MONTHS} if has_season else {}
    with warnings.catch_warnings():
        # a flat optimum is reported as no convergence; the interval, not the optimum, is what is used
        warnings.simplefilter("ignore")
        fitted = ETSModel(series, error="add", initialization_method="heuristic", **shape).fit(disp=False)
        drawn = fitted.simulate(MONTHS, anchor="end", repetitions=PATHS, rng=np.random.default_rng(seed))
    return np.maximum(np.asarray(drawn, dtype=np.float64).T, 0)
