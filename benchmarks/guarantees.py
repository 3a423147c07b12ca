"""The policy's guarantee against queues made to break it."""

from __future__ import annotations

import numpy as np

from benchmarks.harness import Figure, Measured
from risk_model import simulation
from risk_model.policy import DEFAULT_POLICY, LOWEST_TIER, Policy, load
from risk_model.simulation import Children

QUEUES = 2_000
REVIEWS = 40
SEED = 2026


def policy_bound_violations() -> Measured:
    """Children offered a slot later than a list had said, over generated adversarial queues."""
    policy, _ = load(DEFAULT_POLICY)
    rng = np.random.default_rng(SEED)
    broken = promised = starved = 0
    for _ in range(QUEUES):
        children, rules, rate = adversarial_queue(policy, rng)
        course = simulation.run(children, rules, rate, reviews=REVIEWS, order=simulation.by_policy)
        broken += course.broken_guarantees()
        promised += int((course.promised != simulation.NEVER).sum())
        need_alone = simulation.run(children, rules, rate, reviews=REVIEWS, order=simulation.by_need_alone)
        starved += need_alone.broken_guarantees()
    details = {"queues": QUEUES, "promises": promised, "broken_if_need_alone_decided": starved}
    return Measured(float(broken), broken == 0 and promised > 0 and starved > 0, details)


def adversarial_queue(policy: Policy, rng: np.random.Generator) -> tuple[Children, Policy, float]:
    """Return a queue in which newcomers are always first by need and claim older dates, over capacity."""
    first, arriving = int(rng.integers(5, 60)), int(rng.integers(0, 8))
    joins = np.concatenate([np.zeros(first, np.int64), np.repeat(np.arange(1, REVIEWS), arriving)])
    number, newcomer = len(joins), joins > 0
    first_day = (policy.reviews.counted_from - np.datetime64("1970-01-01").astype(object)).days
    entered = np.where(newcomer, first_day + 7 * joins, first_day - rng.integers(1, 900, number))
    claimed = entered - np.where(newcomer, rng.integers(0, 2_000, number), 0)
    children = Children(
        tier=np.where(newcomer, 0, rng.integers(0, LOWEST_TIER + 1, number)),
        band=np.where(newcomer, -50, rng.integers(-10, 10, number)),
        referred=claimed,
        entered=entered,
        joins=joins,
    )
    share = float(rng.choice([0.5, 0.7, 0.9, 0.95]))
    rate = float(rng.choice([0.4, 1.0, 1.7, 3.0, 6.25]))
    return children, policy.model_copy(update={"need_lane_share": share}), rate


FIGURES = [
    Figure(
        "policy_bound_violations",
        f"children offered a slot later than any list had said, {QUEUES:,} adversarial queues",
        "children",
        "0",
        policy_bound_violations,
    ),
]
