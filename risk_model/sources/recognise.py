"""Tells by its headers which table a CSV holds, never by its name."""

from __future__ import annotations

from collections.abc import Sequence

from risk_model import contracts
from risk_model.sources.extracts import READ_CONTRACTS
from risk_model.sources.opening import Unreadable


def recognise(headers: Sequence[str]) -> contracts.Table:
    """The table whose telling headers are all present; raises Unreadable with the nearest when none fits."""
    present = {contracts.plain(header) for header in headers}
    scored = [(table, _missing(table, present)) for table in _readable()]
    fitting = [table for table, missing in scored if not missing and not _forbidden(table, present)]
    if fitting:
        return max(
            fitting, key=lambda table: (len(table.recognised_by), len(contracts.match(table, headers)))
        )
    nearest, missing = min(scored, key=lambda pair: (len(pair[1]) / len(pair[0].recognised_by), pair[0].name))
    if not missing:
        raise Unreadable(
            f"The file was not recognised: it looks like {nearest.name} but has headers of another return."
        )
    if len(missing) == len(nearest.recognised_by):
        raise Unreadable(
            "The file was not recognised: none of the headers that the readers know a return by is in it."
        )
    verb = "is" if len(missing) == 1 else "are"
    raise Unreadable(
        f"The file was not recognised. Nearest is {nearest.name}, "
        f"for which {', '.join(sorted(missing))} {verb} missing."
    )


def _readable() -> list[contracts.Table]:
    loaded = contracts.load()
    tables = [table for contract in READ_CONTRACTS for table in loaded[contract].tables.values()]
    return [table for table in tables if table.recognised_by]


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
