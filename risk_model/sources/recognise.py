"""Tells by its headers which table a file holds, never by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache

from risk_model import contracts
from risk_model.sources.extracts import read_contracts
from risk_model.sources.opening import Unreadable


class LeftBehind(Exception):  # noqa: N818 - a file as expected, which is not read
    """The published table that a file holds and that no purpose of ours needs."""


@lru_cache(maxsize=1024)
def recognise(headers: tuple[str, ...]) -> contracts.Table:
    """The table whose telling headers are all present and whose columns can be read.

    Raises Unreadable with the nearest table and what is missing, or LeftBehind for a table that we do not take.
    """
    present = {contracts.plain(header) for header in headers}
    scored = [(table, _missing(table, present)) for table in _readable()]
    fitting = [table for table, missing in scored if not missing and not _forbidden(table, present)]
    if fitting:
        table = max(fitting, key=lambda t: (len(t.recognised_by), len(contracts.match(t, headers))))
        _refuse_twins(table, headers)
        _refuse_missing(table, headers)
        return table
    _pass_over(present)
    nearest, missing = min(scored, key=lambda pair: (len(pair[1]) / len(pair[0].recognised_by), pair[0].name))
    if not missing:
        raise Unreadable(
            f"The file was not recognised: it looks like {nearest.name} but has headers of another return. "
            "Ask the partner which return it is."
        )
    if len(missing) == len(nearest.recognised_by):
        raise Unreadable(
            "The file was not recognised: none of the headers that the readers know a return by is in it. "
            "Expected a table that `risk-model contracts list` names. Leave the file out, or send the return itself."
        )
    verb = "is" if len(missing) == 1 else "are"
    raise Unreadable(
        f"The file was not recognised. Nearest is {nearest.name}, for which {', '.join(sorted(missing))} {verb} "
        f"missing. Ask the partner for {'it' if len(missing) == 1 else 'them'}."
    )


def _readable() -> list[contracts.Table]:
    loaded = contracts.load()
    tables = [table for contract in read_contracts() for table in loaded[contract].tables.values()]
    return [table for table in tables if table.recognised_by]


def _pass_over(present: set[str]) -> None:
    fitting = [
        (len(telling), name)
        for contract in contracts.load().values()
        for name, telling in contract.tables_not_taken.items()
        if {contracts.plain(header) for header in telling} <= present
    ]
    if fitting:
        raise LeftBehind(max(fitting)[1])


def _missing(table: contracts.Table, present: set[str]) -> list[str]:
    columns = {contracts.plain(column.header): column for column in table.columns.values()}
    missing = []
    for header in table.recognised_by:
        column = columns.get(contracts.plain(header))
        spellings = contracts.spellings(column) if column else (header,)
        if not any(contracts.plain(word) in present for word in spellings):
            missing.append(header)
    return missing


def _forbidden(table: contracts.Table, present: set[str]) -> bool:
    return any(contracts.plain(header) in present for header in table.never_with)


def _refuse_missing(table: contracts.Table, headers: Sequence[str]) -> None:
    matched = contracts.match(table, headers)
    missing = sorted(
        c.header for c in table.columns.values() if c.required and not c.joined_from and c.name not in matched
    )
    if missing:
        near = {name: get_close_matches(name, headers, n=1) for name in missing}
        hints = [f"{name} (nearest header: {near[name][0]})" if near[name] else name for name in missing]
        raise Unreadable(
            f"{len(missing)} columns that {table.name} cannot do without are missing: {', '.join(hints)}. "
            "Ask the partner for them."
        )


def _refuse_twins(table: contracts.Table, headers: Sequence[str]) -> None:
    taken = {header for carriers in contracts.match(table, headers).values() for header in carriers}
    counts = Counter(contracts.plain(header) for header in headers)
    twins = sorted(header for header in taken if counts[contracts.plain(header)] > 1)
    if twins:
        raise Unreadable(
            f"{len(twins)} headers stand more than once: {', '.join(twins)}. Ask for each column once."
        )
