"""The policy's guarantee against queues made to break it, and what ranking the country's lists costs."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model.policy.capacity import SLOT
from risk_model.simulation import guarantees

QUEUES = 20_000
QUEUES_AT_A_TIME = 4_000
REVIEWS = 40
SEED = 2026
FIRST_DAY = date(2026, 1, 5)
SHARES_OF_THE_NEED_LANE = (0.0, 0.3, 0.5, 0.7, 0.9, 0.95)
SLOTS_A_REVIEW = (0.4, 1.0, 1.7, 3.0, 6.25)
SAME_DAYS = 30
"""Dates are drawn from few days, so that many children tie."""


def policy_bound_violations() -> Measured:
    """Children not offered a slot by the bound that a list had given them, over generated adversarial queues."""
    broken = promised = starved = 0
    for part in range(QUEUES // QUEUES_AT_A_TIME):
        children, capacity = adversarial_queues(QUEUES_AT_A_TIME, np.random.default_rng((SEED, part)))
        course = guarantees.run(children, capacity, reviews=REVIEWS)
        broken += course.broken_guarantees
        promised += course.promises
        if part == 0:
            by_need = guarantees.run(children, capacity, reviews=REVIEWS, order=guarantees.by_need_alone)
            starved = by_need.broken_guarantees
    details = {"queues": QUEUES, "promises": promised, "broken_if_need_alone_decided": starved}
    return Measured(float(broken), broken == 0 and promised > 0 and starved > 0, details)


def adversarial_queues(queues: int, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return so many lists and their slots, as `guarantees.run` reads them: everything that could break a bound
    at once.

    Newcomers arrive in storms, are first by need and claim older dates; children transfer in, return, leave, are not
    brought, tie; reviewers hold, move up and pin at random; slots change from review to review and may be none.
    """
    waiting, arriving = rng.integers(1, 40, queues), rng.integers(0, 6, (queues, REVIEWS - 1))
    storm = rng.random((queues, REVIEWS - 1)) < 0.05
    joining = np.concatenate([waiting[:, None], arriving * np.where(storm, 6, 1)], axis=1)
    of_queue = np.repeat(np.arange(queues), joining.sum(axis=1))
    joins = np.concatenate([np.repeat(np.arange(REVIEWS), row) for row in joining])
    number, newcomer = len(joins), joins > 0
    known = np.where(newcomer, 7 * joins, -rng.integers(0, SAME_DAYS, number))
    entered = np.where(newcomer, known - rng.integers(0, 28, number), known)
    begins, kind = rng.integers(0, REVIEWS, number), rng.integers(0, 12, number)
    children = pl.DataFrame(
        {
            "service_id": of_queue,
            "referral_id": rng.permutation(number),
            "tier": np.where(newcomer & (rng.random(number) < 0.7), 0, rng.integers(0, 3, number)),
            "band": np.where(newcomer, -50, rng.integers(-2, 3, number)),
            "referred_on": _days(entered - rng.integers(0, 2_000, number) * (rng.random(number) < 0.5)),
            "entered_on": _days(entered),
            "first_known_on": _days(known),
            "joins": joins,
            "leaves": np.where(rng.random(number) < 0.1, joins + rng.integers(1, 30, number), 10 * REVIEWS),
            "misses": np.where(rng.random(number) < 0.25, rng.geometric(0.5, number), 0),
            "from_review": begins,
            "until_review": begins + rng.integers(0, 12, number),
            "holds": kind == 0,
            "moves_up": kind == 1,
            "pin_to_tier": np.where(kind == 2, rng.integers(0, 3, number), -1),
        }
    ).with_columns(pin_to_tier=pl.when(pl.col("pin_to_tier") >= 0).then("pin_to_tier"))
    return children, _changing_slots(queues, rng)


def _changing_slots(queues: int, rng: np.random.Generator) -> pl.DataFrame:
    rate = rng.choice(SLOTS_A_REVIEW, queues)[:, None] * rng.choice(
        [0.0, 0.5, 1.0, 1.0, 2.0], (queues, REVIEWS)
    )
    slots = np.diff(np.floor(np.cumsum(rate, axis=1)), axis=1, prepend=0).astype(np.int64)
    share = np.round((1 - rng.choice(SHARES_OF_THE_NEED_LANE, queues)) * SLOT).astype(np.int64)
    return pl.DataFrame(
        {
            "service_id": np.repeat(np.arange(queues), REVIEWS),
            "review": np.tile(np.arange(REVIEWS), queues),
            "slots": slots.ravel(),
            "time_share": np.repeat(share, REVIEWS),
        }
    )


def _days(after_the_first: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.Series:
    first = (FIRST_DAY - date(1970, 1, 1)).days
    return pl.Series(first + after_the_first).cast(pl.Int32).cast(pl.Date)


FIGURES = [
    Figure(
        "policy_bound_violations",
        f"children not offered a slot by the bound a list had given, {QUEUES:,} adversarial queues",
        "children",
        "0",
        policy_bound_violations,
    ),
]
