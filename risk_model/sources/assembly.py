"""Puts the parts of one table together, and dates them when the files do not say when they were made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from risk_model import contracts
from risk_model.contracts.parsing import parse_dates
from risk_model.sources.extracts import Part

Frames = dict[str, pl.DataFrame]


def of(parts: Iterable[Part], table: str) -> list[Part]:
    """The parts that hold this table."""
    return [part for part in parts if part.table == table]


def all_rows(parts: Iterable[Part], table: str) -> pl.DataFrame:
    """All rows of a table in these parts, with every column of the table whether a file has it or not."""
    typed = contracts.read_schema(contracts.tables()[table])
    frames = [part.rows for part in of(parts, table)] or [pl.DataFrame(schema=typed)]
    rows = pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]
    return rows.with_columns(pl.lit(None, t).alias(n) for n, t in typed.items() if n not in rows.columns)


def with_parent(rows: pl.DataFrame, parents: pl.DataFrame, key: str, columns: list[str]) -> pl.DataFrame:
    """Rows with columns of their one parent; what a row already says wins over the parent."""
    facts = parents.select(key, *columns).drop_nulls(key).unique(key, keep="first", maintain_order=True)
    joined = rows.join(facts, on=key, how="left", suffix="_parent", maintain_order="left")
    both = sorted(set(rows.columns) & set(columns))
    return joined.with_columns(pl.coalesce(name, f"{name}_parent").alias(name) for name in both).drop(
        f"{name}_parent" for name in both
    )


def newest_date(parts: Sequence[Part]) -> date | None:
    """The newest date in these files, birth dates apart: the earliest day they can have been made on."""
    dated = [part.rows.select(pl.selectors.date()).drop("born_on", strict=False) for part in parts]
    newest = [rows.max().row(0) for rows in dated if rows.width]
    return max((day for days in newest for day in days if day is not None), default=None)


def date_in_path(path: str) -> date | None:
    """The newest date written in a path as 2026-09-30 or 30-09-2026.

    >>> date_in_path("879-plymouth/2026-09-30/header.csv")
    datetime.date(2026, 9, 30)
    """
    written = re.findall(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", path)
    written += [found[::-1] for found in re.findall(r"(?<!\d)(\d{2})-(\d{2})-(\d{4})(?!\d)", path)]
    texts = pl.Series(["-".join(found) for found in written], dtype=pl.String)
    return max(parse_dates(texts, ["yyyy-MM-dd"]).drop_nulls(), default=None)


def council_in_path(path: str) -> str | None:
    """The council number that begins a folder of the path, such as 879 in `879-plymouth`.

    >>> council_in_path("879-plymouth/2026-09-30/header.csv")
    '879'
    """
    folders = path.split("/")[:-1]
    return next((found[0] for folder in folders if (found := re.match(r"\d{3}(?!\d)", folder))), None)
