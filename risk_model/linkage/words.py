"""What agrees and what does not between two records, in a clinician's words."""

from __future__ import annotations

import polars as pl

BY_NUMBER = "NHS number held by the council"
BY_PERSON = "decided by a person"
_SAME_NAME = (pl.col("given") == 2) & (pl.col("family") == 2)
_SAME = {
    "name": _SAME_NAME,
    "given name": (pl.col("given") == 2) & (pl.col("family") != 2),
    "family name": (pl.col("given") != 2) & (pl.col("family") == 2),
    "birth date": pl.col("born") == 3,
    "sex": pl.col("sex") == 1,
    "postcode": pl.col("postcodes") == 1,
    "school": pl.col("schools") == 1,
}
_NEARLY = {
    "birth date with day and month swapped": pl.col("born") == 2,
    "birth date with one other digit": pl.col("born") == 1,
    "similar given name": pl.col("given") == 1,
    "similar family name": pl.col("family") == 1,
}
_OTHER = {
    "given name": pl.col("given") == 0,
    "family name": pl.col("family") == 0,
    "birth date": pl.col("born") == 0,
    "sex": pl.col("sex") == 0,
    "postcode": pl.col("postcodes") == 0,
    "school": pl.col("schools") == 0,
}


def agreement(*, with_sex: bool = True) -> pl.Expr:
    """Return what agrees, such as "same name, birth date and postcode; similar family name"."""
    same = {name: holds for name, holds in _SAME.items() if with_sex or name != "sex"}
    return pl.concat_str(_listed("same", same), _listed("", _NEARLY), separator="; ", ignore_nulls=True)


def disagreement() -> pl.Expr:
    """Return what does not agree, such as "other family name and postcode"; empty if nothing does."""
    return _listed("other", _OTHER).fill_null("")


def _listed(before: str, words: dict[str, pl.Expr]) -> pl.Expr:
    those = pl.concat_str(
        [pl.when(holds).then(pl.lit(word)) for word, holds in words.items()],
        separator=", ",
        ignore_nulls=True,
    )
    sentence = those.str.replace(r", ([^,]+)$", " and $1")
    return pl.when(those != "").then(pl.lit(f"{before} ".lstrip()) + sentence)
