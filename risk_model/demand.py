"""Queue measures of one service: does its list grow, how long should it be, and what would bring it there.

Words and formulas of Fong et al. 2022, as in NHSRwaitinglist. Rates are per week, waits are in weeks.
"""

from __future__ import annotations

import math

WAIT_FACTOR = 4
"""A target wait of four mean waits is missed by about 2 % (waits close to exponential; Fong et al. 2022)."""


def queue_load(demand: float, capacity: float) -> float:
    """Return demand over capacity; at 1 or above the list grows for ever.

    >>> round(queue_load(30, 27), 3)
    1.111
    """
    _check(demand=demand, capacity=capacity)
    return demand / capacity if capacity else math.inf


def target_mean_wait(target_wait: float, factor: float = WAIT_FACTOR) -> float:
    """Return the mean wait at which few children wait longer than the target.

    >>> target_mean_wait(52)
    13.0
    """
    _check(target_wait=target_wait, factor=factor)
    return target_wait / factor


def target_queue_size(demand: float, target_wait: float, factor: float = WAIT_FACTOR) -> float:
    """Return how long the list may be for the target to be met (Little's law).

    >>> target_queue_size(30, 52)
    390.0
    """
    return demand * target_mean_wait(target_wait, factor)


def relief_capacity(
    demand: float, queue_size: float, target_queue_size: float, weeks_to_target: float
) -> float:
    """Return the first contacts a week that bring a list to its target size in so many weeks.

    >>> relief_capacity(30, 1200, 390, 26)
    61.15384615384615
    """
    _check(demand=demand, queue_size=queue_size, target_queue_size=target_queue_size, weeks=weeks_to_target)
    return demand + (queue_size - target_queue_size) / weeks_to_target


def _check(**arguments: float) -> None:
    for name, value in arguments.items():
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} is not a finite number of 0 or more")
