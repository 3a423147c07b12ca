"""The calendar at its edges."""

import numpy as np
import pytest

from risk_model.synthetic import clock


@pytest.mark.parametrize(
    ("born", "starts"),
    [
        ("2015-08-31", 2019),
        ("2015-09-01", 2020),
        ("2016-02-29", 2020),
        ("2016-08-31", 2020),
        ("2016-09-01", 2021),
    ],
)
def test_reception_starts_in_the_september_after_the_fourth_birthday(born: str, starts: int) -> None:
    assert clock.reception_year(np.array([born], dtype="datetime64[D]"))[0] == starts


@pytest.mark.parametrize(
    ("day", "year"), [("2025-08-31", 2024), ("2025-09-01", 2025), ("2025-12-31", 2025), ("2026-01-01", 2025)]
)
def test_a_school_year_starts_in_september(day: str, year: int) -> None:
    assert clock.school_year(np.array([day], dtype="datetime64[D]"))[0] == year


@pytest.mark.parametrize(
    ("monday", "open_"), [("2025-08-04", False), ("2025-09-08", True), ("2025-12-22", False)]
)
def test_term_weeks(monday: str, open_: bool) -> None:
    assert clock.is_term_week(np.array([monday], dtype="datetime64[D]"))[0] == open_


def test_the_last_submission_had_arrived_by_the_index_date() -> None:
    assert clock.month_ends()[-1] == np.datetime64("2026-10-31")
    assert clock.quarter_ends()[-1] == np.datetime64("2026-09-30")


def test_landmarks_are_nine_quarter_starts_and_the_index_date() -> None:
    assert [str(on) for on in clock.landmarks()[[0, -2, -1]]] == ["2024-04-01", "2026-04-01", "2026-11-20"]
    assert clock.landmarks().size == 10
