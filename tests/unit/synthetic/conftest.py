"""A small world, made once."""

import pytest

from risk_model.synthetic import calibration
from risk_model.synthetic.world import World, make_world

RESIDENTS = 1_500


@pytest.fixture(scope="session")
def small_world() -> World:
    return make_world(calibration.load("base"), 2026, RESIDENTS, lambda stage, share: None)


@pytest.fixture(scope="session")
def small_null_world() -> World:
    return make_world(calibration.load("null"), 2026, RESIDENTS, lambda stage, share: None)
