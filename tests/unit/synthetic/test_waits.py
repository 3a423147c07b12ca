"""How long children have waited, week by week, told from their referrals."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import waits
from risk_model.synthetic.clock import EVENT_MONDAYS
from tests.unit.synthetic.hand_made import REFERRALS

CHILD = 0
DATES = {
    "waits since before the window": [("2023-01-02", None, None)],
    "seen after four weeks": [("2024-01-01", "2024-01-29", "2024-06-03")],
    "left unseen after two weeks": [("2024-01-01", None, "2024-01-15")],
    "two lists, the earlier seen first": [
        ("2023-10-02", "2024-01-15", "2024-02-01"),
        ("2023-12-04", None, None),
    ],
    "never referred": [],
}


def gathered(story: str) -> waits.Waits:
    rows = [
        (CHILD, *(None if day is None else date.fromisoformat(day) for day in days)) for days in DATES[story]
    ]
    return waits.gather(pl.DataFrame(rows, schema=REFERRALS, orient="row"), 2)


@pytest.mark.parametrize(
    ("story", "monday", "week_of_the_wait"),
    [
        ("waits since before the window", "2023-04-03", 14),
        ("seen after four weeks", "2023-12-25", 0),
        ("seen after four weeks", "2024-01-01", 1),
        ("seen after four weeks", "2024-01-22", 4),
        ("seen after four weeks", "2024-01-29", 0),
        ("left unseen after two weeks", "2024-01-08", 2),
        ("left unseen after two weeks", "2024-01-15", 0),
        ("two lists, the earlier seen first", "2024-01-08", 15),
        ("two lists, the earlier seen first", "2024-01-15", 7),
        ("never referred", "2024-01-08", 0),
    ],
)
def test_the_longest_wait_that_is_still_open(story: str, monday: str, week_of_the_wait: int) -> None:
    week = int(np.searchsorted(EVENT_MONDAYS, np.datetime64(monday)))
    assert gathered(story).weeks[week, CHILD] == week_of_the_wait


def test_had_nobody_seen_the_child_the_wait_would_have_gone_on() -> None:
    found = gathered("seen after four weeks")
    first = int(np.searchsorted(EVENT_MONDAYS, np.datetime64("2024-01-15")))
    weeks = np.arange(first, first + 6)
    unseen = found.if_unseen_from(first, weeks, np.array([CHILD]))
    assert found.weeks[weeks, CHILD].tolist() == [3, 4, 0, 0, 0, 0]
    assert unseen.weeks[:, 0].tolist() == [3, 4, 5, 6, 7, 8]
    assert found.seen(weeks, np.array([CHILD]))[:, 0].tolist() == [False] * 3 + [True] * 3
    assert not unseen.seen(weeks, np.array([CHILD])).any()
