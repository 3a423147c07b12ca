"""Finds a table's columns among a partner's headers, however the partner spells them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

import polars as pl

from risk_model.contracts.contract import LINEAGE, Column, Table
from risk_model.errors import UserError

LOOKS_LIKE_A_HEADER = re.compile(r"[A-Za-z][A-Za-z_ ./()?'–-]*[0-9]?$")
"""Ours: words, and at most a number behind them; a postcode, a date or a number of a child is none."""


def plain(header: str) -> str:
    """A header without capitals, blanks, underscores and brackets: how two spellings are compared.

    >>> plain("REFERRAL REQUEST RECEIVED DATE") == plain("referral_request_received_date")
    True
    """
    return re.sub(r"[^a-z0-9]", "", header.lower())


def match(table: Table, headers: Iterable[str]) -> dict[str, list[str]]:
    """Our column name to the headers that carry it, best first: an old name may stand beside the new one."""
    present: dict[str, str] = {}
    for header in headers:
        present.setdefault(plain(header), header)
    found = {
        column.name: list(dict.fromkeys(present[plain(w)] for w in spellings(column) if plain(w) in present))
        for column in table.columns.values()
    }
    return {name: carriers for name, carriers in found.items() if carriers}


def spellings(column: Column) -> tuple[str, ...]:
    """The ways to write a column's header, the contract's own first."""
    return (column.header, column.name, *column.aliases, *column.formerly)


def under_our_names(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame's columns of the table under our names, and its columns of lineage; an older header fills gaps."""
    found = match(table, frame.columns)
    lineage = [name for name in (*LINEAGE, "source_fault") if name in frame.columns and name not in found]
    return frame.select(*(pl.coalesce(carriers).alias(name) for name, carriers in found.items()), *lineage)


def unknown(table: Table, headers: Iterable[str], *, by_name: bool = True) -> list[str]:
    """The headers that are neither taken nor left behind on purpose: each by its name, or by its place as `no. 7`.

    Where a line end is lost, values of the first child stand among the headers. So one that does not look like a header
    is not repeated, and none is unless `by_name`.
    """
    headers = list(headers)
    found = match(table, headers)
    known = {plain(name) for name in (*table.not_taken, *LINEAGE, "source_fault")}
    known |= {plain(header) for carriers in found.values() for header in carriers}
    return sorted(
        {
            header if by_name and LOOKS_LIKE_A_HEADER.match(header) else f"no. {place}"
            for place, header in enumerate(headers, start=1)
            if header and plain(header) not in known
        }
    )


def check_none_missing(table: Table, headers: Iterable[str]) -> None:
    """Raise when a column that the table cannot do without is absent, naming the nearest header."""
    headers = list(headers)
    found = match(table, headers)
    missing = sorted(c.header for c in table.columns.values() if c.required and c.name not in found)
    if missing:
        near = {name: get_close_matches(name, headers, n=1) for name in missing}
        hints = [f"{name} (nearest header: {near[name][0]})" if near[name] else name for name in missing]
        raise UserError(
            f"{len(missing)} missing columns for {table.name}: {', '.join(hints)}. "
            f"Ask the partner for them, or add the partner's spelling as alias to {table.contract}.odcs.yaml."
        )
