"""The commands `risk-model links`: what a data steward looks at, decides about two records, and takes back."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError
from risk_model.options import AsJson, WorkspaceFolder

if TYPE_CHECKING:
    from risk_model.linkage.decisions import Decision

app = typer.Typer(
    name="links",
    no_args_is_help=True,
    help="Look at records that may be one child's, decide, and take a decision back. The next run obeys.",
)

Pair = Annotated[
    str, typer.Argument(help="The review id of a pair, as `links review` or `links made` show it.")
]
By = Annotated[str, typer.Option("--by", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words that tell nothing of the child.")]


class Verdict(StrEnum):
    """What a steward can say of a pair."""

    SAME = "same"
    NOT_THE_SAME = "not-the-same"


@app.command()
def review(workspace: WorkspaceFolder, as_json: AsJson = False) -> None:
    """Show the pairs that wait for a decision, the likeliest first."""
    from risk_model.linkage import decisions, vault

    queue = vault.read(_tables(workspace), "review")
    decided = decisions.in_force(decisions.read(_vault(workspace)))
    open_pairs = queue.join(decided.select("review_id"), on="review_id", how="anti", maintain_order="left")
    _show(open_pairs, "Pairs that wait for a decision", as_json=as_json)


@app.command()
def made(
    workspace: WorkspaceFolder,
    person: Annotated[str, typer.Option("--person", help="The child's person_id, or its beginning.")],
    as_json: AsJson = False,
) -> None:
    """Show the links that were made for one child, each with the id by which it can be parted."""
    from risk_model.linkage import vault

    links = vault.read(_tables(workspace), "links")
    mine = links.filter(pl.col("person_id").str.starts_with(person.lower().replace("-", "")))
    if mine.is_empty() or not person:
        raise UserError(
            "No link of such a child is in the vault. Expected a person_id of the newest run, or the beginning of one, "
            "as on its page. Look there, or run `risk-model prioritise` again."
        )
    _show(mine, "Links of this child", as_json=as_json)


@app.command()
def decide(pair: Pair, verdict: Verdict, workspace: WorkspaceFolder, by: By, reason: Reason) -> None:
    """Say that two records are the same child's, or not the same child's."""
    from risk_model.linkage import decisions

    decision = decisions.SAME if verdict is Verdict.SAME else decisions.NOT_THE_SAME
    decisions.add(_vault(workspace), _row(workspace, pair, decision, by, reason))
    terminal.say(
        f"{pair.upper()} is decided: {decision}. The next run obeys; `risk-model links undo` takes it back."
    )


@app.command()
def undo(pair: Pair, workspace: WorkspaceFolder, by: By, reason: Reason) -> None:
    """Take the last decision on a pair back."""
    from risk_model.linkage import decisions

    decisions.add(_vault(workspace), _row(workspace, pair, decisions.UNDO, by, reason))
    terminal.say(
        f"The decision on {pair.upper()} is taken back. The next run decides as if it had not been made."
    )


@app.command()
def history(workspace: WorkspaceFolder, as_json: AsJson = False) -> None:
    """Show every decision that was ever made, the oldest first, and whether it is in force."""
    from risk_model.linkage import decisions

    every = decisions.read(_vault(workspace)).with_row_index("row")
    last = every.group_by("review_id").agg(pl.col("row").max())
    held = every.join(last, on=["review_id", "row"], how="semi").filter(pl.col("decision") != decisions.UNDO)
    told = every.with_columns(
        in_force=pl.when(pl.col("row").is_in(held["row"].implode()))
        .then(pl.lit("in force"))
        .otherwise(pl.lit(""))
    )
    _show(told.drop("row"), "Decisions", as_json=as_json)


def _tables(workspace: Path) -> Path:
    from risk_model.keys import Purpose
    from risk_model.workspace import Workspace

    return Workspace(workspace).vault_of(Purpose.DIRECT_CARE)


def _vault(workspace: Path) -> Path:
    from risk_model.workspace import Workspace

    return Workspace(workspace).vault


def _row(workspace: Path, pair: str, decision: str, by: str, reason: str) -> Decision:
    from risk_model.linkage.decisions import Decision

    one, other = _records(workspace, pair.upper())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Decision(now, by, decision, pair.upper(), one, other, reason)


def _records(workspace: Path, pair: str) -> tuple[str, str]:
    """The two records of a pair that is open, linked, or was decided before."""
    from risk_model.linkage import decisions, vault

    known = [
        vault.read(_tables(workspace), name).select("review_id", one="left", other="right")
        for name in ("review", "links")
    ]
    before = decisions.read(_vault(workspace)).select("review_id", "one", "other")
    found = pl.concat([*known, before]).filter(review_id=pair)
    if found.is_empty():
        raise UserError(
            f"There is no pair {pair}. Expected a review id that `risk-model links review` or `links made` shows. "
            "Look there; ids change when records are sent under other numbers."
        )
    return found["one"][0], found["other"][0]


def _show(frame: pl.DataFrame, title: str, *, as_json: bool) -> None:
    if as_json:
        terminal.show_json(frame.to_dicts())
    elif frame.is_empty():
        terminal.say(f"{title}: none.")
    else:
        terminal.show_table(frame, title)
