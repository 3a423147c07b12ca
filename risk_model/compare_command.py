"""The command `risk-model compare`: who moved between two runs, how far, and because of what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError

if TYPE_CHECKING:
    from risk_model.worklist import Moves, Worklist

MOST_SHOWN = 20


def compare(
    old: Annotated[Path, typer.Argument(help="Folder of the older run.")],
    new: Annotated[Path, typer.Argument(help="Folder of the newer run.")],
    service: Annotated[
        str | None,
        typer.Option(
            "--list",
            help="Name children of this list only; offers are told of all.",
        ),
    ] = None,
    most: Annotated[
        int, typer.Option(min=0, help="How many of those who moved furthest are named.")
    ] = MOST_SHOWN,
    html: Annotated[Path | None, typer.Option(help="Write the moves to this file, one HTML page.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every move as one JSON document.")] = False,
) -> None:
    """Say who moved between two runs, how far, and because of what: time, data, decisions, model or policy.

    Exit code 1: the model or the policy took the next slot from more children than the policy agrees to.
    """
    from risk_model import worklist
    from risk_model.worklist import moves_page

    runs = worklist.load(old), worklist.load(new)
    for run in runs:
        if findings := worklist.check_seal(run.folder):
            raise UserError(
                f"{run.run} is not as it was written: {findings[0]} Expected an untouched run. See `risk-model verify`."
            )
    found = _of_list(worklist.compare(*runs), service)
    if html is not None:
        html.write_text(moves_page.moves_page(found, *runs), encoding="utf-8")
    if as_json:
        terminal.show_json(_as_json(found, *runs))
    else:
        _say(found, most, html)
    if found.asks:
        raise typer.Exit(terminal.FINDING)


def _of_list(found: Moves, service: str | None) -> Moves:
    from dataclasses import replace

    if service is None:
        return found
    known = pl.concat(side.select("service_id") for side in (found.children, found.came, found.left))
    names = known["service_id"].unique().sort().to_list()
    if service not in names:
        raise UserError(f"There is no list {service} in these runs. Expected one of: {', '.join(names)}.")
    only = {name: getattr(found, name).filter(service_id=service) for name in ("children", "came", "left")}
    return replace(found, **only)


def _causes(found: Moves) -> list[dict[str, Any]]:
    return [
        {"cause": top.cause, "offered": top.offered, "replaced": top.replaced, "share": top.share}
        for top in found.top
    ]


def _say(found: Moves, most: int, html: Path | None) -> None:
    from risk_model.worklist import moves

    terminal.say(moves.in_words(found))
    for sentence in found.asks:
        terminal.warn(sentence)
    terminal.show_table(moves.by_list(found).drop("service_id"), "By list, places moved in all by each cause")
    top = [{**row, "share": f"{row['share']:.0%}"} for row in _causes(found)]
    terminal.show_table(
        pl.DataFrame(top), "Who is offered a slot at the next review, and how many each cause replaced"
    )
    if most and found.children.height:
        furthest = moves.furthest(found).head(most).drop("service_id", "referral_id")
        terminal.show_table(furthest, "Who moved furthest; less than 0 is up")
    if html is not None:
        terminal.say(f"The page is in {html}.")


def _as_json(found: Moves, old: Worklist, new: Worklist) -> dict[str, Any]:
    from risk_model.worklist import moves

    return {
        "old": old.run,
        "new": new.run,
        "summary": moves.in_words(found),
        "asks_for_confirmation": list(found.asks),
        "top": _causes(found),
        "lists": moves.by_list(found).to_dicts(),
        "children": found.children.to_dicts(),
        "came": found.came.to_dicts(),
        "left": found.left.to_dicts(),
    }
