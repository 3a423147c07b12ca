"""Check digits of the two national numbers, as polars expressions over text."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

UPN_ALPHABET = "ABCDEFGHJKLMNPQRTUVWXYZ"
BLANKS = (" ", "\t", "\u00a0")
NO_UPN = [f"UN{reason}" for reason in range(1, 8)]
DISALLOWED_NHS_NUMBERS = [str(d) * 10 for d in range(10)] + [f"{d}00000000{d}" for d in range(1, 10)]


def tidy_nhs_number(text: pl.Expr) -> dict[str, pl.Expr]:
    """The number without blanks and hyphens, with what a spreadsheet took from it; and which repairs that were.

    A numeric column leaves ".0" behind and drops leading zeros. Eight or nine digits and zeros before them are a number
    only if its check digit then fits.
    """
    bare = _without(text, *BLANKS, "-")
    whole = bare.str.strip_suffix(".0")
    restored = pl.when(whole.str.len_bytes().is_between(8, 9)).then(whole.str.zfill(10))
    fits = nhs_number_is_valid(restored)
    return {
        "value": pl.when(fits).then(restored).otherwise(whole),
        "blanks_removed": bare != text,
        "decimal_removed": whole != bare,
        "zeros_restored": fits,
    }


def nhs_number_is_valid(text: pl.Expr) -> pl.Expr:
    """Ten ASCII digits, modulus 11, and none of the numbers that the NHS disallows (Data Dictionary).

    >>> pl.select(nhs_number_is_valid(pl.lit("9434765919"))).item()
    True
    """
    number = _digits(text, 10)
    weighted = [(number // 10 ** (10 - place) % 10) * (11 - place) for place in range(1, 10)]
    check = (11 - pl.sum_horizontal(weighted, ignore_nulls=False) % 11) % 11
    return (check == number % 10).fill_null(False) & ~text.is_in(DISALLOWED_NHS_NUMBERS).fill_null(False)


def tidy_upn(text: pl.Expr) -> dict[str, pl.Expr]:
    """The number in capitals without blanks, and which repairs that were; UN1 to UN7 say why there is none."""
    bare = _without(text, *BLANKS)
    upper = bare.str.to_uppercase()
    return {
        "value": pl.when(~upper.is_in(NO_UPN)).then(upper),
        "blanks_removed": bare != text,
        "upper_case": upper != bare,
    }


def upn_is_valid(text: pl.Expr) -> pl.Expr:
    """A check letter that agrees with the eleven digits and the last digit or letter that follow it.

    >>> pl.select(upn_is_valid(pl.lit("A950000178301"))).item()
    True
    """
    digits = _digits(text.str.slice(1, 11), 11)
    weighted = [(digits // 10 ** (12 - place) % 10) * place for place in range(2, 13)]
    last = 13 * _letter_value(text.str.slice(12), {str(digit): digit for digit in range(10)})
    total = pl.sum_horizontal([*weighted, last], ignore_nulls=False)
    return (total % 23 == _letter_value(text.str.slice(0, 1), {})).fill_null(False)


def _without(text: pl.Expr, *signs: str) -> pl.Expr:
    for sign in signs:
        text = text.str.replace_all(sign, "", literal=True)
    return text


def _digits(text: pl.Expr, count: int) -> pl.Expr:
    """The number that so many ASCII digits and nothing else write; null for any other text."""
    number = text.cast(pl.Int64, strict=False)
    is_written_so = number.cast(pl.String).str.zfill(count) == text
    return pl.when(is_written_so, text.str.len_bytes() == count, number >= 0).then(number)


def _letter_value(letter: pl.Expr, also: dict[str, int]) -> pl.Expr:
    values = {letter: value for value, letter in enumerate(UPN_ALPHABET)} | also
    return letter.replace_strict(values, default=None, return_dtype=pl.Int64)


Tidy = Callable[[pl.Expr], dict[str, pl.Expr]]
Valid = Callable[[pl.Expr], pl.Expr]
NAMED_CHECKS: dict[str, tuple[str, Tidy, Valid]] = {
    "nhs_number": ("check_digit", tidy_nhs_number, nhs_number_is_valid),
    "upn": ("check_letter", tidy_upn, upn_is_valid),
}
