"""What a hazard is made of: each cause does what it says to one of two children who are alike otherwise."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import oracles
from risk_model.synthetic.causes import ABSENCE, CAUSES, PARTS, STEP_UP, SUSPENSION, URGENT, WAIT
from risk_model.synthetic.clock import EVENT_MONDAYS
from risk_model.synthetic.world import World
from tests.unit.synthetic.hand_made import REFERRALS, come_to_harm, equal_needs, figures, twins

DAY = np.datetime64("2025-01-01")
WEEK = int(np.searchsorted(EVENT_MONDAYS, DAY))
FIRST, SECOND = 0, 1
PAIR = np.array([FIRST, SECOND])
HIGH = {part: 0.3 for part in (URGENT, SUSPENSION, ABSENCE)}
NONE = {part: 0.0 for part in (URGENT, SUSPENSION, ABSENCE)}


def waits(*rows: tuple[int, str, str | None, str | None]) -> pl.DataFrame:
    """Referrals as (child, received, seen, ended)."""
    dated = [
        (child, *(None if day is None else date.fromisoformat(day) for day in days)) for child, *days in rows
    ]
    return pl.DataFrame(dated, schema=REFERRALS, orient="row")


def test_what_a_hazard_is_put_down_to_adds_up(small_world: World) -> None:
    own = figures()
    who = np.arange(300)
    seen = oracles.look(own, small_world.hazards, DAY, who)
    together = seen.base + sum(seen.by_cause.values())
    assert set(seen.by_cause) == set(CAUSES)
    assert np.allclose(together, seen.total, rtol=1e-5)
    assert np.allclose(seen.total, sum(seen.by_part.values()))
    assert all(np.abs(sums).max() > 0 for sums in seen.by_cause.values())


def test_of_two_children_the_one_who_waits_longer_comes_to_more_harm() -> None:
    """Expected events in 26 weeks:   waits since   wait put down to
    the first                        2023-07-01    more
    the second                       2024-10-01    less"""
    children = twins(40)
    own, latent = figures(hazard__wait_effect=HIGH), equal_needs(children, 1.0)
    hazards = come_to_harm(
        own, children, latent, waits((FIRST, "2023-07-01", None, None), (SECOND, "2024-10-01", None, None))
    )
    seen = oracles.look(own, hazards, DAY, PAIR)
    longer, shorter = seen.by_cause[WAIT]
    assert longer > shorter > 0
    for part in (URGENT, SUSPENSION):
        assert hazards.weekly[part][:, FIRST].sum() > hazards.weekly[part][:, SECOND].sum(), part
    assert np.array_equal(hazards.weekly[STEP_UP][:, FIRST], hazards.weekly[STEP_UP][:, SECOND])


@pytest.mark.parametrize(("effect", "level"), [(NONE, 1.0), (HIGH, -1.0)])
def test_without_the_effect_or_without_need_a_wait_changes_nothing(
    effect: dict[str, float], level: float
) -> None:
    children = twins(40)
    own = figures(hazard__wait_effect=effect)
    hazards = come_to_harm(
        own, children, equal_needs(children, level), waits((FIRST, "2023-07-01", None, None))
    )
    for part in (URGENT, SUSPENSION):
        assert np.array_equal(hazards.weekly[part][:, FIRST], hazards.weekly[part][:, SECOND])
    assert not oracles.look(own, hazards, DAY, PAIR).by_cause[WAIT].any()


def test_the_risk_told_is_that_of_a_child_whom_nobody_sees() -> None:
    """The first child is seen a month after the day, the second waits on: on the day they stand alike."""
    children = twins(40)
    own, latent = figures(hazard__wait_effect=HIGH, hazard__seen_factor=0.5), equal_needs(children, 1.0)
    rows = waits((FIRST, "2024-01-01", "2025-02-01", "2025-03-01"), (SECOND, "2024-01-01", None, None))
    hazards = come_to_harm(own, children, latent, rows)
    for part in (URGENT, SUSPENSION):
        after = hazards.weekly[part][WEEK + 6 : WEEK + 20, PAIR].sum(axis=0)
        assert after[FIRST] < 0.6 * after[SECOND]
    told = oracles.look(own, hazards, DAY, PAIR)
    for part in (URGENT, SUSPENSION):
        assert np.isclose(*told.by_part[part], rtol=1e-5), part


def test_being_seen_changes_nothing_in_the_base() -> None:
    children = twins(40)
    hazards = come_to_harm(
        figures(hazard__wait_effect=NONE),
        children,
        equal_needs(children, 1.0),
        waits((FIRST, "2024-01-01", "2024-02-01", "2024-03-01")),
    )
    assert np.array_equal(hazards.weekly[URGENT][:, FIRST], hazards.weekly[URGENT][:, SECOND])


def test_needs_that_meet_weigh_more_than_each_alone() -> None:
    children = twins(40)
    own = figures(hazard__joint_factor=4.0)

    def weekly(**higher: float) -> float:
        harmed = come_to_harm(own, children, replace(equal_needs(children, **higher)))
        terms = oracles.look(own, harmed, DAY, PAIR)
        return float(terms.by_cause["joint_need"][FIRST])

    assert weekly(social_emotional=1.0) == weekly(social_adversity=1.0) == 0
    assert weekly(social_emotional=1.0, social_adversity=1.0) > 0


@pytest.mark.parametrize(
    ("born", "day"),
    [("2013-03-01", "2024-11-04"), ("2008-10-01", "2024-11-04"), ("2007-01-15", "2024-09-02")],
)
def test_starting_secondary_school_turning_16_and_nearing_18_are_transitions(born: str, day: str) -> None:
    children = twins(40, born)
    own = figures()
    hazards = come_to_harm(own, children, equal_needs(children))
    in_it = oracles.look(own, hazards, np.datetime64(day), PAIR).by_cause["transition"]
    before = oracles.look(own, hazards, np.datetime64("2023-10-02"), PAIR).by_cause["transition"]
    assert in_it[FIRST] > before[FIRST] == 0


def test_urgent_care_is_needed_more_often_in_winter() -> None:
    children = twins(40)
    weekly = come_to_harm(figures(), children, equal_needs(children)).weekly[URGENT][:, FIRST]
    assert (
        weekly[np.datetime64("2025-01-13") == EVENT_MONDAYS]
        > 1.1 * weekly[np.datetime64("2025-07-14") == EVENT_MONDAYS]
    )


def test_frailty_that_is_not_known_is_judged_by_what_happened(small_world: World) -> None:
    """Over many children the two risks agree in the mean; that without frailty is the less extreme."""
    own, who = figures(), np.arange(small_world.children.count)
    seen = oracles.look(own, small_world.hazards, DAY, who)
    risk = -np.expm1(-seen.total)
    assert abs(risk.mean() - seen.risk_frailty_unknown.mean()) < 0.05 * risk.mean()
    assert seen.risk_frailty_unknown.std() < risk.std()
    frail = small_world.needs.frailty > 0.5
    assert seen.risk_frailty_unknown[frail].mean() < risk[frail].mean()


def test_every_part_of_the_event_is_told(small_world: World) -> None:
    assert set(oracles.look(figures(), small_world.hazards, DAY, PAIR).by_part) == set(PARTS)


def test_as_many_children_come_to_harm_as_the_risks_told_say(small_world: World) -> None:
    """Over three half-years: children with an event among those who live here all the time, against the mean risk."""
    children, events = small_world.children, small_world.hazards.events
    found, told = 0.0, 0.0
    for day in ("2023-10-02", "2024-07-01", "2025-07-07"):
        first, last = np.datetime64(day), np.datetime64(day) + np.timedelta64(182, "D")
        here = np.flatnonzero(children.is_resident(first) & children.is_resident(last))
        during = events.filter(
            pl.col("on").is_between(first.astype(object), last.astype(object), closed="left")
        )
        found += np.isin(here, during["child"].to_numpy()).sum()
        told += float(-np.expm1(-oracles.look(figures(), small_world.hazards, first, here).total).sum())
    assert abs(found - told) < 3 * np.sqrt(told)
