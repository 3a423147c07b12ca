"""What was read from a folder of extracts: frames in contract columns, and a word on every file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from risk_model import contracts

READ_CONTRACTS = ("csds", "wlmds", "school_census", "attendance", "sen2", "cin_census", "ssda903")


@dataclass(frozen=True)
class SourceFile:
    """One file of the folder: what it holds, and in one sentence why or how it could not be read as it is."""

    path: str
    source: str | None
    tables: tuple[str, ...]
    rows: int
    sha256: str
    bytes: int
    problem: str | None = None
    unknown_columns: tuple[str, ...] = ()

    @property
    def findings(self) -> list[str]:
        """Sentences about this file that somebody should answer; none for a file that is as expected."""
        sentences = [self.problem] if self.problem else []
        if self.unknown_columns:
            names = ", ".join(sorted(self.unknown_columns))
            sentences.append(
                f"{len(self.unknown_columns)} column(s) that the contract does not know were not read: {names}. "
                "Expected the columns that `data_contracts/` names. Ask the partner what they mean, or leave them out."
            )
        return sentences


@dataclass(frozen=True)
class Extracts:
    """Every table of every return, unread text still, and the files it came from."""

    frames: dict[str, pl.LazyFrame]
    files: list[SourceFile]


@dataclass(frozen=True)
class Part:
    """One table's rows out of one file, as contract column names, with where each row stands."""

    table: str
    frame: pl.LazyFrame
    path: str
    group: str
    columns: Mapping[str, list[str]] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        """Whether the file itself carries this column."""
        return column in self.columns


def delivered_tables() -> dict[str, contracts.Table]:
    """The tables that leave the readers, by name; those that only serve a join stay inside."""
    loaded = contracts.load()
    return {
        name: table
        for contract in READ_CONTRACTS
        for name, table in loaded[contract].tables.items()
        if not table.is_context
    }


def empty(table: contracts.Table) -> pl.LazyFrame:
    """A table without rows."""
    typed = {name: table.columns[name].dtype for name in table.delivered} | contracts.LINEAGE
    return pl.LazyFrame(schema=typed)
