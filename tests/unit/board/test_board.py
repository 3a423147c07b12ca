"""Charts by the NHS rules, and what may be painted green."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import board
from risk_model.demand import ArgumentRefusedError
from risk_model.errors import UserError

KPIS = Path(__file__).parents[4] / "shared" / "demand" / "data" / "devon_send_kpis.csv"
NOT_THERE = "the published measures do not lie beside this repository (shared/demand/data)"


def test_a_series_without_change_has_limits_at_its_mean_and_nothing_special() -> None:
    chart = board.xmr([5.0] * 20, "increase")
    assert (chart["mean"], chart["lpl"], chart["upl"], chart["n_special"]) == (5, 5, 5, 0)


@pytest.mark.parametrize(
    ("better", "kind"),
    [
        ("increase", "special_cause_improvement"),
        ("decrease", "special_cause_concern"),
        (None, "special_cause_neutral"),
    ],
)
def test_a_point_outside_the_limits_is_named_by_what_is_better(better: object, kind: str) -> None:
    chart = board.xmr([1, 2] * 10 + [30], better)  # type: ignore[arg-type]
    assert (chart["last"], chart["points"][-1]["rule"]) == (kind, "outside the limits")


def test_limits_start_anew_where_they_are_told_to_and_can_be_fixed() -> None:
    chart = board.xmr([1, 2] * 8 + [11, 12] * 8, "increase", rebase_at=16)
    assert (chart["points"][0]["mean"], chart["mean"], chart["n_special"]) == (1.5, 11.5, 0)
    fixed = board.xmr([1, 2] * 8 + [11, 12] * 8, "increase", fix_after_n=16)
    assert (fixed["mean"], fixed["last"]) == (1.5, "special_cause_improvement")


def test_six_on_one_side_are_chance_and_seven_are_not() -> None:
    assert board.seven_one_side([1] * 6, 0).tolist() == [0] * 6
    assert board.seven_one_side([1] * 7, 0).tolist() == [0] * 6 + [1]
    assert board.seven_point_trend(range(6)).tolist() == [0] * 6
    assert board.seven_point_trend(range(7, 0, -1)).tolist() == [0] * 6 + [-1]


def test_a_gap_in_a_series_is_refused() -> None:
    with pytest.raises(ArgumentRefusedError, match="values is empty or holds a gap"):
        board.xmr([1.0, float("nan")])


@pytest.mark.parametrize(
    ("better", "actual", "note", "met", "is_green"),
    [
        ("lower", 10.0, None, True, True),
        ("lower", 10.1, None, False, False),
        ("higher", 10.1, None, True, False),
        ("lower", 9.0, "cumulative in academic year", True, False),
        ("lower", 9.0, "projected end of year", True, False),
        ("lower", None, None, None, False),
    ],
)
def test_a_milestone(
    better: str, actual: float | None, note: str | None, met: object, is_green: bool
) -> None:
    """The second "higher" contradicts itself: its target lies below its baseline."""
    status = board.milestone_status("Absence", better, 10.0, actual, 10.9, 10.0, note)  # type: ignore[arg-type]
    assert (status["met"], status["is_green"]) == (met, is_green)


def test_slippage_is_the_time_to_the_day_the_line_reaches_the_milestone() -> None:
    days = [date(2024, 1, 1), date(2024, 1, 11), date(2024, 1, 21)]
    assert board.slippage(date(2024, 1, 31), 5.0, "lower", days, [10, 9, 8]) == 20
    assert board.slippage(date(2024, 1, 31), 5.0, "lower", days, [8, 9, 10]) is None
    assert board.slippage(date(2024, 1, 31), 5.0, "lower", days[:1], [8]) is None


@pytest.mark.skipif(not KPIS.exists(), reason=NOT_THERE)
def test_none_of_devons_measures_is_green_where_its_caveat_forbids() -> None:
    found = board.milestones_of(pl.read_csv(KPIS))
    assert found.height == pl.read_csv(KPIS).height
    assert found.filter("is_green", pl.col("caveat").is_not_null()).is_empty()
    met = found.filter("met")
    sums = met.filter(pl.col("kpi").str.contains("rate"))
    assert sums.height >= 8
    assert sums["caveat"].str.contains("summed up within a year").all()
    plans = found.filter(pl.col("kpi").str.starts_with("EHC plans"))
    assert plans["caveat"].str.contains("lies above the baseline").all()
    absence = found.filter(pl.col("kpi").str.starts_with("Absence"), milestone_no=5)
    assert absence["met"].to_list() == [False, False]
    assert absence["caveat"].null_count() == 2


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="7 columns are missing"):
        board.milestones_of(pl.DataFrame({"kpi": ["a"]}))
