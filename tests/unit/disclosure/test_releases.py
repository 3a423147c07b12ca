"""Once a month: which run a month shows, whatever else was run."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from risk_model import disclosure
from risk_model.demand import released

DAY = date(2026, 11, 6)
FACTS = {
    "service_id": "a",
    "service_name": "A",
    "provider_code": "P",
    "referrals_per_week": 4.0,
    "first_contacts_per_week": 3.0,
}


def test_a_month_shows_its_first_day_and_the_last_run_of_that_day() -> None:
    weekly = [(DAY + timedelta(weeks=week), f"week {week}") for week in range(7)]
    assert list(disclosure.monthly_releases(weekly).values()) == ["week 0", "week 4"]
    again = [*weekly, (DAY, "corrected"), (DAY + timedelta(weeks=1), "corrected later")]
    assert list(disclosure.monthly_releases(again).values()) == ["corrected", "week 4"]


def test_what_is_reckoned_comes_from_the_figures_shown() -> None:
    """Two lists that look alike are told alike, to the last word."""
    told = {
        (figures.list_is, figures.relief_shown, figures.date_at_target(2), figures.target_queue_size)
        for waiting in (98, 100, 102)
        for figures in [_figures(waiting, FACTS | {"referrals_per_week": 4 + waiting / 1000})]
    }
    assert len(told) == 1


def test_a_hidden_list_has_no_plan() -> None:
    few = _figures(5, FACTS)
    assert (few.waiting, few.waiting_shown, few.relief_shown, few.date_at_target()) == (None, "*", "*", None)
    assert set(few.tiers) == set(few.waits) == set(few.median_weeks) == {"*"}


def _figures(waiting: int, facts: dict[str, object]) -> released.Figures:
    listed = pl.DataFrame(
        {"tier": [2] * waiting, "days_waiting": [70] * waiting, "latest_on": [None] * waiting},
        schema_overrides={"latest_on": pl.Date},
    )
    return released.of_list(listed, facts, DAY)
