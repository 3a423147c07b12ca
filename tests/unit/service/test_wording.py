"""How numbers become words, at the values where the words change."""

from __future__ import annotations

import math
from datetime import date

import pytest

from service import wording


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (0.0099, "fewer than 1 in 100"),
        (0.01, "1 in 100"),
        (1 / 9, "1 in 9"),
        (0.29, "1 in 3"),
        (0.3, "3 in 10"),
        (0.7, "7 in 10"),
        (0.95, "more than 9 in 10"),
    ],
)
def test_risk_as_a_natural_frequency(risk: float, words: str) -> None:
    assert wording.one_in(risk) == words


@pytest.mark.parametrize(("days", "weeks"), [(None, None), (0, 0), (6, 0), (7, 1), (13, 1), (14, 2)])
def test_a_week_counts_once_it_is_over(days: int | None, weeks: int | None) -> None:
    assert wording.weeks(days) == weeks


@pytest.mark.parametrize("product", [0.5, 1.0, 1.86, 4.0])
def test_the_rate_is_multiplied_and_not_the_chance(product: float) -> None:
    before = wording.risk_before(0.3, product)
    assert -math.log1p(-0.3) == pytest.approx(-math.log1p(-before) * product)


@pytest.mark.parametrize(("number", "words"), [(0, "0 children"), (1, "1 child"), (1200, "1,200 children")])
def test_counts_have_their_noun(number: int, words: str) -> None:
    assert wording.count(number, "child", "children") == words


def test_dates() -> None:
    assert wording.day(None) == "not known"
    assert wording.day("2026-11-20") == "20 Nov 2026"
    assert wording.long_day(date(2026, 11, 23)) == "Monday 23 November 2026"
    assert wording.long_day(None) == "a day not planned yet"


@pytest.mark.parametrize(
    ("text", "inside"),
    [("", ""), ("EHC plan", "EHC plan"), ("SEN support", "SEN support"), ("Missed 12%", "missed 12%")],
)
def test_abbreviations_keep_their_capitals(text: str, inside: str) -> None:
    assert wording.lower_first(text) == inside
