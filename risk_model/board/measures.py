"""A board's measures over their milestones: met or not, by how much, how late, and what must not be green."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl

from risk_model.board.milestones import CAVEATS, milestone_status, slippage
from risk_model.errors import UserError

COLUMNS = ("kpi", "unit", "better", "baseline", "target", "milestone_date", "milestone", "actual")
FIRST_MONTH_OF_SCHOOL_YEAR = 9
SHORTEST_TO_SEE_A_SUM = 3
"""Figures of one school year that must rise, and the next year start below them, to look like a sum."""


def milestones_of(table: pl.DataFrame) -> pl.DataFrame:
    """Return each row with `met`, `variance`, `caveat`, `is_green` and `slippage_days`, in the order of the table.

    `table` has a row per measure and milestone: `kpi`, `unit`, `better` (higher, lower), `baseline`, `target`,
    `milestone_date` (such as 2024-07), `milestone`, `actual` (null: not known) and perhaps `actual_note`. A figure that
    is summed up within a school year, because a note says so or its course shows it (`is_summed_within_a_year`), is
    compared with no milestone of another month: such a measure is never green.
    """
    missing = sorted(set(COLUMNS) - set(table.columns))
    if missing:
        raise UserError(
            f"{len(missing)} columns are missing: {', '.join(missing)}. Expected a row per measure and milestone."
        )
    parts = [
        _statuses(part.sort("milestone_date")) for part in table.partition_by("kpi", maintain_order=True)
    ]
    return pl.DataFrame([row for part in parts for row in part], infer_schema_length=None)


def is_summed_within_a_year(days: list[date], actuals: list[float]) -> bool:
    """Return whether figures look summed up: they rise through a school year, and the next year starts below them.

    >>> months = [date(2023, 11, 1), date(2024, 3, 1), date(2024, 7, 1), date(2024, 11, 1)]
    >>> [is_summed_within_a_year(months, each) for each in ([14.5, 37.2, 54.1, 3.7], [11.3, 12.7, 12.2, 10.3])]
    [True, False]
    """
    by_year: dict[int, list[float]] = {}
    for day, actual in sorted(zip(days, actuals, strict=True)):
        by_year.setdefault(day.year - (day.month < FIRST_MONTH_OF_SCHOOL_YEAR), []).append(actual)
    years = [by_year[year] for year in sorted(by_year)]
    rises = all(figures == sorted(figures) for figures in years)
    restarts = [later[0] < earlier[-1] for earlier, later in pairwise(years)]
    seen_once = any(len(figures) >= SHORTEST_TO_SEE_A_SUM for figures in years)
    return rises and seen_once and bool(restarts) and all(restarts)


def _statuses(measure: pl.DataFrame) -> list[dict[str, Any]]:
    rows = measure.to_dicts()
    known = [(_day(row["milestone_date"]), row["actual"]) for row in rows if row["actual"] is not None]
    days, actuals = [day for day, _ in known], [actual for _, actual in known]
    notes = " ".join(str(row.get("actual_note") or "") for row in rows)
    is_summed = "cumulative" in notes.lower() or is_summed_within_a_year(days, actuals)
    told = []
    for row in rows:
        status = milestone_status(
            row["kpi"],
            row["better"],
            row["milestone"],
            row["actual"],
            row["baseline"],
            row["target"],
            row.get("actual_note"),
        )
        caveat = status["caveat"]
        if is_summed and CAVEATS["cumulative"] not in (caveat or ""):
            caveat = " ".join(filter(None, [CAVEATS["cumulative"], caveat]))
        late = slippage(_day(row["milestone_date"]), row["milestone"], row["better"], days, actuals)
        told.append(
            row
            | status
            | {
                "caveat": caveat,
                "is_green": status["is_green"] and caveat is None,
                "slippage_days": None if caveat else late,
            }
        )
    return told


def _day(month: str) -> date:
    try:
        year, number = (int(part) for part in str(month).split("-")[:2])
        return date(year, number, 1)
    except ValueError as error:
        raise UserError(f"{month} is no milestone date. Expected a month such as 2024-07.") from error
