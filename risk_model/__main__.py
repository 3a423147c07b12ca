"""The command line `risk-model`: from the partners' files to a list that anybody can verify."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from risk_model import check_command, contracts_command, explain_command, terminal
from risk_model.errors import UserError

app = typer.Typer(
    name="risk-model",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Put children on health waiting lists in order, so that those with multiple needs get the earliest support "
    "possible. It proposes; people decide.",
)
app.add_typer(contracts_command.app)

Extracts = Annotated[Path, typer.Argument(help="Folder with the partners' files, in any subfolders.")]
WorkspaceFolder = Annotated[
    Path, typer.Option("--workspace", help="Folder in which this deployment keeps its lists.")
]
Store = Annotated[Path, typer.Option("--registry", help="Folder of the model registry.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
WorklistFolder = Annotated[
    Path, typer.Argument(help="Folder of one run, such as workspace/worklists/2026-11-20-r1.")
]

DEFAULT_STORE = Path("mlruns")
DEFAULT_SEED = 2026


@app.command()
def synthesise(
    out: Annotated[Path, typer.Argument(help="A new folder; it gets extracts/ and truth/.")],
    scale: Annotated[
        str,
        typer.Option(
            help="How many children: plymouth 52,000, devon 225,000 of three councils; tiny and tiny_devon few."
        ),
    ] = "plymouth",
    scenario: Annotated[str, typer.Option(help="Which world: base, or null (nothing to find).")] = "base",
    seed: Seed = DEFAULT_SEED,
) -> None:
    """Make an invented Plymouth or Devon: the partners' own files, and apart from them the truth."""
    from risk_model.synthetic import stages, synthesise

    with terminal.progress(len(stages(scale))) as tell:
        synthesise(out, scale=scale, scenario=scenario, seed=seed, progress=lambda stage, _share: tell(stage))
    terminal.say(f"The extracts are in {out / 'extracts'}, the truth about them is in {out / 'truth'}.")


app.command()(check_command.check)


@app.command()
def train(
    extracts: Extracts,
    workspace: WorkspaceFolder,
    registry: Store = DEFAULT_STORE,
    seed: Seed = DEFAULT_SEED,
    as_json: AsJson = False,
) -> None:
    """Fit the risk model, judge it on later quarters, and record both; only a "go" approves it."""
    from risk_model import pipeline
    from risk_model.workspace import Workspace

    with terminal.progress(pipeline.TRAINING_STEPS) as tell:
        evaluation = pipeline.train(extracts, Workspace(workspace), store=registry, seed=seed, tell=tell)
    if as_json:
        terminal.show_json(evaluation.as_dict())
    else:
        _say_verdict(evaluation.as_dict())


@app.command()
def evaluate(
    workspace: WorkspaceFolder,
    truth: Annotated[
        Path | None, typer.Option(help="The cohort's truth/ folder, if the cohort is invented.")
    ] = None,
    seed: Seed = DEFAULT_SEED,
    as_json: AsJson = False,
) -> None:
    """Say how good the newest model is against the simple rules and, for an invented cohort, against the truth."""
    from risk_model import pipeline
    from risk_model.workspace import Workspace

    judged = pipeline.evaluate(Workspace(workspace), truth=truth, seed=seed)
    if as_json:
        terminal.show_json(judged)
        return
    _say_verdict(judged)
    if "truth" in judged:
        _say_truth(judged["truth"])


@app.command()
def prioritise(
    extracts: Extracts,
    index_date: Annotated[
        datetime, typer.Option("--index-date", formats=["%Y-%m-%d"], help="The day whose knowledge counts.")
    ],
    workspace: WorkspaceFolder,
    policy: Annotated[
        Path | None, typer.Option(help="The policy file; the Devon default if left out.")
    ] = None,
    policy_only: Annotated[bool, typer.Option("--policy-only", help="Use no estimate of risk.")] = False,
    accept_gap: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-gap",
            metavar="FEED:LOCALITY",
            help="Go on without a feed, such as cin_census:878; may be repeated. What only it can tell is not known.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", help="Why the gaps are accepted: every page shows it, so no child's details."
        ),
    ] = None,
    registry: Store = DEFAULT_STORE,
) -> None:
    """Make the lists of one day: ranked, with reasons, ready to review; exit 1 if a mandatory feed is not there."""
    from risk_model import coverage, pipeline
    from risk_model import worklist as worklists
    from risk_model.policy import DEFAULT_POLICY
    from risk_model.workspace import Workspace

    day = index_date.date()
    if day > datetime.now(UTC).date():
        raise UserError(
            f"The index date {day} lies in the future. Expected today or an earlier day, since a list shows what was "
            "known on its day. Give an earlier --index-date."
        )
    accepted = coverage.parse(accept_gap or [], reason)
    with terminal.progress(pipeline.LISTING_STEPS) as tell:
        folder = pipeline.prioritise(
            extracts,
            Workspace(workspace),
            index_date=day,
            store=registry,
            policy_file=policy or DEFAULT_POLICY,
            policy_only=policy_only,
            accepted=accepted,
            tell=tell,
        )
    for warning in worklists.load(folder).provenance["warnings"]:
        terminal.warn(warning)
    terminal.say(f"The worklist is in {folder}.")


@app.command()
def verify(worklist: WorklistFolder, as_json: AsJson = False) -> None:
    """Make every risk, contribution and place again from the folder alone; exit 1 if anything differs."""
    from risk_model import worklist as worklists

    findings = worklists.verify(worklist)
    if as_json:
        terminal.show_json({"worklist": worklist.name, "agrees": not findings, "findings": findings})
    elif findings:
        terminal.say("The list does not agree with its inputs. Do not rely on it.")
        for finding in findings:
            terminal.say(f"  {finding}")
    else:
        terminal.say(
            "The list agrees with its inputs: every file, risk, contribution and place is as written."
        )
    if findings:
        raise typer.Exit(terminal.FINDING)


app.command()(explain_command.explain)


def _say_verdict(judged: dict[str, Any]) -> None:
    terminal.say(f"Verdict: {judged['verdict']}")
    for reason in judged["because"] or [
        "The model passed every part of the test fixed before it was fitted."
    ]:
        terminal.say(f"  {reason}")
    ordering = [
        {
            "ordering": name,
            "events per 100 half-years in the top tenth": judged["events_per_hundred"][name],
            "area under the curve": judged["auc"][name],
        }
        for name in judged["auc"]
    ]
    terminal.show_table(pl.DataFrame(ordering), "Later quarters")
    groups = [{"group": name, "expected / observed": ratio} for name, ratio in judged["calibration"].items()]
    terminal.show_table(pl.DataFrame(groups), "Calibration")


def _say_truth(truth: dict[str, Any]) -> None:
    rows = [
        {
            "ordering": name,
            "true risk of the top tenth": f"{e['value']:.3f} ({e['low']:.3f} to {e['high']:.3f})",
        }
        for name, e in truth["true_risk_of_top_tenth"].items()
    ]
    terminal.show_table(pl.DataFrame(rows), "Against the cohort's known truth")
    differences = [
        {"model minus": name, "difference": f"{e['value']:.3f} ({e['low']:.3f} to {e['high']:.3f})"}
        for name, e in truth["model_minus_rule"].items()
    ]
    terminal.show_table(pl.DataFrame(differences), "Model against the simple rules, 95 % intervals")


def main() -> None:
    """The entry point `risk-model`."""
    terminal.run(app)


if __name__ == "__main__":
    main()
