"""The laboratory's orders against the policy's own function, against queueing theory, and against plain facts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import theory
from risk_model.policy.capacity import SLOT
from risk_model.simulation import guarantees, orders, reviews
from risk_model.simulation.children import HELD, MOVED_UP, NEVER, Children
from risk_model.simulation.slots import whole

MONDAY = date(2026, 1, 5)
REVIEWS, OVERRIDE_WEEKS = 20, 4
TIERS, BANDS = 3, 4


def facts() -> orders.Facts:
    """A row of the history for every tier and band."""
    tier, band = (side.ravel() for side in np.meshgrid(np.arange(TIERS), np.arange(BANDS)))
    risk = 1 - band / BANDS
    return orders.Facts(tier, band, risk, risk, band, np.zeros(tier.size, dtype=bool))


def some_children(number: int, rng: np.random.Generator) -> Children:
    joins = np.sort(rng.integers(-20, REVIEWS, number)).astype(float)[None, :]
    kind = rng.choice([0, MOVED_UP, HELD], joins.shape, p=[0.7, 0.15, 0.15])
    return Children(
        joins=joins,
        referred=joins - rng.permutation(number)[None, :] / 7,
        leaves=np.where(rng.random(joins.shape) < 0.2, joins + rng.integers(1, 30, joins.shape), NEVER),
        misses=np.where(rng.random(joins.shape) < 0.3, rng.integers(1, 3, joins.shape), 0),
        states=np.broadcast_to(rng.integers(0, TIERS * BANDS, joins.shape), (3, *joins.shape)),
        override=kind,
        overridden=np.maximum(joins, 0) + rng.integers(0, 5, joins.shape),
    )


def by_the_policys_own_function(children: Children, slots: np.ndarray, time_share: float) -> np.ndarray:
    """When each child is first offered a slot by `policy.lanes`, one frame a review."""
    told, row = facts(), children.states[0, 0]

    def day(weeks: np.ndarray) -> pl.Series:
        return pl.Series([MONDAY + timedelta(days=round(7 * float(w))) for w in weeks])

    number = children.joins.shape[1]
    leaves = np.where(children.leaves[0] == NEVER, 10_000, children.leaves[0])
    frame = pl.DataFrame(
        {
            "service_id": ["s"] * number,
            "referral_id": [f"{n:04d}" for n in range(number)],
            "tier": told.tier[row],
            "band": told.band[row],
            "referred_on": day(children.referred[0]),
            "entered_on": day(children.joins[0]),
            "first_known_on": day(children.joins[0]),
            "joins": np.maximum(children.joins[0], 0).astype(int),
            "leaves": leaves.astype(int),
            "misses": children.misses[0],
            "from_review": children.overridden[0].astype(int),
            "until_review": children.overridden[0].astype(int) + OVERRIDE_WEEKS - 1,
            "holds": children.override[0] == HELD,
            "moves_up": children.override[0] == MOVED_UP,
            "pin_to_tier": pl.Series([None] * number, dtype=pl.Int64),
        }
    )
    capacity = pl.DataFrame(
        {
            "service_id": "s",
            "review": np.arange(REVIEWS),
            "slots": slots[0],
            "time_share": round(time_share * SLOT),
        }
    )
    course = guarantees.run(frame, capacity, reviews=REVIEWS).children
    return course["offered_at"].cast(pl.Float64).fill_null(NEVER).to_numpy()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.sampled_from([0.5, 1.3, 4.0]))
def test_lanes_are_those_of_the_policy(seed: int, time_share: float, pace: float) -> None:
    rng = np.random.default_rng(seed)
    children, slots = some_children(40, rng), whole(np.full((1, REVIEWS), pace))
    course = reviews.run(
        children, facts(), slots, orders.lanes, time_share=time_share, override_weeks=OVERRIDE_WEEKS
    )
    assert course.offered[0].tolist() == by_the_policys_own_function(children, slots, time_share).tolist()


ORDERS = {
    "longest wait": orders.longest_wait,
    "urgency": orders.clinical_urgency,
    "points": orders.points,
    "risk": orders.pure_risk,
    "accumulating": orders.accumulating((1 / 2, 1 / 6, 1 / 18)),
    "lanes": orders.lanes,
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_no_slot_is_kept_back_and_none_is_given_twice(order: orders.Order) -> None:
    rng = np.random.default_rng(5)
    children, slots = some_children(60, rng), whole(np.full((1, REVIEWS), 1.4))
    course = reviews.run(children, facts(), slots, order, time_share=0.3)
    attended = course.seen != NEVER
    offers = int((attended * (children.misses + 1)).sum())
    assert offers <= slots.sum()
    assert (course.seen[attended] >= np.maximum(children.joins, 0)[attended]).all()
    assert (course.seen[attended] < children.leaves[attended]).all()
    waits_at_the_end = ~attended & (children.leaves > REVIEWS)
    assert waits_at_the_end.sum() == 0 or offers + children.misses.max() * 3 >= slots.sum() - 3


def test_mean_waits_are_those_of_queueing_theory_and_the_order_conserves_them() -> None:
    found = theory.compare(replicates=60, customers=1_200, warm_up=200)
    assert found["largest_error"] < 0.1
    assert found["conservation"] < 1e-9
