"""Small places and worlds for the tests."""

from dataclasses import replace

from risk_model.synthetic import calibration, councils, population
from risk_model.synthetic.councils import Place
from risk_model.synthetic.world import World, make_world


def plymouth(residents: int, seed: int = 2026) -> Place:
    return replace(councils.places("plymouth", seed)[0], residents=residents)


def world_of(scenario: str, residents: int) -> World:
    figures, place = calibration.load(scenario), plymouth(residents)
    children = population.make_children(figures, place)
    return make_world(figures, place, children, lambda stage, share: None)
