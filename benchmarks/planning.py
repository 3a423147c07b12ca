"""What commissioners plan with: list statistics of a country's services, against a plain loop by service."""

from __future__ import annotations

import time
from datetime import date
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.harness import Figure, Measured
from risk_model import demand

if TYPE_CHECKING:
    import pandas as pd

REFERRALS, SERVICES = 1_000_000, 500
DAYS, MEAN_WAIT_DAYS = 3 * 365, 90
FIRST_DAY = date(2023, 11, 20)
TARGET_WAIT_WEEKS = 18
SECONDS, TIMES_FASTER = 2.0, 20.0
ROUNDS = 3
SEED = 2026
COMPARED = ("demand_weekly", "demand_cv", "capacity_weekly", "capacity_cv", "queue_size", "mean_wait_days")
CLOSE = 1e-9


def demand_million_seconds() -> Measured:
    """Seconds for the statistics of every list; the loop by service and ours take turns, and must say the same."""
    lists = referrals(np.random.default_rng(SEED))
    frame = lists.to_pandas()
    ours, loops = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = demand.list_stats_by_service(lists, TARGET_WAIT_WEEKS)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        expected = by_a_loop(frame)
        loops.append(time.perf_counter() - started)
    _check_equal(found, expected)
    seconds, faster = median(ours), median(loops) / median(ours)
    holds = seconds <= SECONDS and faster >= TIMES_FASTER
    return Measured(seconds, holds, {"loop_seconds": median(loops), "times_faster": faster})


def referrals(rng: np.random.Generator) -> pl.DataFrame:
    """Return invented referrals of three years; a wait that ends after the last day has not ended."""
    came = rng.integers(0, DAYS, REFERRALS)
    left = came + rng.exponential(MEAN_WAIT_DAYS, REFERRALS).astype(int)
    numbered = pl.DataFrame(
        {
            "service": rng.integers(0, SERVICES, REFERRALS),
            "came": came,
            "left": np.where(left < DAYS, left, -1),
        }
    )
    return numbered.select(
        service_id=pl.format("service-{}", "service"),
        referred_on=pl.lit(FIRST_DAY) + pl.duration(days="came"),
        removed_on=pl.when(pl.col("left") >= 0).then(pl.lit(FIRST_DAY) + pl.duration(days="left")),
    )


def by_a_loop(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What an analyst writes: one service after another, counted day by day."""
    return [
        {"service_id": service_id} | _one_list(one["referred_on"], one["removed_on"])
        for service_id, one in frame.groupby("service_id", sort=True)
    ]


def _one_list(referred: pd.Series[Any], removed: pd.Series[Any]) -> dict[str, Any]:
    import pandas as pd

    referred, removed = pd.to_datetime(referred), pd.to_datetime(removed)
    start, end = referred.min(), referred.max()
    every_day = pd.date_range(start, end)
    arrivals = referred.value_counts().reindex(every_day, fill_value=0)
    departures = removed.value_counts().reindex(every_day, fill_value=0)
    queue = (arrivals - departures).cumsum()
    gone = removed[removed <= end].sort_values()
    idle = queue.index[queue == 0]
    events = pd.concat(
        [
            pd.DataFrame({"day": [start], "kind": 0}),
            pd.DataFrame({"day": idle, "kind": 1}),
            pd.DataFrame({"day": gone, "kind": 2}),
        ]
    ).sort_values(["day", "kind"])
    between = events["day"].diff().dt.days[(events["kind"] == 2).to_numpy()]
    gaps = referred.sort_values().diff().dt.days.dropna()
    waits = (end - referred[removed.isna() | (removed > end)]).dt.days
    return {
        "demand_weekly": 7 * len(referred) / (end - start).days,
        "demand_cv": gaps.std() / gaps.mean(),
        "capacity_weekly": 7 / between.mean(),
        "capacity_cv": between.std() / between.mean(),
        "queue_size": int(queue.iloc[-1]),
        "mean_wait_days": waits.mean(),
    }


def _check_equal(found: pl.DataFrame, expected: list[dict[str, Any]]) -> None:
    other = pl.DataFrame(expected).sort("service_id")
    assert found["service_id"].equals(other["service_id"])
    for name in COMPARED:
        assert np.allclose(_values(found, name), _values(other, name), rtol=CLOSE, atol=CLOSE), name


def _values(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return frame[name].cast(pl.Float64).to_numpy()


FIGURES = [
    Figure(
        "demand_million_seconds",
        "list statistics of 1,000,000 referrals of 500 services, equal to those of a pandas loop by service",
        "s",
        f"at most {SECONDS:g} s, and {TIMES_FASTER:g} times faster than the loop",
        demand_million_seconds,
    ),
]
