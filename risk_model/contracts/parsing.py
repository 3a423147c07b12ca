"""Text to types: dates, whole numbers, numbers and yes/no as partners write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

EARLIEST_DATE = date(1900, 1, 1)  # Access leaves 1899-12-30 where it has no date
DATE_FORMATS = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "yyyy-MM-dd'T'HH:mm:ss": "%Y-%m-%dT%H:%M:%S%.f",
    "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%M:%S%.f",
    "dd/MM/yyyy": "%d/%m/%Y",
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyy-MMM-dd": "%Y-%b-%d",
    "yyyy-MMM-dd HH:mm:ss": "%Y-%b-%d %H:%M:%S",
}
TRUE_WORDS = ["TRUE", "T", "1", "Y", "YES", "1.0"]
FALSE_WORDS = ["FALSE", "F", "0", "N", "NO", "0.0"]


def parse(values: pl.Series, logical_type: str, date_formats: Iterable[str]) -> pl.Series:
    """The typed values; null where the text is empty or cannot be read."""
    if values.dtype != pl.String:
        return values
    if logical_type == "date":
        return parse_dates(values, date_formats)
    if logical_type == "boolean":
        words = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)
        return values.str.to_uppercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    if logical_type in ("integer", "number"):
        numbers = values.cast(pl.Float64, strict=False)
        numbers = pl.select(pl.when(numbers.is_finite()).then(numbers)).to_series()
        if logical_type == "number":
            return numbers
        whole = pl.select(
            pl.when((numbers == numbers.round()) & (numbers.abs() < 2**53)).then(numbers)
        ).to_series()
        return whole.cast(pl.Int64)
    return values


def parse_dates(values: pl.Series, date_formats: Iterable[str]) -> pl.Series:
    """Dates in the first format that fits each value; the dummy dates of Access count as unreadable."""
    found = (
        pl.Series(values.name, [None], dtype=pl.Date)
        .extend_constant(None, max(len(values) - 1, 0))
        .head(len(values))
    )
    for written in date_formats:
        left = found.is_null() & values.is_not_null()
        if not left.any():
            break
        found = pl.select(found.fill_null(_dates_in(values, DATE_FORMATS[written]))).to_series()
    return pl.select(pl.when(found >= EARLIEST_DATE).then(found)).to_series().alias(values.name)


def tidy_text(values: pl.Series) -> pl.Series:
    """Text without blanks around it; empty text is no value."""
    if values.dtype != pl.String:
        return values
    stripped = values.str.strip_chars()
    return pl.select(pl.when(stripped != "").then(stripped)).to_series().alias(values.name)


def _dates_in(values: pl.Series, pattern: str) -> pl.Series:
    if "%H" in pattern:
        return values.str.to_datetime(pattern, strict=False, time_unit="ms").dt.date()
    return values.str.to_date(pattern, strict=False)
