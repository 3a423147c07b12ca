"""Queue measures against the printed cases of the paper and of NHSRwaitinglist."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0, [], None, "many"])
@pytest.mark.parametrize(
    ("name", "measure", "others"),
    [
        ("capacity", demand.queue_load, {"demand": 1}),
        ("target_wait", demand.target_mean_wait, {}),
        ("percentile", demand.banded_percentile, {"counts": [1]}),
        ("demand", demand.target_queue_size, {"target_wait": 18}),
        ("queue_size", demand.queue_ratio, {"demand": 1, "target_wait": 18}),
        ("weeks_to_target", demand.relief_capacity, {"demand": 1, "queue_size": 1, "target_queue_size": 1}),
        ("cv_demand", demand.target_capacity, {"demand": 1, "target_wait": 18}),
        ("mean_wait", demand.pressure, {"target_wait": 18}),
        ("performance", demand.list_size_for_performance, {"weekly_referrals": 1, "target_wait": 18}),
        ("growth", demand.demand_projection, {"start": 1}),
        ("renege", demand.list_after_step, {"service": [1], "referrals": 1}),
        ("arrivals", demand.mm1_policy_mean_wait, {"service_rate": 1, "policy": "fifo"}),
    ],
)
def test_what_is_no_number_is_refused_by_name(
    name: str, measure: Callable[..., Any], others: dict[str, Any], bad: object
) -> None:
    with pytest.raises(demand.ArgumentRefusedError, match=name):
        measure(**others, **{name: bad})


@pytest.mark.parametrize("bad", [["2024-13-01"], [], [None], [5], ["soon"]])
def test_a_day_that_is_no_day_is_refused_by_name(bad: list[Any]) -> None:
    with pytest.raises(demand.ArgumentRefusedError, match="referral"):
        demand.list_stats(bad, [None] * len(bad), 18)


def test_too_few_referrals_cannot_bound_demand_and_the_answer_says_so() -> None:
    plain = demand.relief_capacity(4, 100, 50, 26)
    few, many = (demand.relief_capacity(4, 100, 50, 26, num_referrals=n, cv_demand=1) for n in (64, 6400))
    assert few == math.inf
    assert plain < many < math.inf


def test_a_measure_of_many_services_is_that_of_each() -> None:
    found = demand.relief_capacity(np.array([30, 10]), [1200, 50], [390, 60], 26)
    assert found.tolist() == [demand.relief_capacity(*each, 26) for each in ((30, 1200, 390), (10, 50, 60))]


def test_priority_moves_the_wait_between_classes_and_never_their_sum() -> None:
    arrivals, rate = np.array([6, 24]), 33.0
    fifo = demand.mm1_policy_mean_wait(arrivals, rate, "fifo")
    static = demand.mm1_policy_mean_wait(arrivals, rate, "static priority")
    growing = demand.mm1_policy_mean_wait(arrivals, rate, "accumulating priority", [2, 1])
    assert static[0] < growing[0] < fifo[0] < growing[1] < static[1]
    for waits in (static, growing):
        assert arrivals @ waits == pytest.approx(arrivals @ fifo)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_lists_of_many_services_are_each_as_if_alone(data: st.DataObject) -> None:
    """And each as a plain count, day by day, says."""
    day = st.dates(date(2024, 1, 1), date(2024, 3, 1))
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from("AB"), day, st.none() | st.integers(0, 60)), min_size=1, max_size=25
        )
    )
    lists = pl.DataFrame(
        [(s, came, None if stay is None else came + timedelta(days=stay)) for s, came, stay in rows],
        schema={"service_id": pl.String, "referred_on": pl.Date, "removed_on": pl.Date},
        orient="row",
    )
    for row in demand.list_stats_by_service(lists, 18).iter_rows(named=True):
        own = lists.filter(service_id=row["service_id"])
        alone = demand.list_stats(own["referred_on"], own["removed_on"], 18)
        for name, value in alone.items():
            assert row[name] == (pytest.approx(value) if isinstance(value, float) else value)
        sizes = demand.queue_size_by_day(own["referred_on"], own["removed_on"])
        assert sizes["queue_size"].to_list() == [_waiting(own, on) for on in sizes["day"]]
        assert row["queue_size"] == sizes["queue_size"].to_list()[-1]


@settings(deadline=None)
@given(data=st.data())
def test_slots_go_to_those_who_wait_longest_and_to_nobody_referred_that_day_or_later(
    data: st.DataObject,
) -> None:
    day = st.dates(date(2024, 1, 1), date(2024, 1, 20))
    referral, slots = data.draw(st.lists(day, min_size=1, max_size=8)), data.draw(st.lists(day, max_size=8))
    found = demand.schedule_fifo(referral, [None] * len(referral), slots)
    waiting, expected = sorted(range(len(referral)), key=lambda child: referral[child]), {}
    for slot in sorted(slots):
        if waiting and referral[waiting[0]] < slot:
            expected[waiting.pop(0)] = slot
    assert found["removal"] == [expected.get(child) for child in range(len(referral))]
    assert sum(found["slot_used"]) == len(expected)


def _waiting(lists: pl.DataFrame, on: date) -> int:
    return sum(came <= on and (left is None or left > on) for _, came, left in lists.iter_rows())
