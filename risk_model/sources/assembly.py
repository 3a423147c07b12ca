"""Puts the parts of one table together, and dates them when the files do not say when they were made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from risk_model import contracts
from risk_model.contracts.checking import FAULT
from risk_model.contracts.parsing import parse_dates
from risk_model.sources.extracts import Part, empty


def together(table: contracts.Table, frames: Iterable[pl.LazyFrame]) -> pl.LazyFrame:
    """All rows of a table from all files, with exactly its columns and the lineage columns."""
    complete = [_complete(table, frame) for frame in frames]
    return pl.concat(complete, how="vertical") if complete else empty(table)


def of(parts: Iterable[Part], table: str) -> list[Part]:
    """The parts that hold this table."""
    return [part for part in parts if part.table == table]


def all_rows(parts: Iterable[Part], table: str) -> pl.LazyFrame:
    """All rows of a table in these parts, with every column of the table whether a file has it or not."""
    kept = [*contracts.tables()[table].columns, "source_file", "source_row", FAULT]
    typed = {name: pl.Int64 if name == "source_row" else pl.String for name in kept}
    return pl.concat([pl.LazyFrame(schema=typed), *(part.frame for part in of(parts, table))], how="diagonal")


def with_parent(rows: pl.LazyFrame, parents: pl.LazyFrame, key: str, columns: list[str]) -> pl.LazyFrame:
    """Rows with columns of their one parent; what a row already says wins over the parent."""
    facts = parents.select(key, *columns).drop_nulls(key).unique(key, keep="first", maintain_order=True)
    joined = rows.join(facts, on=key, how="left", suffix="_parent", maintain_order="left")
    both = sorted(set(rows.collect_schema()) & set(columns))
    return joined.with_columns(pl.coalesce(name, f"{name}_parent").alias(name) for name in both).drop(
        f"{name}_parent" for name in both
    )


def text_as_date(column: str, table: contracts.Table) -> pl.Expr:
    """A column's text as dates, in the formats of its contract."""
    return pl.col(column).map_batches(
        lambda text: parse_dates(text, table.date_formats), return_dtype=pl.Date
    )


def newest_date(parts: Sequence[Part]) -> date | None:
    """The newest date in these files, birth dates apart: the earliest day they can have been made on."""
    tables = contracts.tables()
    newest: list[date | None] = []
    for part in parts:
        table = tables[part.table]
        dated = [
            c.name
            for c in table.columns.values()
            if c.logical_type == "date" and c.name != "born_on" and part.has(c.name)
        ]
        if dated:
            newest += part.frame.select(text_as_date(name, table).max() for name in dated).collect().row(0)
    return max((day for day in newest if day is not None), default=None)


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


def _complete(table: contracts.Table, frame: pl.LazyFrame) -> pl.LazyFrame:
    present = frame.collect_schema()
    wanted = {name: pl.String for name in table.delivered} | contracts.LINEAGE | {FAULT: pl.String}
    return frame.select(
        pl.col(name) if name in present else pl.lit(None, dtype).alias(name) for name, dtype in wanted.items()
    )
