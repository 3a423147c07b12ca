"""Where a file departs from today's edition without losing a row: old names, other elements, stray text."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from risk_model import contracts
from risk_model.contracts import findings_frame, plain
from risk_model.contracts.columns import REPAIRED, WARNS
from risk_model.contracts.rules import EARLIER_HEADER, LEFT_BEHIND, UNKNOWN_COLUMN
from risk_model.sources.returns import XML_RETURNS
from risk_model.sources.xml_file import Document

MESSAGE = (
    "message", "header", "collectiondetails", "collection", "year", "referencedate", "source", "sourcelevel", "lea",
    "softwarecode", "release", "serialno", "datetime", "content", "cbdslevels", "cbdslevel",
)  # fmt: skip
"""What every return of the department has around its records."""


def earlier_headers(table: contracts.Table, headers: Iterable[str], rows: int) -> pl.DataFrame:
    """Return a finding for each header that an earlier edition used, as FINDINGS."""
    present = {plain(header) for header in headers}
    old = [header for column in table.columns.values() for header in column.formerly]
    found = [(f"{EARLIER_HEADER}|{header}", REPAIRED, rows, 0) for header in old if plain(header) in present]
    return findings_frame(table.name, found)


def unknown_columns(table_name: str, names: Iterable[str], rows: int) -> pl.DataFrame:
    """Return a finding for each header or element that nobody knows, as FINDINGS."""
    return findings_frame(table_name, [(f"{UNKNOWN_COLUMN}|{name}", WARNS, rows, 0) for name in names])


def departures_of(document: Document, contract_id: str) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Return the elements that the contract does not know, and findings for old names and what is left behind."""
    contract = contracts.load()[contract_id]
    tables = list(contract.tables.values())
    present = {plain(name): name for name in document.names}
    findings = [earlier_headers(table, document.names, int((document.record >= 0).sum())) for table in tables]
    behind = [name for name in contract.tables_not_taken if plain(name) in present]
    rows = [(f"{LEFT_BEHIND}|{name}", REPAIRED, 1, 0) for name in behind]
    rows.append(("row|stray_text", WARNS, document.stray_texts, 0))
    unknown = sorted(name for key, name in present.items() if key not in _known(contract))
    return tuple(unknown), pl.concat([*findings, findings_frame(tables[0].name, rows)])


def _known(contract: contracts.Contract) -> set[str]:
    """Every element name that the return can have."""
    tables = contract.tables.values()
    words = [word for t in tables for column in t.columns.values() for word in contracts.spellings(column)]
    words += [word for table in tables for word in table.not_taken]
    words += [word for name, telling in contract.tables_not_taken.items() for word in (name, *telling)]
    xml_return = XML_RETURNS[contract.id]
    return {plain(word) for word in (*words, *MESSAGE, *xml_return.records, *xml_return.groups)}
