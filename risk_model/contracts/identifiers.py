"""Check digits of the two national numbers, as polars expressions over text."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

UPN_ALPHABET = "ABCDEFGHJKLMNPQRTUVWXYZ"
DISALLOWED_NHS_NUMBERS = [str(d) * 10 for d in range(10)] + [f"{d}00000000{d}" for d in range(1, 10)]


def tidy_nhs_number(text: pl.Expr) -> pl.Expr:
    """The number without blanks and hyphens; where a numeric column left ".0", leading zeros come back."""
    bare = text.str.replace_all(r"[\s-]", "")
    return pl.when(bare.str.ends_with(".0")).then(bare.str.head(-2).str.zfill(10)).otherwise(bare)


def nhs_number_is_valid(text: pl.Expr) -> pl.Expr:
    """Ten ASCII digits, modulus 11, and none of the numbers that the NHS disallows (Data Dictionary).

    >>> pl.select(nhs_number_is_valid(pl.lit("9434765919"))).item()
    True
    """
    number = pl.when(text.str.contains(r"^[0-9]{10}$")).then(text).cast(pl.Int64, strict=False)
    weighted = [(number // 10 ** (10 - place) % 10) * (11 - place) for place in range(1, 10)]
    check = (11 - pl.sum_horizontal(weighted, ignore_nulls=False) % 11) % 11
    return (check == number % 10).fill_null(False) & ~text.is_in(DISALLOWED_NHS_NUMBERS).fill_null(False)


def tidy_upn(text: pl.Expr) -> pl.Expr:
    """The number in capitals without blanks; UN1 to UN7 say why there is none, so they are no number."""
    bare = text.str.replace_all(r"\s", "").str.to_uppercase()
    return pl.when(~bare.str.contains("^UN[1-7]$")).then(bare)


def upn_is_valid(text: pl.Expr) -> pl.Expr:
    """A check letter that agrees with the eleven digits and the last digit or letter that follow it.

    >>> pl.select(upn_is_valid(pl.lit("A950000178301"))).item()
    True
    """
    shaped = pl.when(text.str.contains(rf"^[{UPN_ALPHABET}][0-9]{{11}}[0-9{UPN_ALPHABET}]$")).then(text)
    digits = shaped.str.slice(1, 11).cast(pl.Int64, strict=False)
    weighted = [(digits // 10 ** (12 - place) % 10) * place for place in range(2, 13)]
    last = 13 * _letter_value(shaped.str.slice(12, 1), {str(digit): digit for digit in range(10)})
    total = pl.sum_horizontal([*weighted, last], ignore_nulls=False)
    return (total % 23 == _letter_value(shaped.str.slice(0, 1), {})).fill_null(False)


def _letter_value(letter: pl.Expr, also: dict[str, int]) -> pl.Expr:
    values = {letter: value for value, letter in enumerate(UPN_ALPHABET)} | also
    return letter.replace_strict(values, default=None, return_dtype=pl.Int64)


NAMED_CHECKS: dict[str, tuple[str, Callable[[pl.Expr], pl.Expr], Callable[[pl.Expr], pl.Expr]]] = {
    "nhs_number": ("check_digit", tidy_nhs_number, nhs_number_is_valid),
    "upn": ("check_letter", tidy_upn, upn_is_valid),
}
