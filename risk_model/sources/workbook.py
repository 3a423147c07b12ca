"""Opens an Excel workbook: each sheet is a table of text, known by its headers wherever they begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from risk_model import contracts
from risk_model.sources.csv_file import MOST_COLUMNS
from risk_model.sources.opening import Unreadable
from risk_model.sources.recognise import LeftBehind, recognise
from risk_model.sources.workbook_limits import check_workbook

ROWS_ABOVE_HEADERS = 20
"""Ours: a title, a date and a few notes stand above the headers of a sheet, not more."""

FORMULA_ERRORS = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"]
"""What Excel shows where a formula failed: no value."""


@dataclass(frozen=True)
class Sheet:
    """One sheet that holds a table we take: headers, and rows as text in columns c0, c1, ..."""

    name: str
    table: contracts.Table
    headers: tuple[str, ...]
    rows: pl.DataFrame


def sheets(content: bytes, *, only_start: bool = False) -> list[Sheet]:
    """The sheets that hold a table we take; raises Unreadable, naming the nearest table, when there is none."""
    check_workbook(content)
    found: list[Sheet] = []
    reasons: list[str] = []
    left: str | None = None
    for name, rows in _all_sheets(content, only_start):
        try:
            if (sheet := _sheet(name, rows)) is not None:
                found.append(sheet)
        except Unreadable as unreadable:
            reasons.append(f"Sheet {len(reasons) + 1}: {unreadable}")
        except LeftBehind as behind:
            left = str(behind)
    if found:
        return found
    if left is not None:
        raise LeftBehind(left)
    raise Unreadable(
        reasons[0] if reasons else "The workbook is empty; a table was expected. Ask for it again."
    )


def _all_sheets(content: bytes, only_start: bool) -> Iterator[tuple[str, pl.DataFrame]]:
    import fastexcel

    try:
        workbook = fastexcel.read_excel(content)
        for name in workbook.sheet_names:
            limit = ROWS_ABOVE_HEADERS if only_start else None
            sheet = workbook.load_sheet(name, header_row=None, n_rows=limit, dtypes="string")
            yield name, sheet.to_polars()
    except fastexcel.FastExcelError as error:
        raise Unreadable(
            "The workbook is damaged or locked. Save it again in Excel, without a password."
        ) from error


def _sheet(name: str, rows: pl.DataFrame) -> Sheet | None:
    """The table that a sheet holds, beginning below the first line that a table is known by."""
    if rows.is_empty():
        return None
    if rows.width > MOST_COLUMNS:
        raise Unreadable(f"The sheet has more than {MOST_COLUMNS:,} columns, which no return has.")
    refusal: Exception | None = None
    for place, line in enumerate(rows.head(ROWS_ABOVE_HEADERS).iter_rows()):
        headers = tuple((text or "").strip() for text in line)
        try:
            table = recognise(headers)
        except (Unreadable, LeftBehind) as error:
            refusal = error if refusal is None or isinstance(error, LeftBehind) else refusal
            continue
        return Sheet(name, table, headers, _below(rows, place))
    assert refusal is not None, "a sheet that is not empty has a first line"
    raise refusal


def _below(rows: pl.DataFrame, place: int) -> pl.DataFrame:
    text = [
        pl.when(~pl.col(name).is_in(FORMULA_ERRORS)).then(pl.col(name)).alias(f"c{n}")
        for n, name in enumerate(rows.columns)
    ]
    number = pl.int_range(place + 2, place + 2 + pl.len(), dtype=pl.Int64).alias("source_row")
    below = rows.slice(place + 1).select(*text, number, pl.lit(None, pl.String).alias("source_fault"))
    return below.filter(pl.any_horizontal(pl.col("^c[0-9]+$").is_not_null()))
