"""The laboratory's waits against closed forms: one clinician, random arrivals, exponential contacts (M/M/1).

The closed forms stand in `risk_model.demand.queueing`. When each contact begins does not depend on the order, since a
free clinician takes whoever is there: the times are those of first come, first served, and the order says whose.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Figure, Measured
from risk_model.demand.queueing import mm1_policy_mean_wait
from risk_model.simulation import orders, reviews
from risk_model.simulation.children import NEVER, Children

ARRIVALS = (6.0, 24.0)
SERVICE_RATE = 36.0
RATES = (2.0, 1.0)
MOST_ERROR, MOST_IMBALANCE = 0.03, 1e-9
SEED = 2026
ORDERS = {
    "fifo": orders.longest_wait,
    "static priority": orders.static_priority,
    "accumulating priority": orders.accumulating(RATES),
}


def theory_largest_error() -> Measured:
    """The largest relative error of a mean wait, and how far the total wait moves with the order."""
    found = compare(replicates=500, customers=4_500, warm_up=500)
    holds = found["largest_error"] <= MOST_ERROR and found["conservation"] <= MOST_IMBALANCE
    return Measured(found["largest_error"], holds, found)


def compare(*, replicates: int, customers: int, warm_up: int) -> dict[str, float]:
    """Return the mean waits by class under each order over the closed form, the largest error, and the imbalance.

    The first arrivals of each replicate are not counted (`warm_up`), except in the imbalance: summed over everybody,
    the waits are the same under every order.
    """
    rng = np.random.default_rng(SEED)
    arrives, starts, kind = _one_clinician(replicates, customers, rng)
    everybody = np.zeros(arrives.shape)
    children = Children(
        joins=arrives,
        referred=arrives,
        leaves=everybody + NEVER,
        misses=everybody.astype(np.int64),
        states=np.broadcast_to(kind, (-(-customers // 13), *kind.shape)),
        override=everybody.astype(np.int64),
        overridden=everybody,
    )
    none = np.zeros(2)
    facts = orders.Facts(
        np.arange(2), none.astype(np.int64), none, none, none.astype(np.int64), none.astype(bool)
    )
    slots = np.ones(arrives.shape, dtype=np.int64)
    found, totals = {}, []
    for name, order in ORDERS.items():
        waited = reviews.run(children, facts, slots, order, at=starts).offered - arrives
        totals.append(waited.sum())
        for of_kind, expected in enumerate(mm1_policy_mean_wait(ARRIVALS, SERVICE_RATE, name, RATES)):
            mean = waited[:, warm_up:][kind[:, warm_up:] == of_kind].mean()
            found[f"{name} {of_kind + 1}"] = float(mean / expected - 1)
    return {
        **found,
        "largest_error": max(abs(error) for error in found.values()),
        "conservation": float(np.ptp(totals) / np.mean(totals)),
    }


def _one_clinician(
    replicates: int, customers: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """When each child comes and each contact begins, and of which class the child is."""
    arrives = np.cumsum(rng.exponential(1 / sum(ARRIVALS), (replicates, customers)), axis=1)
    lasts = rng.exponential(1 / SERVICE_RATE, (replicates, customers))
    before = np.cumsum(lasts, axis=1) - lasts
    starts = np.maximum(np.maximum.accumulate(arrives - before, axis=1) + before, arrives)
    kind = (rng.random((replicates, customers)) >= ARRIVALS[0] / sum(ARRIVALS)).astype(np.int64)
    return arrives, starts, kind


FIGURES = [
    Figure(
        "lab_theory_error",
        "largest error of the laboratory's mean waits (first come, static, accumulating) against queueing theory",
        "",
        f"at most {MOST_ERROR:g}, total waits conserved to {MOST_IMBALANCE:g}",
        theory_largest_error,
    ),
]
