"""The biases that are planted: of two children who are alike but for one thing, who is noticed and who is recorded."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import (
    need_types,
    queue_orders,
    queues,
    referrals,
)
from risk_model.synthetic.clock import EVENT_MONDAYS
from risk_model.synthetic.ehc_requests import overlooked
from risk_model.synthetic.identification import EHC_PLAN, NO_SEN, Identification
from risk_model.synthetic.need_types import NAMING_NOISE, after_suspension
from risk_model.synthetic.population import Children
from risk_model.synthetic.under_recording import missed_shares
from risk_model.synthetic.world import World
from tests.unit.synthetic.hand_made import equal_needs, figures, twins
from tests.unit.synthetic.worlds import plymouth

BIASES = {"eal": 0.3, "girl_emotional": 0.2, "often_ill": 0.6, "missed_review": 0.25}
NOBODY = np.zeros(1, dtype=np.bool_)


@pytest.mark.parametrize(
    ("who", "at_4_years", "at_10_years"),
    [
        ("nobody in particular", 0, 0),
        ("speaks Polish at home", 0.3, 0.3),
        ("a girl in social-emotional need", 0.2, 0.2),
        ("often ill", 0.6, 0.6),
        ("missed the two-year review", 0.15, 0),
    ],
)
def test_by_how_much_a_need_is_overlooked(who: str, at_4_years: float, at_10_years: float) -> None:
    children = twins(40, born="2014-01-01")
    needs = replace(equal_needs(children), often_ill=np.zeros(children.count, dtype=np.bool_))
    missed = np.zeros(children.count, dtype=np.bool_)
    if who == "speaks Polish at home":
        children = replace(children, language=np.full(children.count, "POL"))
    if who == "a girl in social-emotional need":
        needs = replace(equal_needs(children, social_emotional=1.0), often_ill=needs.often_ill)
    if who == "often ill":
        needs = replace(needs, often_ill=~needs.often_ill)
    if who == "missed the two-year review":
        missed = ~missed
    for day, expected in (("2018-01-01", at_4_years), ("2024-01-01", at_10_years)):
        found = overlooked(BIASES, children, needs, missed, np.datetime64(day))
        assert np.allclose(found, expected, atol=0.001), day


def test_the_often_ill_are_away_from_school_more_and_hold_fewer_plans(small_world: World) -> None:
    ill, world = small_world.needs.often_ill, small_world
    missed = world.school.authorised.sum(axis=0, dtype=np.int64)
    on_roll = world.school.on_roll.sum(axis=0)
    assert missed[ill].sum() / on_roll[ill].sum() > 1.3 * missed[~ill].sum() / on_roll[~ill].sum()
    has_plan = (world.known.provision == EHC_PLAN).any(axis=0)
    assert has_plan[ill].mean() < 0.6 * has_plan[~ill].mean()


def test_semh_is_named_more_often_after_days_of_suspension() -> None:
    """Odds of SEMH being named, against a child never suspended:   1 day: 4   3 days: 7   11 days: 14   20 days: 14"""
    ratios = {"one_day": 4.0, "many_days": 14.0}
    days = np.array([0, 1, 3, 11, 20], dtype=np.float32)
    odds = np.exp(after_suspension(ratios, days) / NAMING_NOISE)
    assert np.allclose(odds.round(), [1, 4, 7, 14, 14])


def test_specific_learning_difficulties_are_named_less_often_in_poor_areas() -> None:
    """Everybody has SEN support and the same needs; half live in the most, half in the least deprived fifth."""
    children = twins(3_000)
    half = np.arange(children.count) % 2 == 0
    children = replace(children, quintile=np.where(half, 1, 5))
    needs = equal_needs(children, 0.5)
    census, known = _all_supported(children)
    nobody = pl.DataFrame(schema={"child": pl.Int64, "started_on": pl.Date, "sessions": pl.Int64})
    named = need_types.name_needs(figures(), 3, children, needs, known, nobody)
    first = named.filter((pl.col("rank") == 1) & (pl.col("census") == census))
    poor = pl.Series(half).gather(first["child"])
    share = {is_poor: (first.filter(poor == is_poor)["need"] == "SPLD").mean() for is_poor in (True, False)}
    assert share[True] < 0.6 * share[False]


def _all_supported(children: Children) -> tuple[str, Identification]:
    name, on = "2025_spring", np.datetime64("2025-01-18")
    provision = np.ones((1, children.count), dtype=np.uint8)
    return name, Identification([(name, on)], provision, pl.DataFrame())


def test_events_of_children_whom_services_know_are_missed_less_often(small_world: World) -> None:
    own = figures(record__surveillance=4.0)
    week = 100
    states = small_world.social_care.states[week]
    no_sen = (
        small_world.known.provision_on(np.full(states.size, EVENT_MONDAYS[week]), np.arange(states.size))
        == NO_SEN
    )
    known, unknown = np.flatnonzero(states > 0)[:1], np.flatnonzero((states == 0) & no_sen)[:1]
    day = EVENT_MONDAYS[week : week + 1]
    often, seldom = (missed_shares(own, small_world, "urgent_care", who, day) for who in (unknown, known))
    assert np.isclose(often, 4 * seldom)


@pytest.mark.parametrize("group", ["most_deprived", "not_english"])
def test_a_group_whose_events_are_not_entered(small_world: World, group: str) -> None:
    children = small_world.children
    inside = children.quintile == 1 if group == "most_deprived" else children.language != "ENG"
    own = figures(record__missed_in_group={"most_deprived": 0, "not_english": 0} | {group: 0.5})
    who = np.arange(children.count)
    share = missed_shares(own, small_world, "suspension", who, np.full(who.size, EVENT_MONDAYS[100]))
    assert np.allclose(share[inside], 0.5)
    assert share[~inside].max() <= 0.02 + 1e-6


def test_the_same_referrals_in_four_orders(small_world: World) -> None:
    """First come first served has the fewest very long waits; the oracle sees children at high risk soonest."""
    own, place, world = figures(), plymouth(1_500), small_world
    recognised = np.asarray((world.known.provision > 0).any(axis=0))
    where = (place.council, place.residents)
    asked = referrals.refer(own, place.seed, world.children, world.needs, recognised, where)
    orders = {name: order for name, order in queue_orders.ORDERS.items() if name != "urgency"}
    orders["oracle"] = queue_orders.by_true_risk(world.hazards.weekly)
    runs = {"urgency": world.queues.referrals}
    for name, order in orders.items():
        made = queues.run(
            own, place.seed, world.children, world.needs, world.social_care, asked, where, order
        )
        runs[name] = made.referrals
    total = np.sum(list(world.hazards.weekly.values()), axis=0).sum(axis=0)
    at_high_risk = total > np.quantile(total, 0.9)
    longest, at_risk = {}, {}
    for name, run in runs.items():
        seen = run.filter(pl.col("seen_on").is_not_null())
        weeks = (seen["seen_on"] - seen["on"]).dt.total_days() / 7
        longest[name] = weeks.quantile(0.99)
        at_risk[name] = weeks.filter(pl.Series(at_high_risk[seen["child"].to_numpy()])).mean()
    assert min(longest, key=longest.__getitem__) == "longest wait"
    assert min(at_risk, key=at_risk.__getitem__) == "oracle"
