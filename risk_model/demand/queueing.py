"""What theory says of a queue with one server and random arrivals, to hold the policy lab against."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from risk_model.demand.arguments import ArgumentRefusedError, Numbers, above_zero, numbers

POLICIES = ("fifo", "static priority", "accumulating priority")


def mm1_policy_mean_wait(
    arrivals: ArrayLike, service_rate: float, policy: str, rates: ArrayLike | None = None
) -> Numbers:
    """Return each class's mean wait before service, M/M/1 without interruption, in the unit of time of the rates.

    `policy` is "fifo"; "static priority", where the class named first goes first; or "accumulating priority", where a
    child's priority grows by its class's rate of `rates` (Kleinrock 1964; Stanford et al. 2014).

    >>> mm1_policy_mean_wait([6, 24], 33, "fifo").round(4).tolist()
    [0.303, 0.303]
    """
    came = np.atleast_1d(above_zero(arrivals=arrivals)[0])
    (served,) = above_zero(service_rate=service_rate)
    load = came / served
    total = load.sum()
    if total >= 1:
        raise ArgumentRefusedError("arrivals are not below service_rate: such a queue has no mean wait.")
    in_service = float(total / served)
    chosen = policy.replace("_", " ")
    if chosen == "fifo":
        return np.full(len(came), in_service / (1 - total))
    if chosen == "static priority":
        up_to = np.cumsum(load)
        return np.asarray(in_service / ((1 - up_to + load) * (1 - up_to)))
    if chosen == "accumulating priority":
        return _accumulating(load, in_service, rates)
    raise ArgumentRefusedError(f"policy is not known. Expected one of: {', '.join(POLICIES)}.")


def _accumulating(load: Numbers, in_service: float, rates: ArrayLike | None) -> Numbers:
    if rates is None:
        raise ArgumentRefusedError(
            "rates is missing. Expected how fast priority grows, a number for each class."
        )
    grows = np.atleast_1d(numbers(rates=rates)[0])
    if len(grows) != len(load) or (grows == 0).any():
        raise ArgumentRefusedError(
            "rates is not a number above 0 for each class. Expected one for each of arrivals."
        )
    waits = np.zeros(len(load))
    for one in np.argsort(grows, kind="stable"):
        slower, faster = grows < grows[one], grows > grows[one]
        overtaken = (load * waits * (1 - grows / grows[one]))[slower].sum()
        overtaking = (load * (1 - grows[one] / grows))[faster].sum()
        waits[one] = (in_service / (1 - load.sum()) - overtaken) / (1 - overtaking)
    return waits
