"""Refuses a workbook that would fill the memory or reach outside, before a reader of workbooks opens it."""

from __future__ import annotations

import io
import re

import numpy as np

from risk_model.sources.opening import MEGABYTE, Unreadable, check_archive, inflate, open_archive

MOST_CELLS_LAID_OUT, LAID_OUT_FOR_EACH = 2_000_000, 10
"""Ours: a workbook is laid out cell by cell up to the furthest one, 50 bytes each; most cells of a list are full."""

MOST_TEXT, TEXT_FOR_EACH_BYTE = 64 * MEGABYTE, 10
"""Ours: a text is stored once and stands in many cells; those of a list are a few signs long, as are their marks."""

PLACED_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"'](?:[^>]*[^/>])?>"
)
CELL, ROW = re.compile(rb"<(?:\w+:)?c(?:\s[^>]*[^/>])?>"), re.compile(rb"<(?:\w+:)?row\b")
ROW_NUMBER = re.compile(rb"<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*[\"'](\d{1,7})")
SHARED_TEXT = re.compile(rb"<(?:\w+:)?si\b")
USE_OF_TEXT = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>\s*(\d{1,9})\s*<")


def check_workbook(content: bytes) -> None:
    """Refuse a workbook that swells, hides files, declares a document type, or is far larger laid out than stored."""
    with open_archive(io.BytesIO(content)) as archive:
        check_archive(archive, len(content))
        entries = archive.infolist()
    parts = [b"".join(inflate(io.BytesIO(content), entry)) for entry in entries]
    if any(b"<!DOCTYPE" in part for part in parts):
        raise Unreadable("The workbook declares a document type, which is refused. Save it again in Excel.")
    sheets = [part for part in parts if b"sheetData" in part]
    for sheet in sheets:
        _check_cells(sheet)
    for strings in parts:
        if b"sst" in strings[:1000]:
            _check_text(strings, sheets)


def _check_cells(sheet: bytes) -> None:
    """Refuse a sheet whose few cells stand so far apart that laying out those between them fills the memory."""
    written = CELL.findall(sheet)
    placed = PLACED_CELL.findall(b"".join(written))
    columns = {_column_number(letters) for letters in {letters for letters, _ in placed}} or {1}
    rows = {int(number) for number in {number for _, number in placed}} or {1}
    cells = len(written)
    if cells > len(placed):
        by_row = ROW.split(sheet)
        columns |= {1, max(columns) + _most_cells(by_row)}
        numbered = b"".join(b"<row" + row for row in by_row if row[:1].isspace())
        rows |= {1, max(map(int, ROW_NUMBER.findall(numbered)), default=1) + len(by_row)}
    laid_out = (max(columns) - min(columns) + 1) * (max(rows) - min(rows) + 1)
    if laid_out > MOST_CELLS_LAID_OUT and laid_out > LAID_OUT_FOR_EACH * cells:
        raise Unreadable(
            "A sheet of the workbook has cells far away from all others. Delete them, or send the list as CSV."
        )


def _most_cells(by_row: list[bytes]) -> int:
    """The cells of the fullest row; only rows with enough closing tags to hold more than another one are searched."""
    fullest = max(by_row, key=_closing_tags)
    most = len(CELL.findall(fullest))
    return max([most, *(len(CELL.findall(row)) for row in by_row if _closing_tags(row) > most)])


def _closing_tags(row: bytes) -> int:
    return row.count(b"</")


def _check_text(strings: bytes, sheets: list[bytes]) -> None:
    """Refuse long texts that stand in many cells."""
    lengths = np.array([len(text) for text in SHARED_TEXT.split(strings)[1:]], dtype=np.int64)
    stored = sum(map(len, sheets)) + len(strings)
    most = max(MOST_TEXT, TEXT_FOR_EACH_BYTE * stored)
    if not len(lengths) or int(lengths.max()) * sum(sheet.count(b"</") for sheet in sheets) <= most:
        return
    used = np.array([int(place) for sheet in sheets for place in USE_OF_TEXT.findall(sheet)], dtype=np.int64)
    if int(lengths[used[used < len(lengths)]].sum()) > most:
        raise Unreadable(
            "The workbook repeats long texts in so many cells that it was refused. Send the list as CSV."
        )


def _column_number(letters: bytes) -> int:
    """The number of a column that a sheet names by letters.

    >>> _column_number(b"AB")
    28
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
