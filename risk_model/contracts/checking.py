"""Checks a frame against its contract: accepted rows, rejected rows with the broken rules, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dataframely as dy
import polars as pl

from risk_model.contracts import headers, odcs
from risk_model.contracts.contract import LINEAGE, Column, Table
from risk_model.contracts.identifiers import NAMED_CHECKS
from risk_model.contracts.parsing import parse, tidy_text
from risk_model.errors import UserError

FAULT = "source_fault"  # a reader's word on a whole row, such as "too_many_values"
FAULTS = ("too_many_values", "too_few_values")
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
WARNINGS = pl.Schema({"table": pl.String(), "rule": pl.String(), "rows": pl.Int64()})
_DY_TYPES: dict[str, type[dy.Column]] = {
    "string": dy.String,
    "date": dy.Date,
    "integer": dy.Int64,
    "number": dy.Float64,
    "boolean": dy.Bool,
}


@dataclass(frozen=True)
class Checked:
    """What passed, what failed and why, and what was odd; no value of any child in the last two."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    warnings: pl.DataFrame


def check(table_name: str, frame: pl.LazyFrame | pl.DataFrame) -> Checked:
    """Read the text of a frame into the contract's types and part the rows by the contract's rules."""
    table = odcs.tables().get(table_name)
    if table is None:
        raise UserError(f"No contract has a table {table_name}. Tables: {', '.join(sorted(odcs.tables()))}.")
    named, lineage, unknown = _under_our_names(table, frame)
    read, warned, unparsed = _read(table, named)
    warned += [(f"unknown_column|{name}", named.height) for name in unknown]
    good, failed = schema(table_name, tuple(unparsed)).filter(read)
    accepted = good.select(*table.delivered, *lineage)
    warned += _broken_warnings(table, good)
    return Checked(accepted, _rejected(table, failed), warnings_frame(table_name, warned))


@lru_cache(maxsize=256)
def schema(table_name: str, unparsed: tuple[str, ...] = ()) -> type[dy.Schema]:
    """The dataframely schema of a table, built from its contract; `unparsed` columns held unreadable text."""
    table = odcs.tables()[table_name]
    members: dict[str, Any] = {name: dy.Any() for name in (*LINEAGE, FAULT) if name not in table.columns}
    for column in _delivered(table):
        members[column.name] = _column(column)
        if column.required:
            members |= {rule: _rule(valid) for rule, valid in _conditions(column)}
    members |= {rule.name: _rule(pl.sql_expr(rule.sql)) for rule in table.rules if rule.rejects}
    members |= {f"row|{fault}": _rule(pl.col(FAULT) != fault) for fault in FAULTS}
    for name in unparsed:
        members[f"unparsed_{name}"] = dy.Bool(nullable=False)
        members[f"{name}|unparsed"] = _rule(~pl.col(f"unparsed_{name}"))
    return type(table.name, (dy.Schema,), members)


def warnings_frame(table_name: str, warned: Iterable[tuple[str, int]]) -> pl.DataFrame:
    """Warnings as a frame: table, rule, rows."""
    rows = [(table_name, rule, count) for rule, count in warned if count]
    return pl.DataFrame(rows, schema=WARNINGS, orient="row")


def _column(column: Column) -> dy.Column:
    if column.logical_type == "array":
        return dy.Any()  # the type of the members is the writer's; nothing here reads into them
    return _DY_TYPES[column.logical_type](nullable=not column.required)


def _rule(valid: pl.Expr) -> Any:
    return dy.rule()(lambda cls: valid.fill_null(True))


def _conditions(column: Column) -> list[tuple[str, pl.Expr]]:
    """What must hold for each value of a column, as rule name and expression."""
    value, found, limits = pl.col(column.name), [], column.limits
    if column.code_list is not None and not column.codes_are_open:
        found.append((f"{column.name}|not_in_code_list", value.is_in(list(column.code_list.meanings))))
    if column.named_check:
        rule, _, is_valid = NAMED_CHECKS[column.named_check]
        found.append((f"{column.name}_{rule}", value.is_null() | is_valid(value)))
    if "pattern" in limits:
        found.append((f"{column.name}|pattern", value.str.contains(f"^(?:{limits['pattern']})$")))
    if "maxLength" in limits:
        found.append((f"{column.name}|max_length", value.str.len_chars() <= int(limits["maxLength"])))
    if "minimum" in limits:
        found.append((f"{column.name}|minimum", value >= limits["minimum"]))
    if "maximum" in limits:
        found.append((f"{column.name}|maximum", value <= limits["maximum"]))
    return found


def _under_our_names(
    table: Table, frame: pl.LazyFrame | pl.DataFrame
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """The frame under the contract's names, the lineage columns it has, and the columns that nobody knows."""
    lazy = frame.lazy()
    present = lazy.collect_schema().names()
    headers.check_none_missing(table, present)
    found = headers.match(table, present)
    lineage = [name for name in LINEAGE if name in present and name not in found]
    selected = [
        pl.coalesce(found[column.name]).alias(column.name)
        for column in _delivered(table)
        if column.name in found
    ]
    kept = [*lineage, *(FAULT for _ in range(FAULT in present))]
    named = lazy.select(*selected, *kept).collect()
    if "source_row" not in named.columns:
        named = named.with_row_index("source_row", offset=1).cast({"source_row": pl.Int64})
    absent: list[tuple[str, type[pl.DataType]]] = [
        *((c.name, pl.String) for c in _delivered(table)),
        *LINEAGE.items(),
        (FAULT, pl.String),
    ]
    named = named.with_columns(pl.lit(None, dtype).alias(n) for n, dtype in absent if n not in named.columns)
    known = {header for carriers in found.values() for header in carriers} | {*kept, *table.not_taken}
    return named, lineage, sorted(set(present) - known)


def _read(table: Table, named: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[str, int]], list[str]]:
    """Typed columns; warnings of optional values that became null; required columns with unreadable text."""
    warned: list[tuple[str, int]] = []
    unparsed: list[str] = []
    read: list[pl.Series] = []
    for column in _delivered(table):
        text = _tidy(column, named[column.name])
        values = parse(text, column.logical_type, table.date_formats).alias(column.name)
        failed = values.is_null() & text.is_not_null()
        if failed.any() and column.required:
            unparsed.append(column.name)
            read.append(failed.alias(f"unparsed_{column.name}"))
        elif failed.any():
            warned.append((f"{column.name}|unparsed", int(failed.sum())))
        values, found = _hold_to_conditions(column, _canonical_codes(column, values))
        warned += found
        read.append(values if values.dtype != pl.Null else values.cast(column.dtype))
    rest = [name for name in (*LINEAGE, FAULT) if name not in table.columns]
    return pl.DataFrame(read).with_columns(named.select(rest)), warned, unparsed


def _tidy(column: Column, values: pl.Series) -> pl.Series:
    text = tidy_text(values)
    if column.named_check and text.dtype == pl.String:
        _, tidy, _ = NAMED_CHECKS[column.named_check]
        return text.to_frame().select(tidy(pl.col(column.name))).to_series()
    return text


def _canonical_codes(column: Column, values: pl.Series) -> pl.Series:
    """Each known spelling of a code as the code itself; unknown text stays as it is."""
    if column.code_list is None or values.dtype != pl.String:
        return values
    known = values.str.to_uppercase().replace_strict(
        column.code_list.spellings, default=None, return_dtype=pl.String
    )
    return known.zip_with(known.is_not_null(), values).alias(column.name)


def _hold_to_conditions(column: Column, values: pl.Series) -> tuple[pl.Series, list[tuple[str, int]]]:
    """Optional values that break a condition become null and are counted; required ones are left alone."""
    warned = []
    if column.codes_are_open and column.code_list is not None:
        strange = values.is_not_null() & ~values.is_in(list(column.code_list.meanings))
        warned.append((f"{column.name}|not_in_open_code_list", int(strange.sum())))
    if column.required:
        return values, warned
    for rule, valid in _conditions(column):
        holds = values.to_frame().select(valid.fill_null(True)).to_series()
        if not holds.all():
            warned.append((rule, int((~holds).sum())))
            values = values.set(~holds, None)
    return values, warned


def _broken_warnings(table: Table, good: pl.DataFrame) -> list[tuple[str, int]]:
    gentle = [rule for rule in table.rules if not rule.rejects]
    if not gentle:
        return []
    broken = (
        good.lazy().select((~pl.sql_expr(r.sql)).sum().cast(pl.Int64).alias(r.name) for r in gentle).collect()
    )
    return list(zip(broken.columns, broken.row(0), strict=True))


def _rejected(table: Table, failed: dy.FailureInfo) -> pl.DataFrame:
    """Where each rejected row stands and which rules it broke; its values stay behind."""
    if not len(failed):
        return REJECTED.to_frame()
    details = failed.details()
    rules = [name for name, dtype in details.schema.items() if isinstance(dtype, pl.Enum)]
    named = [
        pl.when(pl.col(rule) == "invalid").then(pl.lit(rule.replace("|nullability", "|missing")))
        for rule in rules
    ]
    unreadable = [f"{rule.removesuffix('|unparsed')}|missing" for rule in rules if rule.endswith("|unparsed")]
    broken = pl.concat_list(named).list.drop_nulls()
    misshapen = broken.list.eval(pl.element().filter(pl.element().str.starts_with("row|")))
    broken = pl.when(misshapen.list.len() > 0).then(misshapen).otherwise(broken)
    return details.select(
        pl.lit(table.name).alias("table"),
        pl.col("source_file").cast(pl.String),
        pl.col("source_row").cast(pl.Int64),
        pl.lit(table.contract).alias("contract"),
        pl.lit(table.version).alias("version"),
        broken.list.sort().alias("rules"),
    ).pipe(_without_missing_where_unparsed, unreadable)


def _without_missing_where_unparsed(rejected: pl.DataFrame, unreadable: list[str]) -> pl.DataFrame:
    for missing in unreadable:
        unparsed = missing.replace("|missing", "|unparsed")
        rejected = rejected.with_columns(
            pl.when(pl.col("rules").list.contains(unparsed))
            .then(pl.col("rules").list.set_difference(pl.lit([missing])))
            .otherwise(pl.col("rules"))
            .alias("rules")
        )
    return rejected


def _delivered(table: Table) -> list[Column]:
    return [column for column in table.columns.values() if not column.only_for_joining]
