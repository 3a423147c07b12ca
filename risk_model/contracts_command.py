"""The commands `risk-model contracts`: what each partner's return holds, for people, and what changes in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.options import AsJson

if TYPE_CHECKING:
    from risk_model.contracts.describing import DescribedContract, DescribedTable

app = typer.Typer(
    name="contracts",
    no_args_is_help=True,
    help="Say what each partner's return holds, what each rule means, and what changes between two editions.",
)

Html = Annotated[Path | None, typer.Option("--html", help="Write one self-contained HTML page to this file.")]
Named = typer.Argument(help="A contract's id, an edition such as csds@1.6, or the path of a contract file.")


@app.command("list")
def list_contracts(html: Html = None, as_json: AsJson = False) -> None:
    """List every contract: its return, version, editions and tables, and who sends it."""
    from risk_model import contracts
    from risk_model.contracts import describing

    found = describing.listed(contracts.load())
    if html is not None:
        from risk_model.contracts import pages

        _write(html, pages.index_page(found))
    elif as_json:
        terminal.show_json([asdict(line) for line in found])
    else:
        terminal.show_table(_frame(asdict(line) for line in found), "Contracts")


@app.command()
def show(
    contract: Annotated[str, Named],
    table: Annotated[str | None, typer.Argument(help="One of its tables; all if left out.")] = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Show one contract: its tables and columns, the headers they are known by, its rules and code lists."""
    from risk_model.contracts import describing, editions

    described = describing.describe(editions.find(contract), table)
    if html is not None:
        from risk_model.contracts import pages

        _write(html, pages.contract_page(described))
    elif as_json:
        terminal.show_json(described.as_dict())
    else:
        _say_contract(described)


@app.command()
def diff(old: Annotated[str, Named], new: Annotated[str, Named], as_json: AsJson = False) -> None:
    """Say what changes between two editions or files, and what of it breaks; exit code 1 if anything does."""
    from risk_model.contracts import editions

    changes = editions.diff(editions.find(old), editions.find(new))
    breaks = sum(change.breaks for change in changes)
    if as_json:
        terminal.show_json(
            {"old": old, "new": new, "breaks": breaks, "changes": [asdict(change) for change in changes]}
        )
    elif changes:
        rows = [asdict(change) | {"breaks": "breaks" if change.breaks else ""} for change in changes]
        terminal.show_table(_frame(rows), f"From {old} to {new}")
        terminal.say(f"{breaks} of {len(changes)} changes break files of the old kind.")
    else:
        terminal.say(f"{old} and {new} agree in every table, column, code and rule.")
    if breaks:
        raise typer.Exit(terminal.FINDING)


@app.command()
def pages(
    folder: Annotated[Path, typer.Argument(help="Folder of the pages, such as docs/partners.")],
) -> None:
    """Write one Markdown page per return for the people who export it."""
    from risk_model import contracts
    from risk_model.contracts import partner_pages

    written = partner_pages.write(contracts.load(), folder)
    terminal.say(f"{len(written)} pages are in {folder}.")


def _say_contract(contract: DescribedContract) -> None:
    terminal.say(f"{contract.name} ({contract.id} {contract.version}), sent by {contract.sent_by}")
    for words in (contract.purpose, contract.usage, contract.limitations):
        if words:
            terminal.say(words)
    if contract.editions:
        terminal.show_table(_frame(asdict(edition) for edition in contract.editions), "Editions")
    for table in contract.tables:
        _say_table(table)
    for code_list in contract.code_lists:
        kind = "open" if code_list.is_open else "closed"
        codes = pl.DataFrame({"code": list(code_list.codes), "meaning": list(code_list.codes.values())})
        terminal.show_table(codes, f"{code_list.name}, {kind}, {code_list.version}; {code_list.source}")
    if contract.tables_not_taken:
        terminal.say(f"Tables left behind: {', '.join(contract.tables_not_taken)}")


def _say_table(table: DescribedTable) -> None:
    terminal.say("")
    terminal.say(f"{table.name} ({table.header}) {table.editions}".rstrip())
    terminal.say(f"{table.description} Known by: {', '.join(table.recognised_by) or 'no header of its own'}.")
    columns = [
        {
            "our word": column.name,
            "header": column.header,
            "also": (*column.other_spellings, *column.formerly),
            "type": ", ".join((column.type, *column.limits)),
            "required": "required" if column.required else "",
            "editions": column.editions,
            "codes": column.code_list or "",
            "privacy": column.privacy_class,
            "used for": column.purposes,
        }
        for column in table.columns
    ]
    terminal.show_table(_frame(columns), f"Columns of {table.name}")
    rules = [asdict(rule) for rule in table.rules if rule.severity != "repair"]
    terminal.show_table(_frame(rules), f"Rules of {table.name}, and what to do")


def _frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of text, each list on one line."""
    return pl.DataFrame(
        [{name: _text(value) for name, value in row.items()} for row in rows], infer_schema_length=None
    )


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def _write(file: Path, page: str) -> None:
    file.write_text(page, encoding="utf-8")
    terminal.say(f"The page is in {file}.")
