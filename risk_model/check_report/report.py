"""What to mend first, from what checking found: files, gaps, and each rule over all the files that it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from risk_model import contracts
from risk_model.check_report.wording import list_of, many, newest_first, shown, summary_of
from risk_model.contracts.columns import REJECTS, REPAIRED, WARNS
from risk_model.contracts.findings import column_and_kind
from risk_model.contracts.rules import STRANGE_COLUMN, UNKNOWN_COLUMN
from risk_model.sources import CheckedExtracts, SourceFile

UNREADABLE, NOTED, GAP = "unreadable", "noted", "gap"
KINDS = (UNREADABLE, NOTED, GAP, REJECTS, WARNS, REPAIRED)
"""What an item is, in the order in which it should be mended; a repair needs nobody."""

SEND_WHOLE = "Send the tables of this submission again, whole. Until then no list is made."


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to mend, in the partner's words, with all the files it touches, the newest first.

    `children` is the most that one file shows: a child in several files is one child, so over several files there are
    at least so many. Zero says that children cannot be counted. `is_by_file` is false where the rule speaks of tables
    that several files make up, so that `files` are those it may stand in.
    """

    kind: str
    meaning: str
    to_do: str = ""
    rule: str = ""
    table: str = ""
    column: str = ""
    files: tuple[str, ...] = ()
    is_by_file: bool = True
    rows: int = 0
    children: int = 0
    are_at_least: bool = False

    @property
    def children_in_words(self) -> str:
        """How many children it touches.

        >>> Item(kind="error", meaning="", children=1200, are_at_least=True).children_in_words
        'at least 1,200'
        """
        if not self.children:
            return "–"
        return f"{'at least ' if self.are_at_least else ''}{many(self.children)}"


@dataclass(frozen=True)
class TableLine:
    """One table of one return: how many files hold it, and what became of its rows."""

    source: str
    source_name: str
    table: str
    header: str
    files: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class FileLine:
    """One file: what it is, what became of its rows, and what is to be said of it."""

    path: str
    source: str | None
    what: str
    tables: tuple[str, ...]
    rows: int
    accepted: int
    rejected: int
    findings: tuple[str, ...]
    left_behind: str | None

    @property
    def could_not_be_read(self) -> bool:
        """Claim: nothing of this file was read, though it is no table that we leave behind."""
        return self.source is None and self.left_behind is None


@dataclass(frozen=True)
class CheckReport:
    """Everything that checking found, as plain values; no value of any child is among them."""

    files: tuple[FileLine, ...]
    tables: tuple[TableLine, ...]
    items: tuple[Item, ...]
    findings: tuple[dict[str, Any], ...]
    gaps: tuple[str, ...]

    @cached_property
    def summary(self) -> str:
        """The whole check in a sentence or two."""
        return summary_of(
            files=len(self.files),
            unreadable=sum(file.could_not_be_read for file in self.files),
            left_behind=sum(file.left_behind is not None for file in self.files),
            accepted=sum(table.accepted for table in self.tables),
            rejected=sum(table.rejected for table in self.tables),
            gaps=len(self.gaps),
            milder=len(self.of_kind(NOTED, WARNS)),
        )

    @property
    def mend_first(self) -> tuple[Item, ...]:
        """All that somebody should mend, the worst first."""
        return tuple(item for item in self.items if item.kind != REPAIRED)

    def of_kind(self, *kinds: str) -> tuple[Item, ...]:
        """The items of these kinds, in their order."""
        return tuple(item for item in self.items if item.kind in kinds)


def report_of(checked: CheckedExtracts) -> CheckReport:
    """What checking found, in the partner's words, ordered by how many children it touches."""
    items = [
        *_of_files(UNREADABLE, (file for file in checked.files if file.problem and file.source is None)),
        *_of_files(NOTED, (file for file in checked.files if file.problem and file.source is not None)),
        *(Item(kind=GAP, meaning=gap, to_do=SEND_WHOLE) for gap in dict.fromkeys(checked.gaps)),
        *_of_strange_columns(checked.files),
        *_of_rules(checked),
    ]
    items.sort(key=lambda i: (KINDS.index(i.kind), -i.children, -i.rows, -len(i.files), i.table, i.rule))
    return CheckReport(
        files=tuple(_files(checked)),
        tables=tuple(_tables(checked)),
        items=tuple(items),
        findings=tuple(_findings(checked)),
        gaps=tuple(checked.gaps),
    )


def _of_files(kind: str, files: Iterable[SourceFile]) -> Iterator[Item]:
    """What is wrong with whole files; files of which the same is said are one item."""
    for (sentence,), same in _alike(files, lambda file: (file.problem,)):
        yield Item(
            kind=kind, meaning=shown(str(sentence)), files=_paths(same), rows=sum(one.rows for one in same)
        )


def _of_strange_columns(files: Iterable[SourceFile]) -> Iterator[Item]:
    """Columns that nobody knows, one item for all files of a table that have the same."""
    strange = (file for file in files if file.unknown_columns)
    for (table, names), same in _alike(strange, lambda file: (file.tables[0], sorted(file.unknown_columns))):
        what = (
            "1 column that we do not know was"
            if len(names) == 1
            else f"{len(names)} columns that we do not know were"
        )
        yield Item(
            kind=WARNS,
            meaning=f"{what} not read: {', '.join(map(shown, names))}. All else was.",
            to_do=STRANGE_COLUMN.to_do,
            rule=UNKNOWN_COLUMN,
            table=contracts.tables()[table].header,
            files=_paths(same),
            rows=sum(one.rows for one in same),
        )


def _of_rules(checked: CheckedExtracts) -> Iterator[Item]:
    """Each rule of a table once, over all the files that it touches."""
    of_rules = checked.findings.filter(~pl.col("rule").str.starts_with(f"{UNKNOWN_COLUMN}|"))
    merged = of_rules.group_by("table", "rule", "severity", maintain_order=True).agg(
        pl.col("rows").sum(),
        pl.col("children").max(),
        found=pl.len(),
        files=pl.col("source_file").drop_nulls().unique(),
        is_by_file=pl.col("source_file").null_count() == 0,
    )
    rejected_in = _files_by(checked.rejected.explode("rules"), "table", "rules")
    all_of = _files_by(checked.counts.filter(pl.col("rows") > 0), "table")
    for row in merged.iter_rows(named=True):
        table, rule = contracts.tables()[row["table"]], row["rule"]
        words = contracts.explain(table, rule)
        files, is_by_file = row["files"], row["is_by_file"]
        if not is_by_file:
            told = rejected_in.get((table.name, rule), [])
            files, is_by_file = (told, True) if told else (all_of.get((table.name,), files), False)
        column, _ = column_and_kind(table, rule)
        yield Item(
            kind=row["severity"],
            meaning=words.meaning,
            to_do=words.to_do,
            rule=rule,
            table=table.header,
            column=table.columns[column].header if column else "",
            files=newest_first(files),
            is_by_file=is_by_file or len(files) == 1,
            rows=row["rows"],
            children=row["children"],
            are_at_least=row["found"] > 1,
        )


def _files_by(frame: pl.DataFrame, *keys: str) -> dict[tuple[Any, ...], list[str]]:
    """The files of each key."""
    grouped = frame.group_by(*keys).agg(pl.col("source_file").unique())
    return {row[:-1]: row[-1] for row in grouped.iter_rows()}


def _alike(
    files: Iterable[SourceFile], key: Callable[[SourceFile], tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...], list[SourceFile]]]:
    """Files of one key together, in the order in which the keys are met."""
    together: dict[str, tuple[tuple[Any, ...], list[SourceFile]]] = {}
    for file in files:
        together.setdefault(repr(key(file)), (key(file), []))[1].append(file)
    return iter(together.values())


def _paths(files: Iterable[SourceFile]) -> tuple[str, ...]:
    return newest_first(file.path for file in files)


def _findings(checked: CheckedExtracts) -> Iterator[dict[str, Any]]:
    """Every finding by itself, the worst first, with its rule's meaning."""
    severity = pl.col("severity").replace_strict({s: n for n, s in enumerate(KINDS)}, return_dtype=pl.Int64)
    ordered = checked.findings.sort(
        severity, -pl.col("children"), -pl.col("rows"), "table", "rule", "source_file"
    )
    for row in ordered.iter_rows(named=True):
        table = contracts.tables()[row["table"]]
        words = contracts.explain(table, row["rule"])
        yield row | {"source": table.contract, "meaning": words.meaning, "to_do": words.to_do}


def _tables(checked: CheckedExtracts) -> Iterator[TableLine]:
    per_table = checked.counts.group_by("table", maintain_order=True).agg(
        files=pl.col("source_file").n_unique(),
        accepted=pl.col("accepted").sum(),
        rejected=pl.col("rejected").sum(),
    )
    found = {row["table"]: row for row in per_table.iter_rows(named=True)}
    for contract in contracts.load().values():
        for table in contract.tables.values():
            if table.name in found:
                yield TableLine(contract.id, contract.name, header=table.header, **found[table.name])


def _files(checked: CheckedExtracts) -> Iterator[FileLine]:
    counts = checked.counts.group_by("source_file").agg(pl.col("accepted", "rejected").sum())
    by_file = {path: (accepted, rejected) for path, accepted, rejected in counts.iter_rows()}
    for file in checked.files:
        accepted, rejected = by_file.get(file.path, (0, 0))
        yield FileLine(
            path=file.path,
            source=file.source,
            what=_what(file),
            tables=file.tables,
            rows=accepted + rejected,
            accepted=accepted,
            rejected=rejected,
            findings=tuple(file.findings),
            left_behind=file.left_behind,
        )


def _what(file: SourceFile) -> str:
    """What a file is: its return, and its tables by their own names."""
    if file.left_behind is not None:
        return f"{shown(file.left_behind)}, left behind on purpose"
    if file.source is None:
        return "not known"
    headers = [contracts.tables()[name].header for name in file.tables]
    name = contracts.load()[file.source].name
    return f"{name}: {list_of(headers, 'table', most=8)}" if headers else name
