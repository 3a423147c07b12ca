"""What must hold of the world whatever the figures: order of dates, identities, hazards and events."""

import numpy as np
import polars as pl

from risk_model.synthetic import calibration, needs, population
from risk_model.synthetic.clock import EVENT_MONDAYS, INDEX_DAY
from risk_model.synthetic.hazards import ABSENCE, PARTS, STEP_UP, SUSPENSION, in_school, risk_until
from risk_model.synthetic.truth import waiting_on
from risk_model.synthetic.world import World
from tests.unit.synthetic.worlds import plymouth


def test_children_have_their_own_identifiers(small_world: World) -> None:
    children = small_world.children
    for identifier in (children.nhs_number, children.upn):
        assert len(set(identifier)) == children.count


def test_some_twins_of_the_same_sex_share_a_home(small_world: World) -> None:
    children = small_world.children
    frame = pl.DataFrame({"home": children.household, "born": children.born, "boy": children.boy})
    assert frame.group_by("home", "born", "boy").len().filter(pl.col("len") > 1).height > 0


def test_a_change_of_needs_leaves_the_children_as_they_are() -> None:
    base = calibration.load("base")
    other = calibration.Calibration("base", base.values | {"latent.frailty_sd": 0.1})
    before, after = (population.make_children(figures, plymouth(400, seed=5)) for figures in (base, other))
    assert np.array_equal(before.nhs_number, after.nhs_number)
    first, second = (needs.make_needs(figures, 5, before) for figures in (base, other))
    assert np.array_equal(first.levels, second.levels)
    assert not np.array_equal(first.frailty, second.frailty)


def test_nobody_is_seen_or_closed_before_the_referral(small_world: World) -> None:
    referrals = small_world.queues.referrals
    for end in ("seen_on", "ended_on"):
        assert referrals.filter(pl.col(end) < pl.col("on")).height == 0
    assert referrals.filter(pl.col("ended_on") < pl.col("seen_on")).height == 0


def test_a_child_waits_once_for_a_service(small_world: World) -> None:
    waiting = waiting_on(small_world, INDEX_DAY)
    assert waiting.select("child", "service").is_duplicated().sum() == 0


def test_school_events_happen_to_pupils_in_term(small_world: World) -> None:
    events = small_world.hazards.events.filter(pl.col("part").is_in([SUSPENSION, ABSENCE]))
    pupils = in_school(small_world.children, EVENT_MONDAYS)
    assert pupils[events["week"].to_numpy(), events["child"].to_numpy()].all()


def test_a_run_of_severe_absence_is_visible_in_the_register(small_world: World) -> None:
    school, events = small_world.school, small_world.hazards.events.filter(pl.col("part") == ABSENCE)
    weeks, who = events["week"].to_numpy(), events["child"].to_numpy()
    on_roll = school.on_roll[weeks, who]
    missed = (school.authorised[weeks, who] + school.unauthorised[weeks, who])[on_roll]
    assert (missed >= school.possible[weeks][on_roll] / 2).all()


def test_as_many_events_happen_as_the_hazards_promise(small_world: World) -> None:
    events = small_world.hazards.events
    for part in PARTS:
        if part == STEP_UP:
            continue
        expected = float(small_world.hazards.weekly[part].sum(dtype=np.float64))
        found = events.filter(pl.col("part") == part).height
        assert abs(found - expected) < 5 * np.sqrt(expected), part


def test_risk_adds_26_weeks_of_hazard_from_any_day() -> None:
    steady = np.full((EVENT_MONDAYS.size, 1), 0.01, dtype=np.float32)
    for day in ("2024-04-01", "2024-04-03", "2026-11-20"):
        assert np.isclose(risk_until(steady, np.datetime64(day), np.array([0]))[0], 0.26)


def test_in_the_null_world_everyone_has_the_same_hazard_in_every_week(small_null_world: World) -> None:
    total = np.sum([small_null_world.hazards.weekly[part] for part in PARTS], axis=0)
    born = small_null_world.children.born[None, :] <= EVENT_MONDAYS[:, None]
    assert np.isclose(total[born].min(), total[born].max(), rtol=1e-4)
