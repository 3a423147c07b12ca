"""One Markdown page per return for the people who export it: what it is, how to export and check it, its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from risk_model.contracts.contract import Contract
from risk_model.contracts.describing import DescribedContract, DescribedTable, describe
from risk_model.contracts.pages import SEVERITIES

OURS = "early support"
"""The domain of contracts that no partner sends."""
HOW_TO_EXPORT = "how-to-export"
"""Folder beside the pages: what only a person can write of each return, kept by hand as `<id>.md`."""
NOT_WRITTEN = "Nobody has written down the steps yet. Ask us, and tell us what your system calls this export."


def write(contracts: Mapping[str, Contract], folder: Path) -> list[Path]:
    """Write the page of every return that a partner sends; gives the files back."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for contract in contracts.values():
        if contract.domain != OURS:
            file = folder / f"{contract.id}.md"
            file.write_text(page(contract, folder), encoding="utf-8")
            written.append(file)
    return written


def page(contract: Contract, folder: Path) -> str:
    """The page of one return, with the part on exporting that stands by hand in `how-to-export/`."""
    by_hand = folder / HOW_TO_EXPORT / f"{contract.id}.md"
    export = by_hand.read_text(encoding="utf-8").strip() if by_hand.is_file() else NOT_WRITTEN
    return "\n".join(_lines(describe(contract), export)) + "\n"


def _lines(contract: DescribedContract, export: str) -> Iterator[str]:
    yield f"# {contract.name}"
    yield ""
    yield (
        f"<!-- Made by `risk-model contracts pages` from data_contracts/{contract.id}.odcs.yaml and "
        f"{HOW_TO_EXPORT}/{contract.id}.md; change those. -->"
    )
    yield ""
    yield f"{contract.purpose} Sent by: {contract.sent_by}."
    yield from _editions(contract)
    yield from ("", "## How to export it", "", export)
    if contract.usage:
        yield from ("", contract.usage)
    if contract.limitations:
        yield from ("", f"Mind: {contract.limitations}")
    yield from _how_to_check(contract)
    yield from ("", "## What we read", "")
    yield (
        "A file is known by its headers, never by its name. Capitals, spaces, underscores and brackets in a header do "
        "not matter. A row is left out when a **required** value is empty or cannot be read."
    )
    for table in contract.tables:
        yield from _table(table)
    yield from _rules(contract)


def _editions(contract: DescribedContract) -> Iterator[str]:
    if contract.editions:
        yield from ("", *_markdown_table(("edition", "collected", "source")))
        for edition in contract.editions:
            yield _row(edition.name, edition.collected, edition.source)


def _how_to_check(contract: DescribedContract) -> Iterator[str]:
    yield from (
        "",
        "## How to check it before you send it",
        "",
        "Put the files into a folder of their own and run",
        "",
    )
    yield from ("```sh", "risk-model check FOLDER --html check.html", "```", "")
    yield (
        "It says what to mend first, by how many children it touches, and writes the same as one page, `check.html`, "
        "which must lie outside the folder. Neither holds a child's value, nothing leaves your computer, and nothing "
        "of a child is left on its disk. Exit code 0 means that every file and column was understood "
        f"and no row left out. `risk-model contracts show {contract.id} --html {contract.id}.html` writes every column "
        "and code on one page."
    )


def _table(table: DescribedTable) -> Iterator[str]:
    yield from (
        "",
        f"### {table.name} ({table.header})",
        "",
        f"{table.description} {_known_by(table)}".strip(),
    )
    yield from ("", *_markdown_table(("your header", "our word", "type", "required", "what it is")))
    for column in table.columns:
        headers = ", or ".join((f"`{column.header}`", *column.other_spellings, *column.formerly))
        kind = ", ".join((column.type, *((f"codes of {column.code_list}",) if column.code_list else ())))
        what = f"{column.description} Only {column.editions}." if column.editions else column.description
        yield _row(headers, f"`{column.name}`", kind, "required" if column.required else "", what)


def _known_by(table: DescribedTable) -> str:
    headers = ", ".join(f"`{header}`" for header in table.recognised_by)
    only = f"Only {table.editions}. " if table.editions else ""
    return f"{only}Known by {headers}." if headers else only


def _rules(contract: DescribedContract) -> Iterator[str]:
    yield from ("", "## What each rule means", "", "`COLUMN` stands for our word of the column.")
    for severity, heading in SEVERITIES.items():
        found = [finding for finding in contract.findings if finding.severity == severity]
        if found:
            yield from ("", f"### {heading}", "", *_markdown_table(("rule", "what it means", "what to do")))
            yield from (_row(f"`{finding.name}`", finding.meaning, finding.to_do) for finding in found)


def _markdown_table(headings: tuple[str, ...]) -> tuple[str, str]:
    return _row(*headings), "|" + "---|" * len(headings)


def _row(*cells: str) -> str:
    """One row of a table; a bar inside a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
