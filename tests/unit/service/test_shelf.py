"""The marks behind the counted links of a list, and which band the slot line cuts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from service.shelf import _mark

SCHEMA = {
    "place": pl.Int64,
    "lane": pl.String,
    "tier": pl.Int64,
    "band_first": pl.Int64,
    "band_last": pl.Int64,
    "latest_on": pl.Date,
    "unknown_decides_slot": pl.Boolean,
}
#    place lane    tier band   latest date
LIST = [
    (1, "need", 1, 1, 1, date(2027, 1, 1), False),
    (2, "need", 1, 2, 5, date(2027, 1, 1), False),
    (3, "time", 2, 3, 3, date(2026, 11, 22), False),
    (4, "next", 1, 2, 5, None, False),
    (5, "next", 1, 2, 5, date(2026, 11, 23), True),
    (6, "next", 2, 6, 6, date(2027, 1, 1), False),
]


def marked(rows: list[tuple[Any, ...]] = LIST) -> pl.DataFrame:
    return _mark(pl.DataFrame(rows, schema=SCHEMA, orient="row"), "2026-11-23")


@pytest.mark.parametrize(
    ("mark", "places"),
    [
        ("has_slot", [1, 2, 3]),
        ("cuts_line", [2, 4, 5]),
        ("unknown_decides_slot", [5]),
        ("is_late", [3]),
        ("looks_first", [1, 2, 3, 4, 5]),
    ],
)
def test_each_mark_finds_its_places(mark: str, places: list[int]) -> None:
    assert marked().filter(mark)["place"].to_list() == places


def test_a_band_leaves_out_the_time_lane_between_its_places() -> None:
    assert marked()["band"].to_list() == ["1", "2, 4 to 5", None, "2, 4 to 5", "2, 4 to 5", "6"]


def test_a_list_without_bands_cuts_none() -> None:
    without = [
        (place, lane, tier, None, None, latest, unknown) for place, lane, tier, _, _, latest, unknown in LIST
    ]
    frame = marked(without)
    assert not frame["cuts_line"].any()
    assert frame["band"].null_count() == frame.height


def test_an_empty_list_has_all_marks() -> None:
    assert marked([]).height == 0
