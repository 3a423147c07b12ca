"""A small world and the children of three councils, made once."""

from collections.abc import Sequence

import pytest

from risk_model.synthetic import calibration, councils, neighbours, population
from risk_model.synthetic.councils import Place
from risk_model.synthetic.population import Children
from risk_model.synthetic.world import World
from tests.unit.synthetic.worlds import world_of

RESIDENTS = 1_500


@pytest.fixture(scope="session")
def small_world() -> World:
    return world_of("base", RESIDENTS)


@pytest.fixture(scope="session")
def small_null_world() -> World:
    return world_of("null", RESIDENTS)


@pytest.fixture(scope="session")
def three_councils() -> tuple[Sequence[Place], Sequence[Children]]:
    """The children of tiny_devon: Plymouth, Devon County and Torbay, in this order."""
    places = councils.places("tiny_devon", 2026)
    figures = calibration.load("base")
    everyone = [population.make_children(place.council.own(figures), place) for place in places]
    return places, neighbours.side_by_side(figures, 2026, places, everyone)
