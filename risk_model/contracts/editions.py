"""A contract as one edition of its return, and what changes from one contract to another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from risk_model.contracts import odcs
from risk_model.contracts.contract import CodeList, Column, Contract, Table
from risk_model.contracts.headers import plain, spellings
from risk_model.errors import UserError

WIDER_TYPES = {("integer", "number")} | {
    (narrow, "string") for narrow in ("date", "integer", "number", "boolean")
}
"""Old and new type between which every old value can still be read."""


@dataclass(frozen=True)
class Change:
    """One difference; it breaks when a file of the old kind would lose a row, a column or a value by it."""

    kind: str
    table: str
    subject: str
    detail: str
    breaks: bool


def find(name: str) -> Contract:
    """The contract of a name: an id as it stands, an edition such as `csds@1.6`, or the path of a contract file."""
    if Path(name).is_file():
        return odcs.read_contract(Path(name))
    contract_id, _, edition = name.partition("@")
    known = odcs.load()
    if contract_id not in known:
        raise UserError(
            f"{name} is no contract and no contract file. Expected the path of a file, or one of: {', '.join(known)}, "
            "with an edition after it where one is meant, such as csds@1.6. `risk-model contracts list` prints them."
        )
    return at(known[contract_id], edition) if edition else known[contract_id]


def at(contract: Contract, edition: str) -> Contract:
    """The contract as one of its editions: the tables, columns, headers and codes that the edition has.

    It still knows the spellings of the editions before, as a reader of that edition did.
    """
    names = [listed.name for listed in contract.editions]
    if edition not in names:
        listed = (
            f"Expected one of: {', '.join(names)}." if names else "The contract lists no editions at all."
        )
        raise UserError(
            f"The contract {contract.id} has no edition {edition}. {listed} "
            f"`risk-model contracts show {contract.id}` prints them; a contract file can be named by its path instead."
        )
    place = names.index(edition)
    moment = _Moment({name: order for order, name in enumerate(names)}, place)
    tables = {
        name: _table_at(table, moment)
        for name, table in contract.tables.items()
        if moment.has(table.since, table.until)
    }
    return replace(contract, editions=contract.editions[: place + 1], tables=tables)


def diff(old: Contract, new: Contract) -> list[Change]:
    """Every change from one contract to another of the same return, by table; those that break come first."""
    if old.id != new.id:
        raise UserError(
            f"{old.id} and {new.id} are two returns. Expected two editions or two files of the same return. "
            "Name the same return twice, such as csds@1.5 csds@1.6."
        )
    changes = [*_by_table(old, new), *_by_code_list(old, new)]
    return sorted(changes, key=lambda change: not change.breaks)


@dataclass(frozen=True)
class _Moment:
    """One edition by its place in the order of all."""

    order: dict[str, int]
    place: int

    def has(self, since: str | None, until: str | None) -> bool:
        """Whether something that lived from one edition to another is there."""
        first = self.order[since] if since is not None else 0
        last = self.order[until] if until is not None else self.place
        return first <= self.place <= last

    def is_over(self, until: str) -> bool:
        """Whether an edition lies before this one."""
        return self.order[until] < self.place


def _table_at(table: Table, moment: _Moment) -> Table:
    columns = {
        name: _column_at(column, moment)
        for name, column in table.columns.items()
        if moment.has(column.since, column.until)
    }
    return replace(table, columns=columns, until=None)


def _column_at(column: Column, moment: _Moment) -> Column:
    """The column under the header that the edition used: the one of the past that was dropped soonest after it."""
    over = {header: last for header, last in column.formerly.items() if moment.is_over(last)}
    used = [header for header in column.formerly if header not in over]
    header = min(used, key=lambda name: moment.order[column.formerly[name]], default=column.header)
    code_list = _code_list_at(column.code_list, moment) if column.code_list else None
    return replace(column, header=header, formerly=over, code_list=code_list, until=None)


def _code_list_at(code_list: CodeList, moment: _Moment) -> CodeList:
    def is_there(written: str) -> bool:
        return moment.has(code_list.since.get(written), code_list.until.get(written))

    meanings = {code: meaning for code, meaning in code_list.meanings.items() if is_there(code)}
    return replace(
        code_list,
        meanings=meanings,
        also_written={
            written: code
            for written, code in code_list.also_written.items()
            if is_there(written) and code in meanings
        },
        since={code: since for code, since in code_list.since.items() if is_there(code)},
        until={},
    )


def _by_table(old: Contract, new: Contract) -> Iterator[Change]:
    for name in sorted(old.tables.keys() - new.tables.keys()):
        yield Change("table dropped", name, name, f"{old.tables[name].header} is no longer read.", True)
    for name in sorted(new.tables.keys() - old.tables.keys()):
        yield Change("table added", name, name, f"{new.tables[name].header} is read from now on.", False)
    for name, before in old.tables.items():
        if name in new.tables:
            yield from _by_column(before, new.tables[name])
            yield from _by_rule(before, new.tables[name])


def _by_column(old: Table, new: Table) -> Iterator[Change]:
    for name, column in old.columns.items():
        if name not in new.columns:
            yield Change("column dropped", old.name, name, f"{column.header} is no longer read.", True)
        else:
            yield from _of_column(old.name, column, new.columns[name])
    for name, column in new.columns.items():
        if name not in old.columns:
            detail = f"{column.header} is new and {'required' if column.required else 'may be absent'}."
            yield Change("column added", new.name, name, detail, column.required)


def _of_column(table: str, old: Column, new: Column) -> Iterator[Change]:
    if plain(old.header) != plain(new.header):
        is_read = plain(old.header) in {plain(word) for word in spellings(new)}
        detail = f"{old.header} became {new.header}; the old header is {'still' if is_read else 'not'} read."
        yield Change("column renamed", table, old.name, detail, not is_read)
    if new.required and not old.required:
        yield Change("made required", table, old.name, "A row without it is left out.", True)
    if old.required and not new.required:
        yield Change("made optional", table, old.name, "A row without it is kept.", False)
    if old.logical_type != new.logical_type:
        pair = (old.logical_type, new.logical_type)
        yield Change("type changed", table, old.name, "{} became {}.".format(*pair), pair not in WIDER_TYPES)
    for limit in sorted(old.limits.keys() | new.limits.keys()):
        before, after = old.limits.get(limit), new.limits.get(limit)
        if before != after:
            detail = f"{limit} was {_or_none(before)} and is {_or_none(after)}."
            yield Change("limit changed", table, old.name, detail, _is_tighter(limit, before, after))
    yield from _of_list_in_use(table, old, new)


def _of_list_in_use(table: str, old: Column, new: Column) -> Iterator[Change]:
    """A column that got another code list, or its first, or lost it."""
    before, after = old.code_list, new.code_list
    if (before.name if before else None) != (after.name if after else None):
        detail = f"{_or_none(before and before.name)} became {_or_none(after and after.name)}."
        is_closed = after is not None and not after.is_open
        all_read = before is not None and after is not None and not _unread(before, after)
        yield Change("code list exchanged", table, old.name, detail, is_closed and not all_read)


def _by_rule(old: Table, new: Table) -> Iterator[Change]:
    before, after = ({rule.name: rule for rule in table.rules} for table in (old, new))
    for name, rule in after.items():
        if name not in before:
            yield Change("rule added", new.name, name, rule.description, rule.rejects)
        elif (rule.sql, rule.rejects) != (before[name].sql, before[name].rejects):
            yield Change("rule changed", new.name, name, rule.description, rule.rejects)
    for name in sorted(before.keys() - after.keys()):
        yield Change("rule dropped", old.name, name, before[name].description, False)


def _by_code_list(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = code_lists(old.tables.values()), code_lists(new.tables.values())
    for name in (name for name in before if name in after):
        earlier, later = before[name], after[name]
        if earlier.is_open != later.is_open:
            word = "open" if later.is_open else "closed"
            yield Change("code list changed", "", name, f"The list is {word} now.", not later.is_open)
        for code in sorted(later.meanings.keys() - earlier.meanings.keys()):
            yield Change("code added", "", name, f"{code}: {later.meanings[code]}.", False)
        for code in sorted(earlier.meanings.keys() - later.meanings.keys()):
            is_lost = not later.is_open and code in _unread(earlier, later)
            yield Change("code retired", "", name, f"{code}: {earlier.meanings[code]}.", is_lost)


def code_lists(tables: Collection[Table]) -> dict[str, CodeList]:
    """The code lists that some column of these tables uses, by name."""
    columns = [column for table in tables for column in table.columns.values()]
    return {c.code_list.name: c.code_list for c in columns if c.code_list is not None}


def _unread(old: CodeList, new: CodeList) -> list[str]:
    return [code for code in old.meanings if code.upper() not in new.spellings]


def _is_tighter(limit: str, before: float | int | str | None, after: float | int | str | None) -> bool:
    if after is None:
        return False
    if before is None or limit == "pattern":
        return True
    return float(after) > float(before) if limit == "minimum" else float(after) < float(before)


def _or_none(value: object) -> str:
    return "not set" if value is None else str(value)
