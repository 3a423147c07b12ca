"""Finds a table's columns among a partner's headers, however the partner spells them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from risk_model.contracts.contract import Column, Table

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


def unknown(table: Table, headers: Iterable[str], *, by_name: bool = True) -> tuple[str, ...]:
    """The headers that are neither taken nor left behind on purpose: each by its name, or by its place as `no. 7`.

    Where a line end is lost, values of the first child stand among the headers. So one that does not look like a header
    is not repeated, and none is unless `by_name`.
    """
    headers = list(headers)
    taken = {header for carriers in match(table, headers).values() for header in carriers}
    known = {plain(name) for name in (*table.not_taken, *taken)}
    named = {
        header if by_name and LOOKS_LIKE_A_HEADER.match(header) else f"no. {place}"
        for place, header in enumerate(headers, start=1)
        if header and plain(header) not in known
    }
    return tuple(sorted(named))
