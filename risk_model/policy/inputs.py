"""The small files that the people of a service write themselves: the capacity calendar and reviewers' decisions.

They are held against their contracts like a partner's file, but whole: a plan with one bad row is no plan.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from risk_model import contracts
from risk_model.errors import UserError

CALENDAR, DECISIONS = "capacity_calendar", "decision"
MOST_BYTES = 20_000_000
"""Ours: ten years of decisions of a large service are smaller."""

ROWS_NAMED = 5


def load(path: Path | None, table: str) -> bytes | None:
    """Return the content of such a file; None where no file is named."""
    if path is None:
        return None
    if not path.is_file():
        raise UserError(f"There is no file {path}. Expected a CSV file of the contract {_contract(table)}.")
    if path.stat().st_size > MOST_BYTES:
        raise UserError(
            f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB. Expected a small CSV file."
        )
    return path.read_bytes()


def read(content: bytes | None, table: str) -> pl.DataFrame | None:
    """Return the rows of such a file in their types, or say in words what is wrong; None for no file."""
    if content is None:
        return None
    described = contracts.tables()[table]
    text = _text(content, table)
    found = contracts.match(described, text.columns)
    if lacking := sorted(c.header for n, c in described.columns.items() if c.required and n not in found):
        raise UserError(
            f"The {_words(table)} lacks {len(lacking)} column(s): {', '.join(lacking)}. Expected those that "
            f"`risk-model contracts show {_contract(table)}` names. Add them and try again."
        )
    ours = text.select(pl.coalesce(carriers).alias(name) for name, carriers in found.items())
    ours = ours.with_columns(
        source_file=pl.lit(table), source_row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    )
    checked = contracts.part(described, contracts.read(described, ours, contracts.ColumnReader()).rows)
    if checked.rejected.height:
        raise UserError(_refusal(checked.rejected, described))
    absent = [pl.lit(None, c.dtype).alias(n) for n, c in described.columns.items() if n not in found]
    return checked.accepted.with_columns(absent).select(*described.columns)


def read_calendar(content: bytes | None) -> pl.DataFrame | None:
    """Return a capacity calendar as `capacity.plan` reads it."""
    calendar = read(content, CALENDAR)
    if calendar is None:
        return None
    twice = calendar.group_by("service_id", "from_on").len().filter(pl.col("len") > 1).sort("service_id")
    if twice.height:
        row = twice.row(0, named=True)
        raise UserError(
            f"The {_words(CALENDAR)} has {twice.height} stretch(es) that begin on the same day twice, the first for "
            f"{row['service_id']} on {row['from_on']}: nobody could tell which holds. Keep one of the rows."
        )
    return calendar


def _text(content: bytes, table: str) -> pl.DataFrame:
    try:
        text = pl.read_csv(content, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise UserError(
            f"The {_words(table)} cannot be read as CSV in UTF-8. Expected a first row of headers and as many "
            "values in every row. Save it as “CSV UTF-8” and try again."
        ) from error
    return text.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))


def _refusal(rejected: pl.DataFrame, table: contracts.Table) -> str:
    """What is wrong in which rows, in the contract's words and without a value."""
    rules = rejected.explode("rules").group_by("rules", maintain_order=True).agg("source_row")
    said = [
        f"row {', '.join(map(str, rows[:ROWS_NAMED]))}{' and others' if len(rows) > ROWS_NAMED else ''}: "
        f"{contracts.explain(table, rule).meaning}"
        for rule, rows in rules.iter_rows()
    ]
    return (
        f"The {_words(table.name)} is refused, {rejected.height} row(s) are not as expected. {' '.join(said)} "
        "Mend them and try again."
    )


def _contract(table: str) -> str:
    return contracts.tables()[table].contract


def _words(table: str) -> str:
    return {CALENDAR: "capacity calendar", DECISIONS: "file of decisions"}[table]
