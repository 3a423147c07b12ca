"""Whole sources that were not sent."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model.synthetic import outages
from tests.unit.synthetic.hand_made import figures

PLANNED = outages.planned(
    figures(
        outages=[
            {"feed": "cin_census", "council": 879, "from": date(2025, 12, 1)},
            {"feed": "csds", "provider": "RK9", "from": date(2025, 7, 1), "until": date(2025, 9, 30)},
        ]
    )
)


@pytest.mark.parametrize(
    ("feed", "sender", "period_end", "was_sent"),
    [
        ("cin_census", "879", "2025-11-30", True),
        ("cin_census", "879", "2025-12-01", False),
        ("cin_census", "879", "2026-09-30", False),
        ("cin_census", "878", "2026-09-30", True),
        ("ssda903", "879", "2026-09-30", True),
        ("csds", "RK9", "2025-06-30", True),
        ("csds", "RK9", "2025-07-31", False),
        ("csds", "RK9", "2025-09-30", False),
        ("csds", "RK9", "2025-10-31", True),
        ("csds", "NR5", "2025-08-31", True),
    ],
)
def test_who_did_not_send_what(feed: str, sender: str, period_end: str, was_sent: bool) -> None:
    assert outages.was_sent(PLANNED, feed, sender, date.fromisoformat(period_end)) == was_sent


def test_the_base_loses_nothing() -> None:
    assert outages.planned(figures()) == []


def test_files_of_lost_periods_are_not_there(tmp_path: Path) -> None:
    lost = [outages.Outage("ssda903", "879", date(2025, 6, 1), date(2025, 12, 31))]
    for quarter in ("2025-03-31", "2025-06-30", "2026-03-31"):
        (tmp_path / quarter).mkdir()
        (tmp_path / quarter / "header.csv").touch()
    outages.withdraw(lost, "ssda903", "879", tmp_path)
    assert {place.name for place in tmp_path.iterdir()} == {"2025-03-31", "2026-03-31"}


def test_weeks_that_were_not_sent_are_not_in_the_file() -> None:
    lost = [outages.Outage("attendance", "879", date(2025, 6, 1), date(2025, 6, 30))]
    weeks = pl.DataFrame({"week_ending": [date(2025, 5, 30), date(2025, 6, 6), date(2025, 7, 4)]})
    sent = outages.rows_sent(lost, "attendance", "879", weeks, "week_ending")
    assert sent["week_ending"].to_list() == [date(2025, 5, 30), date(2025, 7, 4)]
