"""A forecast against a world whose course is known, and what a plan may tell of it."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from risk_model.demand import charts, forecast, plan
from risk_model.demand.forecast import Scenario
from risk_model.demand.released import Figures

WAITING = 300


def history(months: int, referrals: float = 40.0, contacts: float = 30.0, swing: float = 0.0) -> pl.DataFrame:
    """Random months about a mean, with a summer in which fewer are referred."""
    rng = np.random.default_rng(7)
    last = date(2022 + (11 + months) // 12, (11 + months) % 12 + 1, 1)
    days = pl.date_range(date(2022, 12, 1), last, "1mo", eager=True)
    factor = np.array([1 - swing if day.month in (7, 8) else 1.0 for day in days])
    return pl.DataFrame(
        {
            "service_id": "a",
            "month": days,
            "referrals": rng.poisson(referrals * factor),
            "first_contacts": rng.poisson(contacts, len(days)),
            "left_unseen": np.full(len(days), 3),
        }
    )


def test_the_fan_holds_what_comes_of_a_known_world() -> None:
    """Seen thirty a month of forty, and three leave: seven more wait each month."""
    paths = forecast.from_history(history(40), WAITING)
    assert paths is not None
    last = forecast.fan(WAITING, paths).row(-1, named=True)
    # leaving is a share of the list, so a little more leave as it grows
    assert last["low_90"] < WAITING + 12 * (40 - 30 - 3) < last["high_90"]
    assert paths.leaving == pytest.approx(3 / WAITING)


def test_a_season_is_seen_only_where_two_years_are_known() -> None:
    long, short, none = (forecast.from_history(history(months, swing=0.6), WAITING) for months in (36, 16, 8))
    assert none is None
    assert long is not None
    assert short is not None
    assert "season" in long.basis
    assert "season" not in short.basis
    summer = [month for month in range(12) if (month + 1) % 12 in (7, 8)]
    means = long.referrals.mean(axis=0)
    assert means[summer].mean() < 0.7 * np.delete(means, summer).mean()


def test_more_slots_and_more_demand_move_the_list_the_way_they_should() -> None:
    paths = forecast.from_rates(10.0, 9.0)
    now, slots, demand = (forecast.fan(WAITING, paths, each)["middle"] for each in forecast.scenarios(2, 10))
    assert slots[-1] < now[-1] < demand[-1]
    assert now[-1] == pytest.approx(WAITING + 52, abs=15)
    assert now[0] == slots[0] == demand[0] == WAITING
    assert forecast.fan(5, paths, Scenario("many", more_slots=50))["low_90"].min() == 0


def test_the_same_figures_give_the_same_fan() -> None:
    first, again = (forecast.fan(WAITING, forecast.from_rates(10, 9)) for _ in range(2))
    assert first.equals(again)
    both = [forecast.from_history(history(30), WAITING) for _ in range(2)]
    assert both[0] is not None
    assert both[1] is not None
    assert np.array_equal(both[0].referrals, both[1].referrals)


def test_a_rates_interval_covers_it_as_often_as_it_says() -> None:
    counted = np.random.default_rng(3).poisson(4.0 * 26, 500) / 26
    limits = [forecast.rate_interval(float(rate)) for rate in counted]
    assert 0.92 <= np.mean([low <= 4.0 <= high for low, high in limits]) <= 0.98


def test_a_plan_shows_rounded_figures_and_none_of_a_hidden_list() -> None:
    made = plan.of_service(figures(), forecast.scenarios(2, 10))
    assert [outlook.scenario.name for outlook in made.outlooks] == [
        "as now",
        "+2 slots a week",
        "demand +10 %",
    ]
    assert all(value % 5 == 0 for outlook in made.outlooks for value in outlook.fan.drop("month").row(-1))
    hidden = plan.of_service(figures(waiting=None), forecast.scenarios(2, 10))
    assert hidden.outlooks == []
    assert plan.rows([hidden])[0]["in_12_months_middle"] is None


def test_the_drawing_says_its_finding_and_escapes_what_it_is_told() -> None:
    fan = forecast.fan(WAITING, forecast.from_rates(10, 9))
    drawn = charts.fan(fan, fan, "<b>", "As now & ever")
    assert 'aria-label="As now &amp; ever"' in drawn
    assert "&lt;b&gt;" in drawn
    assert "style=" not in drawn


def figures(waiting: int | None = WAITING) -> Figures:
    shown = "*" if waiting is None else str(waiting)
    hidden = ["*", "*", shown]
    return Figures(
        "a", "A", "P", date(2026, 11, 20), waiting, shown, hidden, hidden, hidden[:2], hidden, "10", "9"
    )
