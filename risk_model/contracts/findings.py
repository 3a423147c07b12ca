"""The rules of several tables told once each: a page that said the same of forty columns would not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from risk_model.contracts.columns import REJECTS, REPAIRED, WARNS
from risk_model.contracts.contract import Column, Table
from risk_model.contracts.rules import RuleWords, explain, rules_of

SEVERITIES = (REJECTS, WARNS, REPAIRED)


@dataclass(frozen=True)
class Finding:
    """What one kind of rule means and what to do about it; `where` holds the columns it can speak of, by table."""

    kind: str
    meaning: str
    to_do: str
    severity: str
    where: Mapping[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The rule as checking prints it, with COLUMN where the column's name stands.

        >>> Finding("missing", "", "", "error", {"t": ("a", "b")}).name
        'COLUMN|missing'
        """
        if not any(self.where.values()):
            return self.kind
        return f"COLUMN_{self.kind}" if self.kind.startswith("check_") else f"COLUMN|{self.kind}"

    @property
    def columns(self) -> list[str]:
        """The columns of all tables, each once."""
        return list(dict.fromkeys(name for names in self.where.values() for name in names))


def findings_of(tables: Iterable[Table]) -> tuple[Finding, ...]:
    """Every rule of these tables, those that read alike told once, the most severe first."""
    where: dict[tuple[str, RuleWords], dict[str, list[str]]] = {}
    for table in tables:
        unnamed = {name: _unnamed(column) for name, column in table.columns.items()}
        for rule in rules_of(table):
            column, kind = column_and_kind(table, rule)
            words = explain(replace(table, columns=unnamed), rule)
            columns = where.setdefault((kind, words), {}).setdefault(table.name, [])
            columns += [column] if column else []
    found = [
        Finding(
            kind=kind,
            meaning=words.meaning[0].upper() + words.meaning[1:],
            to_do=words.to_do,
            severity=words.severity,
            where={table: tuple(columns) for table, columns in by_table.items()},
        )
        for (kind, words), by_table in where.items()
    ]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _unnamed(column: Column) -> Column:
    """The column under a general word, so that sentences about two columns are the same sentence."""
    codes = column.code_list and replace(column.code_list, name="of its codes", version="")
    return replace(column, header="the value", code_list=codes)


def column_and_kind(table: Table, rule: str) -> tuple[str | None, str]:
    """The column that a rule's name speaks of, if any, and what stays of the name without it."""
    column, _, kind = rule.partition("|")
    if column in table.columns:
        return column, kind
    for name, found in table.columns.items():
        if found.named_check and rule.startswith(f"{name}_check_"):
            return name, rule.removeprefix(f"{name}_")
    return None, rule
