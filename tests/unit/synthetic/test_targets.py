"""A world of a fifth of Plymouth meets the targets, within tolerances widened for its size."""

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import calibration, targets
from tests.unit.synthetic.worlds import world_of

RESIDENTS = 10_400
WIDER = 2.24
"""The square root of five: a fifth of the children."""


def test_prevalences_are_near_their_targets() -> None:
    table = targets.compare(world_of("base", RESIDENTS))
    assert table["found"].null_count() == 0
    far = table.filter((pl.col("found") - pl.col("value")).abs() > WIDER * pl.col("tolerance"))
    assert far["name"].to_list() == []


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.7])
def test_the_tetrachoric_correlation_is_found_again(correlation: float) -> None:
    rng = np.random.default_rng(3)
    one, noise = rng.standard_normal((2, 400_000))
    two = correlation * one + np.sqrt(1 - correlation**2) * noise
    assert targets.tetrachoric(one > 0.8, two > 1.7) == pytest.approx(correlation, abs=0.02)


def test_every_target_says_where_it_comes_from() -> None:
    for target in calibration.targets():
        assert {"name", "value", "tolerance", "unit", "year", "geography", "source", "status"} <= set(target)
