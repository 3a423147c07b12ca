"""Queue measures against the printed cases of the paper and of NHSRwaitinglist."""

from __future__ import annotations

import math

import pytest

from risk_model import demand


@pytest.mark.parametrize(
    ("measure", "arguments", "expected"),
    [
        (demand.queue_load, (30, 27), 1.1111111111),
        (demand.queue_load, (30, 0), math.inf),
        (demand.target_mean_wait, (52, 4), 13),
        (demand.target_queue_size, (30, 52, 4), 390),
        (demand.target_queue_size, (30, 50, 6), 250),
        (demand.relief_capacity, (30, 1200, 390, 26), 61.1538461538),
    ],
)
def test_a_printed_case(measure: object, arguments: tuple[float, ...], expected: float) -> None:
    assert callable(measure)
    assert measure(*arguments) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_a_rate_that_is_no_rate_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="capacity"):
        demand.queue_load(1.0, bad)
