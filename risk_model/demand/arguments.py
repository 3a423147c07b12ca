"""What every measure asks of its numbers before it counts with them."""

from __future__ import annotations

from datetime import date
from typing import overload

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from risk_model.errors import UserError

Numbers = NDArray[np.float64]


class ArgumentRefusedError(UserError, ValueError):
    """A measure was given something that is no number, rate, share or date of its kind."""


def numbers(**arguments: ArrayLike) -> list[Numbers]:
    """Return the arguments as arrays, in their order; refuse what is not finite, negative or empty, by its name."""
    return [_numbers(name, value) for name, value in arguments.items()]


def above_zero(**arguments: ArrayLike) -> list[Numbers]:
    """The same, and nothing may be 0: a wait, a factor or a number of weeks that something is divided by."""
    found = numbers(**arguments)
    for name, value in zip(arguments, found, strict=True):
        if (value == 0).any():
            raise ArgumentRefusedError(
                f"{name} is 0. Expected a number above 0. Give {name} in weeks or times."
            )
    return found


def share(**arguments: ArrayLike) -> list[Numbers]:
    """The same, between 0 and 1 and neither of the two: the share of children a target is to hold for."""
    found = numbers(**arguments)
    for name, value in zip(arguments, found, strict=True):
        if ((value <= 0) | (value >= 1)).any():
            raise ArgumentRefusedError(f"{name} is not between 0 and 1. Expected a share such as 0.92.")
    return found


def days(values: object, name: str, *, may_be_missing: bool = False) -> pl.Series:
    """Return dates, given as dates or as text like 2026-11-20; refuse what is none, by its name."""
    try:
        series = pl.Series(name, values, strict=False)  # type: ignore[arg-type]
        if series.dtype == pl.String:
            read = series.str.to_date(strict=False)
            is_unread = read.null_count() > series.null_count()
        else:
            read = series.cast(pl.Date, strict=False)
            is_unread = series.dtype.is_numeric() or read.null_count() > series.null_count()
    except (TypeError, pl.exceptions.PolarsError):
        is_unread, read = True, pl.Series(name, [], pl.Date)
    if is_unread or (read.null_count() and not may_be_missing):
        raise ArgumentRefusedError(f"{name} holds something that is no date. Expected days like 2026-11-20.")
    if read.is_empty() and not may_be_missing:
        raise ArgumentRefusedError(f"{name} is empty. Expected at least one day.")
    return read


def day(value: date | str, name: str) -> date:
    """Return one day."""
    found: date = days([value], name)[0]
    return found


@overload
def plain(result: Numbers) -> float: ...
@overload
def plain(result: np.float64) -> float: ...
def plain(result: Numbers | np.float64) -> float | Numbers:
    """Return a number as a number and an array as an array, as it was asked."""
    return float(result) if np.ndim(result) == 0 else np.asarray(result)


def _numbers(name: str, value: ArrayLike) -> Numbers:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentRefusedError(
            f"{name} is not a number. Expected a finite number of 0 or more."
        ) from error
    if found.size == 0:
        raise ArgumentRefusedError(f"{name} is empty. Expected at least one number.")
    if not np.isfinite(found).all() or (found < 0).any():
        raise ArgumentRefusedError(f"{name} is not a finite number of 0 or more. Correct it and count again.")
    return found
