"""A contract as plain data for people: what the command shows and what the partner's page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from risk_model.contracts.contract import PRIVACY_CLASSES, CodeList, Column, Contract, Edition, Table
from risk_model.contracts.editions import code_lists
from risk_model.contracts.findings import Finding, findings_of
from risk_model.contracts.rules import explain, rules_of
from risk_model.errors import UserError

TYPES_IN_WORDS = {
    "string": "text",
    "date": "date",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "array": "list",
}
LIMITS_IN_WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "maxLength": "at most {} characters",
    "pattern": "written as {}",
}


@dataclass(frozen=True)
class ListedContract:
    """One line of the list of contracts."""

    id: str
    name: str
    version: str
    sent_by: str
    editions: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class DescribedEdition:
    """One edition: between which days it is collected, and who published it."""

    name: str
    collected: str
    source: str


@dataclass(frozen=True)
class DescribedColumn:
    """One column as a partner's analyst looks for it."""

    name: str
    header: str
    other_spellings: tuple[str, ...]
    formerly: tuple[str, ...]
    description: str
    type: str
    limits: tuple[str, ...]
    required: bool
    editions: str
    joined_from: str | None
    only_for_joining: bool
    code_list: str | None
    privacy_class: str
    privacy: str
    purposes: tuple[str, ...]


@dataclass(frozen=True)
class DescribedRule:
    """A rule's name, what it means, what to do and how severe it is."""

    name: str
    meaning: str
    to_do: str
    severity: str


@dataclass(frozen=True)
class DescribedTable:
    """One table: how its file is known, its columns, its own rules, and all that checking can report."""

    name: str
    header: str
    description: str
    editions: str
    is_context: bool
    recognised_by: tuple[str, ...]
    never_with: tuple[str, ...]
    not_taken: tuple[str, ...]
    columns: tuple[DescribedColumn, ...]
    row_rules: Mapping[str, str]
    rules: tuple[DescribedRule, ...]


@dataclass(frozen=True)
class DescribedCodeList:
    """A code list with its codes; an open one lets an unknown code pass."""

    name: str
    version: str
    source: str
    is_open: bool
    codes: Mapping[str, str]
    also_written: Mapping[str, str]

    def spellings_of(self, code: str) -> list[str]:
        """The other ways to write one code."""
        return [written for written, meant in self.also_written.items() if meant == code]


@dataclass(frozen=True)
class DescribedContract:
    """Everything that a partner's analyst needs of one contract; `findings` tell the rules of all its tables."""

    id: str
    name: str
    version: str
    sent_by: str
    purpose: str
    usage: str
    limitations: str
    editions: tuple[DescribedEdition, ...]
    tables: tuple[DescribedTable, ...]
    tables_not_taken: tuple[str, ...]
    code_lists: tuple[DescribedCodeList, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for JSON."""
        return asdict(self)


def listed(contracts: Mapping[str, Contract]) -> list[ListedContract]:
    """One line for each contract."""
    return [
        ListedContract(
            id=contract.id,
            name=contract.name,
            version=contract.version,
            sent_by=contract.domain,
            editions=tuple(edition.name for edition in contract.editions),
            tables=tuple(contract.tables),
        )
        for contract in contracts.values()
    ]


def describe(contract: Contract, table_name: str | None = None) -> DescribedContract:
    """A contract in words, with all its tables or with one and the code lists that this one uses."""
    if table_name is not None and table_name not in contract.tables:
        raise UserError(
            f"The contract {contract.id} has no table {table_name}. Expected one of: {', '.join(contract.tables)}. "
            "Check the spelling, or leave the table out to see them all."
        )
    tables = [table for table in contract.tables.values() if table_name in (None, table.name)]
    return DescribedContract(
        id=contract.id,
        name=contract.name,
        version=contract.version,
        sent_by=contract.domain,
        purpose=contract.description,
        usage=contract.usage,
        limitations=contract.limitations,
        editions=tuple(_edition(edition) for edition in contract.editions),
        tables=tuple(_table(table) for table in tables),
        tables_not_taken=tuple(contract.tables_not_taken),
        code_lists=tuple(_code_list(found) for found in code_lists(tables).values()),
        findings=findings_of(tables),
    )


def _table(table: Table) -> DescribedTable:
    return DescribedTable(
        name=table.name,
        header=table.header,
        description=table.description,
        editions=_between(table.since, table.until),
        is_context=table.is_context,
        recognised_by=table.recognised_by,
        never_with=table.never_with,
        not_taken=table.not_taken,
        columns=tuple(_column(column) for column in table.columns.values()),
        row_rules={rule.name: rule.description for rule in table.rules},
        rules=tuple(_rule(table, rule) for rule in rules_of(table)),
    )


def _column(column: Column) -> DescribedColumn:
    return DescribedColumn(
        name=column.name,
        header=column.header,
        other_spellings=column.aliases,
        formerly=tuple(f"{header} (to edition {last})" for header, last in column.formerly.items()),
        description=column.description,
        type=TYPES_IN_WORDS[column.logical_type],
        limits=tuple(
            words.format(column.limits[limit])
            for limit, words in LIMITS_IN_WORDS.items()
            if limit in column.limits
        ),
        required=column.required,
        editions=_between(column.since, column.until),
        joined_from=column.joined_from,
        only_for_joining=column.only_for_joining,
        code_list=column.code_list.name if column.code_list else None,
        privacy_class=column.privacy_class,
        privacy=PRIVACY_CLASSES[column.privacy_class],
        purposes=column.purpose,
    )


def _code_list(code_list: CodeList) -> DescribedCodeList:
    return DescribedCodeList(
        name=code_list.name,
        version=code_list.version,
        source=code_list.source,
        is_open=code_list.is_open,
        codes={code: f"{meaning}{_dated(code_list, code)}" for code, meaning in code_list.meanings.items()},
        also_written=code_list.also_written,
    )


def _dated(code_list: CodeList, code: str) -> str:
    between = _between(code_list.since.get(code), code_list.until.get(code))
    return f" ({between})" if between else ""


def _rule(table: Table, rule: str) -> DescribedRule:
    words = explain(table, rule)
    return DescribedRule(rule, words.meaning, words.to_do, words.severity)


def _edition(edition: Edition) -> DescribedEdition:
    start, end = (
        day and f"{day.day} {day:%B %Y}" for day in (edition.collected_from, edition.collected_until)
    )
    collected = " ".join(word for word in (start and f"from {start}", end and f"to {end}") if word)
    return DescribedEdition(edition.name, collected or "not dated", edition.source)


def _between(since: str | None, until: str | None) -> str:
    """The editions between which something is there; empty when it always was."""
    words = (since and f"from edition {since}", until and f"to edition {until}")
    return " ".join(word for word in words if word)
