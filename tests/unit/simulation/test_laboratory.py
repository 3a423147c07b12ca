"""What a run of the laboratory promises whoever reads it: the same children, the same answer, and a price."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from risk_model import policy
from risk_model.policy import DEFAULT_POLICY
from risk_model.simulation import Plan, Result, laboratory, report_page, slots, telling
from risk_model.simulation.laboratory import EVERY_LIST, LONGEST_WAIT, TRUE_RISK
from risk_model.simulation.measuring import ALL, EVENTS, IN_STANDARD, LONGEST, MEAN, MEDIAN
from risk_model.simulation.slots import AS_PLANNED, FEWER, MORE, Pace
from tests.unit.simulation.invented import past

RULES, _ = policy.load(DEFAULT_POLICY)
PLAN = Plan(replicates=6, shares=(0.2, 0.5, 0.9))


def run(lists: list, plan: Plan = PLAN) -> Result:
    return laboratory.run(lists, RULES, plan, is_true_risk=True, tell=lambda _step: None)


@pytest.fixture(scope="module")
def result() -> Result:
    return run([past("list-1"), past("list-number-2", slots_a_week=8)])


def value(result: Result, order: str, group: str, measure: str, *, capacity: str = AS_PLANNED) -> float:
    found = result.figures.filter(
        capacity=capacity, order=order, service_id=EVERY_LIST, group=group, measure=measure
    )
    return float(found["value"].item())


def test_the_same_seed_gives_the_same_figures_and_a_list_is_drawn_whatever_the_others(result: Result) -> None:
    again = run([past("list-1"), past("list-number-2", slots_a_week=8)])
    alone = run([past("list-1")])
    assert again.figures.equals(result.figures)
    own = (pl.col("service_id") == "list-1") & pl.col("order").is_in([LONGEST_WAIT, "lanes, q 0.5"])
    own &= pl.col("capacity") == AS_PLANNED
    assert alone.figures.filter(own).equals(result.figures.filter(own))


def test_more_need_lane_shortens_the_waits_of_multiple_needs_and_others_pay(result: Result) -> None:
    tier_1 = [value(result, f"lanes, q {q:g}", "tier 1", MEAN) for q in PLAN.shares]
    tier_2 = [value(result, f"lanes, q {q:g}", "tier 2", MEAN) for q in PLAN.shares]
    assert tier_1 == sorted(tier_1, reverse=True)
    assert tier_2 == sorted(tier_2)
    assert value(result, "lanes, q 0.9", "tier 1", MEDIAN) < value(result, LONGEST_WAIT, "tier 1", MEDIAN)


def test_nobody_avoids_more_events_than_the_true_risk_and_longest_wait_avoids_none(result: Result) -> None:
    avoided = telling.events_avoided(result)
    by_order = dict(avoided.select("order", "avoided").iter_rows())
    assert by_order[LONGEST_WAIT] == 0
    assert max(by_order, key=by_order.__getitem__) == TRUE_RISK
    assert value(result, TRUE_RISK, ALL, EVENTS) < value(result, LONGEST_WAIT, ALL, EVENTS)


def test_the_longest_wait_is_bounded_where_a_lane_keeps_time_and_not_where_risk_alone_decides(
    result: Result,
) -> None:
    assert value(result, "lanes, q 0.2", ALL, LONGEST) < value(result, "pure risk", ALL, LONGEST)


def test_the_smallest_share_is_the_first_that_keeps_the_standard(result: Result) -> None:
    kept = [
        q for q in (0.2, 0.5, 0.7, 0.9) if value(result, f"lanes, q {q:g}", "tier 1", IN_STANDARD) >= 0.92
    ]
    assert result.share == (min(kept) if kept else None)


def test_fewer_slots_lengthen_waits_and_more_shorten_them(result: Result) -> None:
    waits = [value(result, result.shown, ALL, MEAN, capacity=c) for c in (MORE, AS_PLANNED, FEWER)]
    assert waits == sorted(waits)


def test_without_a_model_no_order_of_risk_is_shown() -> None:
    found = laboratory.run(
        [past(with_risk=False)], RULES, Plan(replicates=2, shares=(0.5,)), is_true_risk=False, tell=print
    )
    assert not {"pure risk", TRUE_RISK} & set(found.figures["order"])
    assert telling.events_avoided(found)["share_of_best"].is_null().all()


SLOTS = [
    # capacity, slots of a hundred weeks at one a week from the first week of a year
    (AS_PLANNED, 104),
    (FEWER, 83),
    (MORE, 104 * 7),
    (slots.NO_SUMMER, 104 - 12),
]


@pytest.mark.parametrize(("capacity", "expected"), SLOTS)
def test_slots_of_each_capacity(capacity: str, expected: int) -> None:
    pace = Pace(np.ones(104), 0)
    offered = slots.offered(pace, capacity, 3, np.random.default_rng(1))
    assert offered.sum(axis=1).tolist() == [expected] * 3


def test_the_report_fetches_nothing_and_says_too_few_instead_of_a_figure(result: Result) -> None:
    told = telling.tell(result)
    page = report_page(result, told, policy="devon-default.yaml", index_date=date(2026, 11, 20))
    assert "//" not in page and "<script" not in page
    assert page.count("<svg") == 4
    few = result.figures.with_columns(
        value=pl.when((pl.col("group") == "looked after") & (pl.col("measure") == "children"))
        .then(7.0)
        .otherwise("value")
    )
    gaps = telling.tell(replace(result, figures=few)).equity
    assert gaps.filter(group="looked after").row(0)[1:] == (telling.TOO_FEW, telling.TOO_FEW)
