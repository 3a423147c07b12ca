"""The command `risk-model simulate`: what a policy would do, before anybody signs it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from risk_model import terminal
from risk_model.errors import UserError
from risk_model.options import DEFAULT_REGISTRY, AsJson, KeyFolder, Registry, WorkspaceFolder

if TYPE_CHECKING:
    from risk_model.simulation import Result

MOST_REPLICATES, MOST_WEEKS, MOST_QUARTERS = 2000, 520, 12
FEWEST_WEEKS = 52
ON_THE_TERMINAL = (
    "What each order does",
    "The price: weeks against longest wait first",
    "The same policy with other slots",
)


def simulate(
    extracts: Annotated[Path, typer.Argument(help="Folder with the partners' files, in any subfolders.")],
    index_date: Annotated[
        datetime,
        typer.Option("--index-date", formats=["%Y-%m-%d"], help="The day from which the lists go on."),
    ],
    workspace: WorkspaceFolder,
    policy: Annotated[
        Path | None, typer.Option(help="The policy file; the Devon default if left out.")
    ] = None,
    policy_only: Annotated[bool, typer.Option("--policy-only", help="Use no estimate of risk.")] = False,
    calendar: Annotated[
        Path | None,
        typer.Option(help="The capacity calendar, a CSV file; without it slots go on at the measured pace."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="The cohort's truth/ folder, if the cohort is invented: risk carried is then the true one."
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option(min=2, max=MOST_REPLICATES, help="How many futures are drawn.")
    ] = 40,
    weeks: Annotated[
        int, typer.Option(min=FEWEST_WEEKS, max=MOST_WEEKS, help="How many weekly reviews are simulated.")
    ] = 104,
    quarters: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_QUARTERS, help="How many quarters of the past newcomers are drawn from."
        ),
    ] = 4,
    share: Annotated[
        list[float] | None,
        typer.Option(
            "--share",
            min=0,
            max=1,
            help="A need lane to try; may be repeated. [default: 0.1 to 0.9]",
        ),
    ] = None,
    contacts_a_clinician: Annotated[
        float, typer.Option(min=0, help="First contacts a week of one clinician more.")
    ] = 3.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")] = 2026,
    html: Annotated[Path | None, typer.Option(help="Write the report to this file, one HTML page.")] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="Write every figure with its intervals to this Parquet file.")
    ] = None,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Try a policy on these lists: waits, standards and risk under it and under other orders, and the price of it.

    Nothing is written to the workspace but what a check keeps; no list is made and none changes.
    """
    from risk_model import pipeline
    from risk_model.policy import DEFAULT_POLICY
    from risk_model.simulation import Plan, laboratory, report_page, telling
    from risk_model.workspace import Workspace

    for place in (html, parquet):
        if place is not None and place.resolve().is_relative_to(extracts.resolve()):
            raise UserError(
                f"{place} lies among the extracts, so the next check would read it as one of them. Expected a place "
                "outside their folder. Name another."
            )
    shares = tuple(sorted(set(share))) if share else laboratory.SHARES
    plan = Plan(weeks, replicates, shares, seed, contacts_a_clinician)
    file = policy or DEFAULT_POLICY
    with terminal.progress(pipeline.LOOKING_BACK_STEPS + laboratory.steps(plan)) as tell:
        result = pipeline.simulate(
            extracts,
            Workspace(workspace, keys),
            index_date=index_date.date(),
            quarters=quarters,
            store=registry,
            policy_file=file,
            policy_only=policy_only,
            calendar_file=calendar,
            truth=truth,
            plan=plan,
            tell=tell,
        )
    told = telling.tell(result)
    if parquet is not None:
        result.figures.write_parquet(parquet)
    if html is not None:
        page = report_page(result, told, policy=file.name, index_date=index_date.date())
        html.write_text(page, encoding="utf-8")
    if as_json:
        terminal.show_json(_as_json(result))
        return
    for sentence in told.sentences:
        terminal.paragraph(sentence, indent=0)
    for title, table in told.tables.items():
        if title in ON_THE_TERMINAL:
            terminal.show_table(table, title)
    if html is None:
        terminal.say("--html FILE writes the whole report with its charts, --json prints it.")
    for what, place in (("report", html), ("figures", parquet)):
        if place is not None:
            terminal.say(f"The {what} {'is' if what == 'report' else 'are'} in {place}.")


def _as_json(result: Result) -> dict[str, Any]:
    from risk_model.simulation import telling

    told = telling.tell(result)
    return {
        "sentences": told.sentences,
        "smallest_share_that_keeps_the_standard": result.share,
        "share_shown": result.shown_share,
        "weeks_until_known": result.weeks_until_known,
        "is_true_risk": result.is_true_risk,
        "events_avoided": telling.events_avoided(result).to_dicts(),
        "tables": {title: table.to_dicts() for title, table in told.tables.items()},
    }
