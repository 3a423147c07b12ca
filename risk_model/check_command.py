"""The command `risk-model check`: what of the partners' files is accepted, and what to mend first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError

if TYPE_CHECKING:
    from risk_model.check_report import CheckReport, Item

MOST_ITEMS = 20
MOST_OF_A_KIND = 5
NAMED_ON_THE_TERMINAL = 2


def check(
    extracts: Annotated[Path, typer.Argument(help="Folder with the partners' files, in any subfolders.")],
    html: Annotated[
        Path | None, typer.Option(help="Write one self-contained HTML page for the partner to this file.")
    ] = None,
    quarantine: Annotated[
        Path | None,
        typer.Option(help="Write the rejected rows' places and rules to this folder, and no value of them."),
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(
            help="Keep the accepted rows in this folder, so that files which have not changed are not read again; "
            "rows of files that are no longer there are removed. Left out, nothing of a child is left on the disk."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything that was found as one JSON document.")
    ] = False,
) -> None:
    """Check the partners' files and say what to mend first.

    Exit code 1: a file could not be read or not as it is, a row was left out, a column is not known, or tables do not
    fit each other. Values that were not used or that we put right ourselves are told, and leave the exit code at 0.
    """
    from risk_model import sources
    from risk_model.check_report import report_of, report_page
    from risk_model.workspace import Workspace

    _refuse_inside(extracts, {"--html": html, "--quarantine": quarantine, "--workspace": workspace})
    with terminal.progress(1) as tell:
        tell("Reading and checking every row")
        kept_in = Workspace(workspace).checked if workspace else None
        checked = sources.check(extracts, kept_in=kept_in, with_rows=False)
    report = report_of(checked)
    if quarantine is not None:
        checked.write_quarantine(quarantine)
    if html is not None:
        today = datetime.now(UTC).astimezone().date()
        page = report_page(report, folder=extracts.resolve().name, checked_on=today)
        html.write_text(page, encoding="utf-8")
    if as_json:
        terminal.show_json(_as_json(report))
    else:
        _say(report, html)
    if not checked.is_clean:
        raise typer.Exit(terminal.FINDING)


def _refuse_inside(extracts: Path, written: dict[str, Path | None]) -> None:
    """What lies among the extracts is read as one of them at the next check."""
    for option, place in written.items():
        if place is not None and place.resolve().is_relative_to(extracts.resolve()):
            raise UserError(
                f"{option} {place} lies among the extracts, so the next check would read it as one of them. "
                "Expected a place outside their folder. Name another."
            )


def _say(report: CheckReport, html: Path | None) -> None:
    terminal.say(report.summary)
    first = _most_urgent(report.mend_first)
    if first:
        terminal.say("\nMend first")
        for number, item in enumerate(first, 1):
            terminal.paragraph(f"{number:>2}. {_headline(item)}", indent=4)
            terminal.paragraph(f"    {item.meaning} {item.to_do}".rstrip(), indent=4)
    if more := len(report.mend_first) - len(first):
        terminal.say(f"    And {more} more.")
    if repaired := sum(item.kind == "repair" for item in report.items):
        terminal.say(
            f"\nPut right by ourselves: {repaired} kinds of value. Nobody need do anything about them."
        )
    terminal.say("")
    if report.tables:
        rows = pl.DataFrame(report.tables).group_by(
            pl.col("source_name").alias("return"), maintain_order=True
        )
        by_return = rows.agg(accepted=pl.col("accepted").sum(), left_out=pl.col("rejected").sum())
        terminal.show_table(by_return, "Rows by return")
    if html is not None:
        terminal.say(f"The page is in {html}.")
    else:
        terminal.say(
            "--html FILE writes all of it as one page, --json prints it; --quarantine DIR says where each row stands."
        )


def _most_urgent(items: Sequence[Item]) -> list[Item]:
    """The first items, a few of every kind before many of one: unknown files must not hide rows that were left out."""
    kinds: Counter[str] = Counter()
    few: list[int] = []
    rest: list[int] = []
    for place, item in enumerate(items):
        kinds[item.kind] += 1
        (few if kinds[item.kind] <= MOST_OF_A_KIND else rest).append(place)
    return [items[place] for place in sorted((few + rest)[:MOST_ITEMS])]


def _headline(item: Item) -> str:
    """What an item is about, in a line: how much it touches, and where."""
    from risk_model.check_report import wording

    files = wording.list_of(item.files, "file", most=NAMED_ON_THE_TERMINAL)
    if not item.rule:
        kinds = {"unreadable": "Could not be read", "noted": "Not read as it is"}
        return f"{kinds[item.kind]}: {files}" if item.files else "Gap between tables"
    touched = f"{wording.counted(item.rows, 'row')} {'left out' if item.kind == 'error' else 'kept'}"
    if item.children:
        noun = "child" if item.children == 1 else "children"
        touched = f"{item.children_in_words} {noun}, {touched}"
    where = " ".join(part for part in (item.table, item.column) if part)
    named = "" if item.column or item.rule == "unknown_column" else f" {item.rule}"
    place = f"{'in' if item.is_by_file else 'in one or more of'} {files}" if files else ""
    return f"{touched}: {where}{named} {place}".rstrip()


def _as_json(report: CheckReport) -> dict[str, Any]:
    return {
        "summary": report.summary,
        "files": [
            {name: value for name, value in asdict(file).items() if name != "what"} for file in report.files
        ],
        "tables": [
            {
                "source": table.source,
                "table": table.table,
                "accepted": table.accepted,
                "rejected": table.rejected,
            }
            for table in report.tables
        ],
        "findings": list(report.findings),
        "gaps": list(report.gaps),
    }
