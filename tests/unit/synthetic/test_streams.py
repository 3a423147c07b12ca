"""Each stage draws from a stream of its own: another seed for one moves no number that another draws."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from unittest.mock import patch

import numpy as np
import pytest

from risk_model import synthetic
from risk_model.synthetic import calibration, population, recording
from risk_model.synthetic.calibration import Seed, part
from risk_model.synthetic.world import World, make_world
from tests.unit.synthetic.worlds import plymouth

RESIDENTS = 400
STAGES = (
    "population",
    "poverty",
    "needs",
    "social_care",
    "hazards",
    "identification",
    "school",
    "checks",
    "referrals",
    "queues",
    "lives",
    "placements",
    "recording",
)
Draws = dict[str, tuple[float, ...]]


@pytest.fixture(scope="module")
def drawn() -> Draws:
    _world(Seed(1))  # the tables of names are the same in every cohort and asked for once
    return _draws(Seed(2026))


def test_every_stage_draws_from_a_stream_of_its_own(drawn: Draws) -> None:
    assert set(STAGES) <= {name.split(".")[0] for name in drawn}
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize("stage", STAGES)
def test_another_seed_for_a_stage_leaves_the_streams_of_all_others_untouched(
    drawn: Draws, stage: str
) -> None:
    again = _draws(Seed(2026, {stage: 7}))
    assert set(again) == set(drawn)
    assert {name for name in drawn if again[name] != drawn[name]} == {
        name for name in drawn if name.split(".")[0] == stage
    }


def test_what_does_not_come_after_a_stage_stays_as_it_was() -> None:
    before, after = _world(Seed(2026)), _world(Seed(2026, {"hazards": 7}))
    assert not before.hazards.events.equals(after.hazards.events)
    assert np.array_equal(before.needs.levels, after.needs.levels)
    assert np.array_equal(before.social_care.states, after.social_care.states)
    assert before.checks.equals(after.checks)
    assert before.queues.referrals.equals(after.queues.referrals)


@pytest.mark.parametrize(
    ("stage", "seed"),
    [("queues", 7), ("queues.nr5-physio", 7), ("queuesand", 1), ("referrals", 1), ("hazards.urgent_care", 9)],
)
def test_a_stage_with_a_seed_of_its_own_takes_all_its_parts_along(stage: str, seed: int) -> None:
    assert Seed(1, {"queues": 7, "hazards.urgent_care": 9}).of(stage) == seed


def test_the_seed_of_a_council_follows_that_of_the_cohort_and_that_of_a_stage() -> None:
    base, other = part(Seed(1), 878), part(Seed(1, {"queues": 7}), 878)
    assert base.of("referrals") == other.of("referrals")
    assert len({base.of("queues"), other.of("queues"), 1, 7}) == 4


def _world(seed: Seed) -> World:
    figures, place = calibration.load("base"), plymouth(RESIDENTS, seed)
    return make_world(figures, place, population.make_children(figures, place), lambda stage, share: None)


def _draws(seed: Seed) -> Draws:
    """The first numbers of every stream that a small cohort asks for, by name."""
    with _listening() as draws:
        recording.record(calibration.load("base"), seed, _world(seed))
    return draws


@contextmanager
def _listening() -> Iterator[Draws]:
    draws: Draws = {}
    original = calibration.stream

    def stream(seed: int, stage: str) -> np.random.Generator:
        draws[stage] = tuple(original(seed, stage).random(4))
        return original(seed, stage)

    modules = (module for module in vars(synthetic).values() if isinstance(module, ModuleType))
    with ExitStack() as stack:
        for module in itertools.filterfalse(lambda module: module is calibration, modules):
            if vars(module).get("stream") is original:
                stack.enter_context(patch.object(module, "stream", stream))
        yield draws
