"""Queue measures of a service: does its list grow, how long should it be, and what would bring it there.

Words and formulas of Fong et al. 2022, as in NHSRwaitinglist. Rates are per week, waits are in weeks. Every measure
takes one number or an array with a number per service, and gives back the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from risk_model.demand.arguments import ArgumentRefusedError, Numbers, above_zero, numbers, plain, share

WAIT_FACTOR = 4
"""A target wait of four mean waits is missed by about 2 % (waits close to exponential; Fong et al. 2022)."""

STANDARD_DEVIATIONS_OF_DEMAND = 2
"""Relief capacity allows for demand being two standard deviations above its estimate (Fong et al. 2022)."""


def queue_load(demand: ArrayLike, capacity: ArrayLike) -> Any:
    """Return demand over capacity; at 1 or above the list grows for ever. No capacity is an endless load.

    >>> round(queue_load(30, 27), 3)
    1.111
    """
    asked, given = np.broadcast_arrays(*numbers(demand=demand, capacity=capacity))
    endless = np.where(asked > 0, np.inf, 0.0)
    return plain(np.divide(asked, given, out=endless, where=given > 0))


def target_mean_wait(
    target_wait: ArrayLike, factor: ArrayLike | None = None, *, percentile: ArrayLike | None = None
) -> Any:
    """Return the mean wait in weeks at which the target wait is kept for most: the target over the factor.

    The factor is 4, or that of a percentile, -ln(1 - percentile), if waits are close to exponential.

    >>> target_mean_wait(52), round(target_mean_wait(18, percentile=0.92), 4)
    (13.0, 7.1267)
    """
    (wait,) = above_zero(target_wait=target_wait)
    return plain(wait / _factor(factor, percentile))


def target_queue_size(
    demand: ArrayLike,
    target_wait: ArrayLike,
    factor: ArrayLike | None = None,
    *,
    percentile: ArrayLike | None = None,
) -> Any:
    """Return how many may wait for the target to be met: demand times the target mean wait (Little's law).

    >>> target_queue_size(30, 52)
    390.0
    """
    (asked,) = numbers(demand=demand)
    return plain(asked * target_mean_wait(target_wait, factor, percentile=percentile))


def queue_ratio(
    queue_size: ArrayLike,
    demand: ArrayLike,
    target_wait: ArrayLike,
    factor: ArrayLike | None = None,
    *,
    percentile: ArrayLike | None = None,
) -> Any:
    """Return how many times its target size a list has; above 2 it needs relief capacity first (Fong et al. 2022).

    >>> round(queue_ratio(1200, 30, 52), 2)
    3.08
    """
    (size,) = numbers(queue_size=queue_size)
    (asked,) = above_zero(demand=demand)
    return plain(size / target_queue_size(asked, target_wait, factor, percentile=percentile))


def relief_capacity(
    demand: ArrayLike,
    queue_size: ArrayLike,
    target_queue_size: ArrayLike,
    weeks_to_target: ArrayLike,
    num_referrals: ArrayLike | None = None,
    cv_demand: ArrayLike | None = None,
) -> Any:
    """Return the first contacts a week that bring a list to its target size in so many weeks.

    With the number of referrals behind the estimate, demand is raised to demand / (1 - 2 demand cv / sqrt(n));
    `cv_demand` is 1 if left out. Where that term is 1 or more, so few referrals cannot bound demand: the answer is
    infinity, never the figure without the allowance.

    >>> relief_capacity(30, 1200, 390, 26)
    61.15384615384615
    >>> relief_capacity(30, 1200, 390, 26, num_referrals=1000)
    inf
    """
    asked, size, target = numbers(demand=demand, queue_size=queue_size, target_queue_size=target_queue_size)
    (weeks,) = above_zero(weeks_to_target=weeks_to_target)
    if num_referrals is None:
        if cv_demand is not None:
            raise ArgumentRefusedError("num_referrals is missing. Expected it together with cv_demand.")
    else:
        asked = _upper_demand(asked, num_referrals, 1.0 if cv_demand is None else cv_demand)
    return plain(asked + (size - target) / weeks)


def target_capacity(
    demand: ArrayLike,
    target_wait: ArrayLike,
    factor: ArrayLike | None = None,
    cv_demand: ArrayLike = 1.0,
    cv_capacity: ArrayLike = 1.0,
    *,
    percentile: ArrayLike | None = None,
) -> Any:
    """Return the first contacts a week that keep a list at its target size, once it is there.

    >>> round(target_capacity(4, 52), 6)
    4.076923
    """
    asked, of_demand, of_capacity = numbers(demand=demand, cv_demand=cv_demand, cv_capacity=cv_capacity)
    variation = (of_demand**2 + of_capacity**2) / 2
    return plain(asked + variation / target_mean_wait(target_wait, factor, percentile=percentile))


def pressure(mean_wait: ArrayLike, target_wait: ArrayLike) -> Any:
    """Return twice the mean wait over the target wait, both in weeks; above 1 the target is missed by many.

    >>> round(pressure(63, 52), 4)
    2.4231
    """
    (waited,), (wait,) = numbers(mean_wait=mean_wait), above_zero(target_wait=target_wait)
    return plain(2 * waited / wait)


def list_size_for_performance(
    weekly_referrals: ArrayLike, target_wait: ArrayLike, performance: ArrayLike
) -> Any:
    """Return how many may wait if this share of children is to be seen within the target (waits exponential).

    >>> round(list_size_for_performance(100, 18, 0.92), 4)
    712.6656
    """
    (referred,), (wait,) = numbers(weekly_referrals=weekly_referrals), above_zero(target_wait=target_wait)
    return plain(referred * wait / _of_share(performance, "performance"))


def weekly_growth_budget(
    queue_size: ArrayLike, demand: ArrayLike, target_wait: ArrayLike, percentile: ArrayLike, weeks: ArrayLike
) -> Any:
    """Return by how many a week a list may grow, or below 0 must shrink, to have its target size in so many weeks.

    >>> round(weekly_growth_budget(900, 100, 18, 0.92, 26), 4)
    -7.2052
    """
    (size,), (until,) = numbers(queue_size=queue_size), above_zero(weeks=weeks)
    return plain((target_queue_size(demand, target_wait, percentile=percentile) - size) / until)


def demand_projection(start: float, growth: ArrayLike) -> Numbers:
    """Return the start, then the running product with each year's factor (1.05 is 5 % more).

    >>> demand_projection(100, [1.1, 0.5]).round(2).tolist()
    [100.0, 110.0, 55.0]
    """
    (first,), factors = numbers(start=[start]), numbers(growth=growth)[0]
    return np.concatenate([first, first * np.cumprod(np.atleast_1d(factors))])


def capacity_plan(
    weekly_demand: ArrayLike,
    queue_size: ArrayLike,
    target_wait: ArrayLike,
    factor: ArrayLike | None = None,
    weeks_to_target: ArrayLike = 26,
    *,
    percentile: ArrayLike | None = None,
) -> pl.DataFrame:
    """Return target queue size, queue ratio and relief capacity: one row, or one per service.

    >>> capacity_plan(30, 1200, 52, 4, 26).row(0, named=True)["target_queue_size"]
    390.0
    """
    target = target_queue_size(weekly_demand, target_wait, factor, percentile=percentile)
    row = {
        "target_queue_size": target,
        "queue_ratio": queue_ratio(queue_size, weekly_demand, target_wait, factor, percentile=percentile),
        "relief_capacity": relief_capacity(weekly_demand, queue_size, target, weeks_to_target),
    }
    return pl.DataFrame({name: np.atleast_1d(values) for name, values in row.items()})


def _factor(factor: ArrayLike | None, percentile: ArrayLike | None) -> Numbers:
    if percentile is None:
        (given,) = above_zero(factor=WAIT_FACTOR if factor is None else factor)
        return given
    if factor is not None:
        raise ArgumentRefusedError(
            "factor and percentile were both given. Expected one of them: leave one out."
        )
    return _of_share(percentile, "percentile")


def _of_share(value: ArrayLike, name: str) -> Numbers:
    (kept,) = share(**{name: value})
    return np.asarray(-np.log1p(-kept), dtype=np.float64)


def _upper_demand(demand: Numbers, num_referrals: ArrayLike, cv_demand: ArrayLike) -> Numbers:
    (counted,), (variation,) = above_zero(num_referrals=num_referrals), numbers(cv_demand=cv_demand)
    room = 1 - STANDARD_DEVIATIONS_OF_DEMAND * demand * variation / np.sqrt(counted)
    asked, left = np.broadcast_arrays(demand, room)
    bounded: Numbers = np.divide(asked, left, out=np.full(left.shape, np.inf), where=left > 0)
    return bounded
