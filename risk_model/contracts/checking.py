"""Holds rows against their contract: what is accepted, what is rejected and why, what was odd or mended.

In two steps, since a table's facts may stand in several files: `read` turns one file's text into types, `part` tells
accepted rows from rejected ones once the facts of the other files are joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from risk_model.contracts.columns import REJECTS, WARNS, ColumnReader, Touched
from risk_model.contracts.contract import LINEAGE, Column, Table

BROKEN = "broken_rules"
"""Column of the names of the rules by which a row is rejected; null for a row that is not."""

FAULT = "source_fault"
"""Column of a reader's word on a whole row, such as too_many_values."""

REJECTED = pl.Schema(
    {
        "table": pl.String(),
        "source_file": pl.String(),
        "source_row": pl.Int64(),
        "contract": pl.String(),
        "version": pl.String(),
        "rules": pl.List(pl.String()),
    }
)
FINDINGS = pl.Schema(
    {
        "table": pl.String(),
        "rule": pl.String(),
        "severity": pl.String(),
        "rows": pl.Int64(),
        "children": pl.Int64(),
    }
)
CHILD_KEYS = (
    "local_patient_id", "la_child_id", "person_key", "pupil_id", "upn", "request_key", "service_request_id",
    "care_contact_id",
)  # fmt: skip
"""What tells one child from another in a table, best first: how many children a finding touches is counted by it."""


@dataclass(frozen=True)
class Read:
    """One table's rows of one file in their types, with `broken_rules`; and what its rules found, as FINDINGS."""

    rows: pl.DataFrame
    findings: pl.DataFrame


@dataclass(frozen=True)
class Checked:
    """What passed, what failed and why, and what was odd or mended; no value of any child in the last two."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    findings: pl.DataFrame


def read(table: Table, text: pl.DataFrame, reader: ColumnReader, *, is_tidy: bool = False) -> Read:
    """Turn the text columns of one file, under our names, into the contract's types.

    Columns that the file does not have stay absent. A required value that cannot be read breaks its row; any other
    becomes null and is counted. `is_tidy` says that no value has a blank at an end or a letter beyond ASCII.
    """
    columns, reported = reader.read(table, text, is_tidy=is_tidy)
    reported += _missing(table, columns, reported)
    rest = [name for name in text.columns if name not in table.columns and name != FAULT]
    typed = pl.DataFrame([*text.select(rest).get_columns(), *columns.get_columns()])
    if "source_row" not in typed.columns:
        typed = typed.with_columns(source_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    if FAULT in text.columns and text[FAULT].null_count() < text.height:
        reported = _without_misshapen(reported, text[FAULT])
    broken = _broken(typed.height, [(rule, rows) for rule, severity, rows in reported if severity == REJECTS])
    typed = typed.with_columns(broken)
    return Read(typed, _count(table, typed, reported))


def part(table: Table, rows: pl.DataFrame) -> Checked:
    """Tell accepted rows from rejected ones, now that every column of the table stands there."""
    typed = {c.name: c.dtype for c in delivered(table)} | LINEAGE
    rows = rows.with_columns(pl.lit(None, t).alias(n) for n, t in typed.items() if n not in rows.columns)
    late = [c.name for c in delivered(table) if c.required and c.joined_from]
    claims = {f"{name}|missing": (REJECTS, pl.col(name).is_not_null() | _is_named(name)) for name in late}
    claims |= {r.name: (REJECTS if r.rejects else WARNS, pl.sql_expr(r.sql)) for r in table.rules}
    holds = rows.select(valid.fill_null(True).alias(name) for name, (_, valid) in claims.items())
    reported = [(n, claims[n][0], ~holds[n]) for n in holds.columns if not holds[n].all()]
    more = [(rule, broken) for rule, severity, broken in reported if severity == REJECTS]
    if more:
        rows = rows.with_columns(_broken(rows.height, more, before=rows[BROKEN]))
    counted = _count(table, rows, reported)
    if rows[BROKEN].null_count() == rows.height:
        return Checked(rows.select(*typed), REJECTED.to_frame(), counted)
    is_rejected = rows[BROKEN].is_not_null()
    rejected = _rejected(table, rows.filter(is_rejected))
    return Checked(rows.filter(~is_rejected).select(*typed), rejected, counted)


def read_schema(table: Table) -> pl.Schema:
    """The columns of a table that was read whole: its own, those of lineage, and the broken rules."""
    typed = [(name, column.dtype) for name, column in table.columns.items()]
    return pl.Schema([*typed, *LINEAGE.items(), (BROKEN, pl.List(pl.String))])


def delivered(table: Table) -> list[Column]:
    """The columns that leave the reader."""
    return [table.columns[name] for name in table.delivered]


def findings_frame(table_name: str, found: Iterable[tuple[str, str, int, int]]) -> pl.DataFrame:
    """Findings as FINDINGS, from rule, severity, rows and children; what touches no row is none."""
    rows = [(table_name, *finding) for finding in found if finding[2]]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row")


def _missing(table: Table, columns: pl.DataFrame, reported: Touched) -> Touched:
    """Required values that are not there, apart from those whose text could not be read."""
    needed = [
        c.name
        for c in table.columns.values()
        if c.required and not c.joined_from and c.name in columns.columns
    ]
    found = []
    for name in needed:
        if columns[name].null_count():
            unread = [rows for rule, _, rows in reported if rule.startswith(f"{name}|")]
            missing = columns[name].is_null()
            for rows in unread:
                missing &= ~rows
            found.append((f"{name}|missing", REJECTS, missing))
    return [one for one in found if one[2].any()]


def _count(table: Table, rows: pl.DataFrame, reported: Touched) -> pl.DataFrame:
    key = next((name for name in CHILD_KEYS if name in rows.columns), None)
    found = []
    for rule, severity, touched in reported:
        count = int(touched.sum())
        children = rows[key].filter(touched).n_unique() if key and count else count
        found.append((rule, severity, count, children))
    return findings_frame(table.name, found)


def _broken(height: int, reported: list[tuple[str, pl.Series]], before: pl.Series | None = None) -> pl.Series:
    """The names of the rules that each row breaks, as a list; null for a row that breaks none."""
    if not reported:
        return pl.Series(BROKEN, [None], dtype=pl.List(pl.String)).new_from_index(0, height)
    schema = {"row": pl.UInt32, "rule": pl.String}
    places = [pl.DataFrame({"row": rows.arg_true(), "rule": rule}, schema=schema) for rule, rows in reported]
    if before is not None:
        known = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True), "rule": before})
        places.append(known.drop_nulls("rule").explode("rule"))
    named = pl.concat(places).group_by("row").agg(pl.col("rule").unique().sort().alias(BROKEN))
    every = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return every.join(named, on="row", how="left", maintain_order="left")[BROKEN]


def _without_misshapen(reported: Touched, fault: pl.Series) -> Touched:
    """A row of the wrong shape breaks that rule alone: which of its values stands where cannot be told."""
    misshapen = fault.is_not_null()
    shaped = [(rule, severity, rows & ~misshapen) for rule, severity, rows in reported]
    return [
        *shaped,
        *((f"row|{name}", REJECTS, (fault == name).fill_null(False)) for name in fault.unique().drop_nulls()),
    ]


def _rejected(table: Table, broken: pl.DataFrame) -> pl.DataFrame:
    """Where each rejected row stands and which rules it broke; its values stay behind."""
    return broken.select(
        pl.lit(table.name).alias("table"),
        "source_file",
        pl.col("source_row").cast(pl.Int64),
        pl.lit(table.contract).alias("contract"),
        pl.lit(table.version).alias("version"),
        pl.col(BROKEN).alias("rules"),
    )


def _is_named(column: str) -> pl.Expr:
    """Claim: a rule of this column broke the row already."""
    of_column = pl.element().str.starts_with(f"{column}|").any()
    return pl.col(BROKEN).list.eval(of_column).list.first().fill_null(False)
