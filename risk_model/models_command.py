"""The commands `risk-model models`: which model may order lists, who said so, and whom one has ranked."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.options import DEFAULT_REGISTRY, AsJson, KeyFolder, Registry, WorkspaceFolder

if TYPE_CHECKING:
    from risk_model.registry import Version

app = typer.Typer(
    name="models",
    no_args_is_help=True,
    help="Put a model in force, take it back, or retire it: two people each time. Without one the policy alone orders.",
)

By = Annotated[str, typer.Option("--by", help="Who decides.")]
AgreedBy = Annotated[str, typer.Option("--agreed-by", help="The second person, who agrees: another name.")]
Reason = Annotated[
    str, typer.Option("--reason", help="Why; pages of lists may show it, so no child's details.")
]
Number = Annotated[int, typer.Argument(metavar="VERSION", help="A version, as `models list` shows it.")]

POLICY_ALONE = "Lists are made by the policy alone until a version is in force."


@app.command(name="list")
def show(
    workspace: WorkspaceFolder,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Show every version, its verdict and whether it is in force; exit 1 if a scorecard is not the one recorded."""
    from risk_model import registry as models

    name = _deployment(workspace, keys)
    known, now = models.versions(registry, name), models.standing(registry, name)
    changed = models.changed(registry, name)
    rows = [
        {**asdict(version), "state": now.state(version.version), "is_changed": version.version in changed}
        for version in known
    ]
    acts = [asdict(act) for act in models.acts_of(registry, name)]
    if as_json:
        terminal.show_json({"versions": rows, "acts": acts})
    else:
        told = pl.DataFrame(rows).select("version", "state", "verdict", "trained_on", "scorecard", "because")
        terminal.show_table(told, "Versions")
        if acts:
            listed = pl.DataFrame(acts, infer_schema_length=None)
            terminal.show_table(listed.select("at", "act", "version", "by", "agreed_by", "reason"), "Acts")
        if now.in_force is None:
            terminal.say(POLICY_ALONE)
        for version in changed:
            terminal.say(
                f"The scorecard of version {version} is not the one that was recorded. Do not use it."
            )
    if changed:
        raise typer.Exit(terminal.FINDING)


@app.command()
def promote(
    workspace: WorkspaceFolder,
    by: By,
    agreed_by: AgreedBy,
    reason: Reason,
    version: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", help="The version; the newest if left out.")
    ] = None,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Put a version in force; only one whose verdict is go, exit 1 for any other."""
    from risk_model import registry as models

    name = _deployment(workspace, keys)
    made = models.promote(registry, name, version, by=by, agreed_by=agreed_by, reason=reason)
    _say_in_force(made, as_json=as_json)


@app.command()
def rollback(
    workspace: WorkspaceFolder,
    by: By,
    agreed_by: AgreedBy,
    reason: Reason,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Put the version in force again that was in force before."""
    from risk_model import registry as models

    name = _deployment(workspace, keys)
    made = models.rollback(registry, name, by=by, agreed_by=agreed_by, reason=reason)
    _say_in_force(made, as_json=as_json)


@app.command()
def retire(
    version: Number,
    workspace: WorkspaceFolder,
    by: By,
    agreed_by: AgreedBy,
    reason: Reason,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Take a version out of use for good, and list every child it ranked."""
    from risk_model import registry as models

    name = _deployment(workspace, keys)
    gone = models.retire(registry, name, version, by=by, agreed_by=agreed_by, reason=reason)
    if not as_json:
        terminal.say(f"Version {gone.version} ({gone.scorecard}) is retired.")
        if models.standing(registry, name).in_force is None:
            terminal.say(POLICY_ALONE)
    _say_ranked(gone, workspace, as_json=as_json)


@app.command()
def ranked(
    version: Number,
    workspace: WorkspaceFolder,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    as_json: AsJson = False,
) -> None:
    """List every child whom a version ranked: pseudonym, list, run and place; exit 1 if a run cannot be read."""
    from risk_model import registry as models

    known = models.versions(registry, _deployment(workspace, keys))
    _say_ranked(models.find(known, version), workspace, as_json=as_json)


def _say_in_force(version: Version, *, as_json: bool) -> None:
    if as_json:
        terminal.show_json({**asdict(version), "state": "in force"})
    else:
        terminal.say(f"Version {version.version} ({version.scorecard}) is in force from the next list on.")


def _say_ranked(version: Version, workspace: Path, *, as_json: bool) -> None:
    from risk_model import registry as models
    from risk_model.workspace import Workspace

    places, unreadable = models.ranked(Workspace(workspace).worklists, version.digest)
    runs, children = places["run"].n_unique(), places["person_id"].n_unique()
    if as_json:
        told: dict[str, Any] = {"version": version.version, "runs": runs, "children": children}
        terminal.show_json({**told, "unreadable_runs": unreadable, "ranked": places.to_dicts()})
    else:
        terminal.say(
            f"It ranked {children:,} children at {places.height:,} places of {runs} runs in this workspace."
        )
        if places.height:
            shown = places.select("run", "service_name", "place", "child_reference", "person_id")
            terminal.show_table(shown, "Whom it ranked")
        for run in unreadable:
            terminal.say(f"The run {run} cannot be read: whether it was ranked by this version is not known.")
    if unreadable:
        raise typer.Exit(terminal.FINDING)


def _deployment(workspace: Path, keys: Path | None) -> str:
    from risk_model import registry as models
    from risk_model.keys import Purpose
    from risk_model.workspace import Workspace

    return models.deployment(Workspace(workspace, keys).key(Purpose.REGISTRY))
