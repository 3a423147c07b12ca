"""Text to types: dates, whole numbers, numbers and yes/no as partners write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

EARLIEST_DATE = date(1900, 1, 2)
"""Access writes 1899-12-30 and Excel 1900-01-01 where they have no date."""

NO_DATES = [date(1970, 1, 1), date(1980, 1, 1)]
"""Unix and DOS write these days where they have no date."""

LATEST_DATE = date(2099, 12, 31)
"""Ours: 2999-12-31 and 9999-12-31 stand for "no end"."""

LOCAL_TIME = "Europe/London"
DATE_FORMATS = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "yyyy-MM-dd'T'HH:mm:ss": "%Y-%m-%dT%H:%M:%S%.f",
    "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%M:%S%.f",
    "yyyy-MM-dd'T'HH:mm:ssXXX": "%Y-%m-%dT%H:%M:%S%.f%#z",
    "dd/MM/yyyy": "%d/%m/%Y",
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyy-MMM-dd": "%Y-%b-%d",
    "yyyy-MMM-dd HH:mm:ss": "%Y-%b-%d %H:%M:%S",
}
TRUE_WORDS = ["TRUE", "T", "1", "Y", "YES", "1.0"]
FALSE_WORDS = ["FALSE", "F", "0", "N", "NO", "0.0"]


def parse(text: pl.Expr, logical_type: str, date_formats: Iterable[str]) -> dict[str, pl.Expr]:
    """Return the typed `value`, and by reason which texts could not be read; no text has no value and no reason."""
    if logical_type in ("string", "array"):
        return {"value": text}
    if logical_type == "date":
        return _date(text, date_formats)
    if logical_type == "boolean":
        words = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)
        value = text.str.to_uppercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    else:
        value = _number(text, whole=logical_type == "integer")
    return {"value": value, "unparsed": value.is_null() & text.is_not_null()}


def parse_dates(text: pl.Series, date_formats: Iterable[str]) -> pl.Series:
    """Dates in the first format that fits each text; null where none fits or the day stands for "no date"."""
    return (
        text.to_frame("text")
        .select(_date(pl.col("text"), date_formats)["value"].alias(text.name))
        .to_series()
    )


def _date(text: pl.Expr, date_formats: Iterable[str]) -> dict[str, pl.Expr]:
    found = pl.coalesce([_date_in(text, DATE_FORMATS[written]) for written in date_formats])
    is_real = found.is_between(EARLIEST_DATE, LATEST_DATE) & ~found.is_in(NO_DATES)
    return {
        "value": pl.when(is_real).then(found),
        "unparsed": found.is_null() & text.is_not_null(),
        "no_real_date": ~is_real,
    }


def _date_in(text: pl.Expr, pattern: str) -> pl.Expr:
    """The date in one format; a moment with an offset is the day it was in this country."""
    if "%#z" in pattern:
        moment = text.str.to_datetime(pattern, strict=False, time_unit="ms", time_zone="UTC")
        return moment.dt.convert_time_zone(LOCAL_TIME).dt.date()
    if "%H" in pattern:
        return text.str.to_datetime(pattern, strict=False, time_unit="ms").dt.date()
    return text.str.to_date(pattern, strict=False)


def _number(text: pl.Expr, *, whole: bool) -> pl.Expr:
    number = text.cast(pl.Float64, strict=False)
    can_be_read = number.is_finite()
    if whole:
        can_be_read &= (number == number.round()) & (number.abs() < 2**53)
    kept = pl.when(can_be_read).then(number)
    return kept.cast(pl.Int64) if whole else kept
