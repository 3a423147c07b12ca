"""Reads text into types: what each spelling means is worked out once and looked up for every row."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import polars as pl

from risk_model.contracts.contract import Column, Table
from risk_model.contracts.identifiers import NAMED_CHECKS
from risk_model.contracts.odcs import tables
from risk_model.contracts.parsing import parse

INVISIBLE = r"[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u00AD]"
"""Zero-width, direction and soft-hyphen characters, which web pages and word processors leave in copied text."""

LETTER_PREFIX = r"^[a-z]{1,2}\)\s*"
"""Annex A writes the letter of the answer before the answer: `b) Female`."""

REJECTS, WARNS, REPAIRED = "error", "warning", "repair"
"""The row is left out; the row is kept and the finding counted; the reader put it right and says so."""

Touched = list[tuple[str, str, pl.Series]]
"""For each rule that some rows touch: its name, its severity, and which rows."""


@dataclass
class _Meanings:
    """All spellings of one kind of column met so far, by the number that the categories gave them.

    `alive` is never read: polars forgets the numbers of categories that no series alive has.
    """

    categories: pl.Categories
    values: pl.Series
    alive: pl.Series
    rules: dict[str, tuple[str, pl.Series]] = field(default_factory=dict)


class ColumnReader:
    """Reads the columns of many files; remembers what a spelling means from file to file. One per thread.

    Columns of one kind, such as all dates of a contract, share what is remembered.
    """

    def __init__(self) -> None:
        self._met: dict[Hashable, _Meanings] = {}

    def read(self, table: Table, text: pl.DataFrame, *, is_tidy: bool) -> tuple[pl.DataFrame, Touched]:
        """Return the table's columns in their types, null where text cannot be read, and what the rules touched.

        Text that `is_tidy` has no blank at an end of a value and no letter beyond ASCII.
        """
        columns = [c for c in table.columns.values() if c.name in text.columns]
        written = [c for c in columns if text.schema[c.name] == pl.String]
        plain, touched = _read_plain(text, [c for c in written if c.means_itself and not is_tidy])
        looked_up, more = self._look_up(table, text, [c for c in written if not c.means_itself])
        typed = text.select(c.name for c in columns).with_columns(*plain, *looked_up)
        return typed, [*touched, *more]

    def _look_up(
        self, table: Table, text: pl.DataFrame, columns: Sequence[Column]
    ) -> tuple[pl.DataFrame, Touched]:
        if not columns:
            return pl.DataFrame(), []
        met = {c.name: self._meanings(table, c) for c in columns}
        spelled = text.select(pl.col(name).cast(pl.Categorical(m.categories)) for name, m in met.items())
        number = spelled.select(pl.all().to_physical())
        highest = dict(zip(number.columns, number.max().row(0), strict=True))
        for names in _alike(met):
            meanings = met[names[0]]
            if any(highest[n] is not None and highest[n] >= len(meanings.values) for n in names):
                new = pl.concat([spelled[name].unique() for name in names])
                _learn(meanings, table, table.columns[names[0]], new)
        values = number.select(pl.lit(m.values).gather(pl.col(name)).alias(name) for name, m in met.items())
        rules = {
            _rule_name(c, rule): (c.name, *found)
            for c in columns
            for rule, found in met[c.name].rules.items()
        }
        rows = {rule: pl.lit(touches).gather(pl.col(name)) for rule, (name, _, touches) in rules.items()}
        counts = number.select(r.sum().alias(rule) for rule, r in rows.items()) if rows else pl.DataFrame()
        hit = number.select(rows[rule].alias(rule) for rule in counts.columns if counts[rule][0])
        return values, [(series.name, rules[series.name][1], series.fill_null(False)) for series in hit]

    def _meanings(self, table: Table, column: Column) -> _Meanings:
        kind = _kind(table.name, column.name)
        if kind not in self._met:
            categories = pl.Categories.random()
            alive = pl.Series(dtype=pl.Categorical(categories))
            self._met[kind] = _Meanings(categories, pl.Series(dtype=column.dtype), alive)
        return self._met[kind]


@cache
def _kind(table_name: str, column_name: str) -> Hashable:
    """What decides the meaning of a spelling: columns for which all of it is equal read alike."""
    table = tables()[table_name]
    column = table.columns[column_name]
    listed = (table.contract, column.code_list.name) if column.code_list else None
    formats = table.date_formats if column.logical_type == "date" else ()
    limits = tuple(sorted(column.limits.items()))
    return column.logical_type, formats, listed, column.named_check, limits, column.required


def understand(
    table: Table, column: Column, text: pl.Series
) -> tuple[pl.Series, dict[str, tuple[str, pl.Series]]]:
    """Return what texts mean in a column, and by rule the severity and which of the texts it touches."""
    only_ascii = text.str.len_bytes().sum() == text.str.len_chars().sum()
    steps = pl.LazyFrame({"text": text})
    for step in _steps(table.name, column.name, only_ascii):
        steps = steps.with_columns(step)
    understood = steps.collect()
    rules = [name for name in understood.columns if ":" in name and understood[name].any()]
    return understood["value"], {
        name.split(":")[1]: (name.split(":")[0], understood[name].fill_null(False)) for name in rules
    }


@cache
def _steps(table_name: str, column_name: str, only_ascii: bool) -> list[list[pl.Expr]]:
    """The steps from a column's `text` to its `value`; a column with a colon says which texts a rule touches."""
    table = tables()[table_name]
    column = table.columns[column_name]
    severity = REJECTS if column.required else WARNS
    parsed = parse(pl.col("value"), column.logical_type, table.date_formats)
    read = {f"{severity}:{why}": which for why, which in parsed.items() if why != "value"}
    read["value"] = parsed["value"].cast(column.dtype)
    broken = {f"{severity}:{rule}": ~valid for rule, valid in conditions(column).items()}
    held: dict[str, pl.Expr] = {}
    if broken and not column.required:
        holds = ~pl.any_horizontal(pl.col(list(broken)).fill_null(False))
        held = {"value": pl.when(holds).then(pl.col("value"))}
    steps = (
        _tidy(pl.col("text"), only_ascii=only_ascii),
        _answer(column),
        _identifier(column),
        _as_code(column),
        read,
        broken | _unlisted(column),
        held,
    )
    return [[expression.alias(name) for name, expression in step.items()] for step in steps if step]


def _unlisted(column: Column) -> dict[str, pl.Expr]:
    """Values off an open list, which are kept and warned of."""
    if column.code_list is None or not column.codes_are_open:
        return {}
    return {f"{WARNS}:not_in_open_code_list": ~pl.col("value").is_in(list(column.code_list.meanings))}


def conditions(column: Column) -> dict[str, pl.Expr]:
    """What must hold for each `value` of a column, by the name of the rule."""
    value, found, limits = pl.col("value"), {}, column.limits
    if column.code_list is not None and not column.codes_are_open and column.logical_type == "string":
        found["not_in_code_list"] = value.is_in(list(column.code_list.meanings))
    if column.named_check:
        rule, _, is_valid = NAMED_CHECKS[column.named_check]
        found[rule] = value.is_null() | is_valid(value)
    if "pattern" in limits:
        found["pattern"] = value.str.contains(f"^(?:{limits['pattern']})$")
    if "maxLength" in limits:
        found["max_length"] = value.str.len_chars() <= int(limits["maxLength"])
    if "minimum" in limits:
        found["minimum"] = value >= limits["minimum"]
    if "maximum" in limits:
        found["maximum"] = value <= limits["maximum"]
    return found


def _read_plain(text: pl.DataFrame, columns: Sequence[Column]) -> tuple[pl.DataFrame, Touched]:
    """Columns in which any text is a value."""
    if not columns:
        return pl.DataFrame(), []
    names = [column.name for column in columns]
    every = pl.col(names).str
    sizes = [every.len_bytes().sum(), every.len_chars().sum(), every.strip_chars().str.len_bytes().sum()]
    signs, letters, bare = (text.select(size).row(0) for size in sizes)
    shortest = text.select(every.len_bytes().min()).row(0)
    untidy = [
        (name, signs[n] == letters[n])
        for n, name in enumerate(names)
        if bare[n] != signs[n] or letters[n] != signs[n] or shortest[n] == 0
    ]
    if not untidy:
        return text.select(names), []
    mended = {name: _tidy(pl.col(name), only_ascii=only_ascii) for name, only_ascii in untidy}
    values = text.select(names).with_columns(tidy["value"].alias(name) for name, tidy in mended.items())
    rows = text.select(
        tidy[f"{REPAIRED}:blanks_removed"].fill_null(False).alias(f"{name}|blanks_removed")
        for name, tidy in mended.items()
    )
    return values, [(series.name, REPAIRED, series) for series in rows if series.any()]


def _alike(met: Mapping[str, _Meanings]) -> list[list[str]]:
    """The names of columns, those of one kind together."""
    found: dict[int, list[str]] = {}
    for name, meanings in met.items():
        found.setdefault(id(meanings), []).append(name)
    return list(found.values())


def _learn(meanings: _Meanings, table: Table, column: Column, spelled: pl.Series) -> None:
    """Work out the spellings that were not met before, and remember them in the order of their numbers."""
    known = len(meanings.values)
    distinct = spelled.unique().drop_nulls()
    number = distinct.to_physical().to_numpy()
    place = np.flatnonzero(number >= known)
    in_order = np.empty(len(place), dtype=np.uint32)
    in_order[number[place] - known] = place
    values, rules = understand(table, column, distinct.cast(pl.String).gather(in_order))
    meanings.values = pl.concat([meanings.values, values])
    for rule in {**meanings.rules, **rules}:
        severity, before = meanings.rules.get(rule) or (rules[rule][0], _none_of(known))
        _, after = rules.get(rule) or (severity, _none_of(len(values)))
        meanings.rules[rule] = (severity, pl.concat([before, after]))


def _tidy(text: pl.Expr, *, only_ascii: bool) -> dict[str, pl.Expr]:
    """Text without blanks and invisible characters around it; no text is no value."""
    bare = (text if only_ascii else text.str.replace_all(INVISIBLE, "")).str.strip_chars()
    return {
        "value": pl.when(bare != "").then(bare),
        f"{REPAIRED}:blanks_removed": (bare != text) & (bare != ""),
    }


def _answer(column: Column) -> dict[str, pl.Expr]:
    """A coded answer without the letter in front of it."""
    if column.code_list is None and column.logical_type != "boolean":
        return {}
    value = pl.col("value")
    answer = value.str.replace(LETTER_PREFIX, "")
    return {"value": answer, f"{REPAIRED}:letter_prefix_removed": answer != value}


def _identifier(column: Column) -> dict[str, pl.Expr]:
    if column.named_check is None:
        return {}
    _, tidy, _ = NAMED_CHECKS[column.named_check]
    found = tidy(pl.col("value"))
    blanks = f"{REPAIRED}:blanks_removed"
    mended = {f"{REPAIRED}:{name}": which for name, which in found.items() if name != "value"}
    return {**mended, blanks: pl.col(blanks) | mended[blanks], "value": found["value"]}


def _as_code(column: Column) -> dict[str, pl.Expr]:
    """Each known spelling of a code as the code itself, and how it was spelled; unknown text stays as it is."""
    if column.code_list is None:
        return {}
    value, listed = pl.col("value"), column.code_list
    upper = value.str.to_uppercase()
    code = upper.replace_strict(listed.spellings, default=None, return_dtype=pl.String)
    other, same_letters = code != value, code.str.to_uppercase() == upper
    earlier = upper.is_in([word.upper() for word in listed.also_written])
    decimal = upper.str.ends_with(".0")
    return {
        "value": pl.coalesce(code, value),
        f"{REPAIRED}:upper_case": other & same_letters,
        f"{REPAIRED}:earlier_code": other & ~same_letters & earlier,
        f"{REPAIRED}:decimal_removed": other & ~same_letters & ~earlier & decimal,
        f"{REPAIRED}:zeros_restored": other & ~same_letters & ~earlier & ~decimal,
    }


def _rule_name(column: Column, rule: str) -> str:
    """The name by which a rule is reported; the two check digits are named without a bar."""
    return f"{column.name}_{rule}" if rule.startswith("check_") else f"{column.name}|{rule}"


def _none_of(length: int) -> pl.Series:
    return pl.repeat(False, length, dtype=pl.Boolean, eager=True)
