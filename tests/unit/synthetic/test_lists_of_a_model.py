"""The queues in the order of lists that a model made: the newest counts, and who came since is its middle."""

from __future__ import annotations

import numpy as np
import pytest

from risk_model.synthetic import queue_orders
from risk_model.synthetic.queue_orders import Ready
from risk_model.synthetic.world import World

NOBODY = float("nan")
LISTS = {10: np.array([0.1, 0.9, 0.5, NOBODY]), 20: np.array([0.7, NOBODY, 0.2, 0.4])}


@pytest.mark.parametrize(
    ("week", "first"),
    [
        (9, [3, 2, 1, 0]),  # no list yet: the longest wait
        (10, [1, 2, 3, 0]),  # child 3 came since, and counts as the median, after child 2 with the same
        (19, [1, 2, 3, 0]),
        (20, [0, 1, 3, 2]),
        (40, [0, 1, 3, 2]),
    ],
)
def test_who_is_offered_a_slot_first(small_world: World, week: int, first: list[int]) -> None:
    waited = np.array([1, 2, 3, 4])
    ready = Ready(week, np.arange(4), waited, np.ones(4), small_world.needs)
    order = queue_orders.by_estimate(LISTS)(ready)
    assert np.argsort(-order, kind="stable").tolist() == first
