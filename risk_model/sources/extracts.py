"""What a file is and what was read of it, as frozen values that the readers hand on."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model import contracts


@dataclass(frozen=True)
class SourceFile:
    """One file of the folder: what it holds, and in one sentence why or how it could not be read as it is.

    `left_behind` names a published table that we do not take: such a file is as expected, and was not read.
    """

    path: str
    source: str | None = None
    tables: tuple[str, ...] = ()
    rows: int = 0
    sha256: str = ""
    bytes: int = 0
    problem: str | None = None
    unknown_columns: tuple[str, ...] = ()
    left_behind: str | None = None

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
class Part:
    """One table's rows out of one file, in contract types, with `source_row` and `broken_rules`."""

    table: str
    rows: pl.DataFrame
    path: str
    folder: str

    def has(self, column: str) -> bool:
        """Whether the file itself carries this column."""
        return column in self.rows.columns


def read_contracts() -> list[str]:
    """The contracts of the partners' returns: all but those of what we make ourselves."""
    return [contract.id for contract in contracts.load().values() if contract.id not in contracts.OUR_OWN]


def delivered_tables() -> dict[str, contracts.Table]:
    """The tables that leave the readers, by name; those that only serve a join stay inside."""
    loaded = contracts.load()
    return {
        name: table
        for contract in read_contracts()
        for name, table in loaded[contract].tables.items()
        if not table.is_context
    }


def empty(table: contracts.Table) -> pl.DataFrame:
    """A table without rows."""
    return pl.DataFrame(schema={n: table.columns[n].dtype for n in table.delivered} | contracts.LINEAGE)
