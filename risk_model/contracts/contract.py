"""What a contract says, as frozen values: contract, table, column, code list, rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

PRIVACY_CLASSES = {
    "ID": "direct identifier",
    "QI": "quasi-identifier",
    "SC": "special category, or as sensitive",
    "OP": "operational",
    "NO": "none",
}
PURPOSES = {
    "linkage": "find the records of one child",
    "triage": "show a clinician who waits and what is known of the child's needs",
    "planning": "count demand, waits and capacity",
    "audit": "check that no group of children is treated worse",
}
POLARS_TYPES: dict[str, type[pl.DataType]] = {
    "string": pl.String,
    "date": pl.Date,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "array": pl.List,
}
OUR_OWN = ("capacity", "decisions", "worklist")
"""Contracts of files that no partner sends: what people of a service plan and decide, and the list that we make."""

LINEAGE: dict[str, type[pl.DataType]] = {
    "source_file": pl.String,
    "source_row": pl.Int64,
    "known_on": pl.Date,
}


@dataclass(frozen=True)
class Edition:
    """One published version of a return, and the days between which it was collected."""

    name: str
    collected_from: date | None
    collected_until: date | None
    source: str


@dataclass(frozen=True)
class CodeList:
    """The values a coded column may hold, each with its meaning; `since` and `until` name editions by code."""

    name: str
    version: str
    source: str
    is_open: bool
    meanings: Mapping[str, str]
    also_written: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, str] = field(default_factory=dict)
    until: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Every accepted way to write a code, in capitals, with the code itself.

        >>> CodeList("t", "1", "x", False, {"06": "paediatrics"}).spellings["6"]
        '06'
        """
        found: dict[str, str] = {}
        for code in self.meanings:
            bare = code.lstrip("0") or "0"
            for written in (bare, bare.zfill(2), f"{bare}.0", f"{code}.0"):
                found.setdefault(written.upper(), code)
        for written, code in self.also_written.items():
            found[written.upper()] = code
            if written.isdecimal():
                found.setdefault(f"{written}.0", code)
        return found | {code.upper(): code for code in self.meanings}


@dataclass(frozen=True)
class Column:
    """One column: our word for it, the partner's header, and everything that holds for its values.

    `since` and `until` name the first and last edition that has it; `formerly` holds each header of the past with the
    last edition that used it. A label says by which columns of the returns it reaches us (`route`, as table.column) and
    whether it is the child's own state or a response of the system (`event_kind`).
    """

    name: str
    header: str
    aliases: tuple[str, ...]
    logical_type: str
    description: str
    code_list: CodeList | None
    named_check: str | None
    limits: Mapping[str, float | int | str]
    required: bool
    privacy_class: str
    legal_basis: str
    purpose: tuple[str, ...]
    retention: str
    joined_from: str | None = None
    only_for_joining: bool = False
    since: str | None = None
    until: str | None = None
    formerly: Mapping[str, str] = field(default_factory=dict)
    route: tuple[str, ...] = ()
    event_kind: str | None = None

    @property
    def codes(self) -> dict[str, str] | None:
        """The code list as value and meaning; None for a column without one."""
        return dict(self.code_list.meanings) if self.code_list else None

    @property
    def codes_are_open(self) -> bool:
        """An unknown value of an open list is kept and warned of, never refused."""
        return self.code_list is not None and self.code_list.is_open

    @property
    def means_itself(self) -> bool:
        """Claim: any text is a value of this column, so that nothing has to be worked out."""
        return self.logical_type == "string" and not (self.code_list or self.named_check or self.limits)

    @property
    def dtype(self) -> type[pl.DataType]:
        return POLARS_TYPES[self.logical_type]


@dataclass(frozen=True)
class RowRule:
    """A rule that needs more than one column: boolean SQL that must not be false."""

    name: str
    description: str
    sql: str
    rejects: bool


@dataclass(frozen=True)
class Table:
    """One kind of record in a return."""

    name: str
    header: str
    description: str
    contract: str
    version: str
    columns: dict[str, Column]
    rules: tuple[RowRule, ...]
    recognised_by: tuple[str, ...]
    never_with: tuple[str, ...]
    not_taken: tuple[str, ...]
    is_context: bool
    date_formats: tuple[str, ...]
    since: str | None = None
    until: str | None = None

    @property
    def delivered(self) -> list[str]:
        """Names of the columns that leave the reader: all but those that only serve a join."""
        return [name for name, column in self.columns.items() if not column.only_for_joining]


@dataclass(frozen=True)
class Contract:
    """What one partner's return holds, why we may use it and what each value must be.

    `tables_not_taken` are published tables that we leave behind, each with the headers it is known by; `domain` is the
    partner domain that sends the return.
    """

    id: str
    version: str
    name: str
    description: str
    usage: str
    limitations: str
    editions: tuple[Edition, ...]
    tables: dict[str, Table]
    tables_not_taken: Mapping[str, tuple[str, ...]]
    domain: str = ""
