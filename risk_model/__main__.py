"""The command line `risk-model`: from the partners' files to a list that anybody can verify."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from risk_model import (
    check_command,
    compare_command,
    contracts_command,
    demand_command,
    evidence_command,
    explain_command,
    links_command,
    models_command,
    policy_command,
    simulate_command,
    terminal,
)
from risk_model.errors import UserError
from risk_model.options import DEFAULT_REGISTRY, AsJson, KeyFolder, Registry, WorkspaceFolder

app = typer.Typer(
    name="risk-model",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Put children on health waiting lists in order, so that those with multiple needs get the earliest support "
    "possible. It proposes; people decide.",
)
app.add_typer(contracts_command.app)
app.add_typer(links_command.app)
app.add_typer(models_command.app)
app.add_typer(policy_command.app)

Extracts = Annotated[Path, typer.Argument(help="Folder with the partners' files, in any subfolders.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]
WorklistFolder = Annotated[
    Path, typer.Argument(help="Folder of one run, such as workspace/worklists/2026-11-20-r1.")
]

DEFAULT_SEED = 2026


@app.command()
def synthesise(
    out: Annotated[
        Path | None,
        typer.Argument(help="A new folder; it gets extracts/ and truth/. May be left out with --report."),
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            help="How many children: plymouth 52,000; devon 225,000 of three councils; england 11.9 million, a folder "
            "for each of 42 integrated care boards; tiny, tiny_devon and tiny_england few."
        ),
    ] = "plymouth",
    icb: Annotated[
        list[str] | None,
        typer.Option(
            "--icb",
            metavar="CODE",
            help="Make only this board of England, such as QJK; may be repeated. One that is there already is kept.",
        ),
    ] = None,
    scenario: Annotated[
        str,
        typer.Option(
            help="Which world: base; null (nothing to find); no_wait_effect; strong_interaction; under_recorded (a "
            "group's events are not entered); council_feed_down (whole returns missing); drift (more and other "
            "children in the last year); adversarial and linkage_degraded (twins, slips and gaps that mislead linkage)."
        ),
    ] = "base",
    seed: Seed = DEFAULT_SEED,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Print each published figure the cohort is held to, with its tolerance, source and what was measured, "
            "and the dials that no figure decides about. Exit code 1 if one is out of tolerance. Without OUT no file "
            "is written: the cohort is made in memory and counted, in about a third of the time.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an invented Plymouth, Devon or England: the partners' own files, and apart from them the truth.

    Each board of England is a cohort of its own: give `check` or `train` the extracts/ of one. NHS numbers repeat
    between boards, since there are only about 900,000 for tests. A run that was stopped can be started again.
    """
    from risk_model.cohort_report import say_report

    if out is not None:
        _write_cohort(out, scale, icb or [], scenario, seed, is_quiet=as_json)
    elif not report:
        raise UserError(
            "No folder was named. Expected OUT for the files, or --report to count without files."
        )
    if report:
        say_report(scale, scenario, seed, as_json=as_json)


def _write_cohort(
    out: Path, scale: str, icbs: list[str], scenario: str, seed: int, *, is_quiet: bool
) -> None:
    from risk_model.synthetic import stages, synthesise

    with terminal.progress(len(stages(scale, icbs))) as tell:
        synthesise(
            out,
            scale=scale,
            icbs=icbs,
            scenario=scenario,
            seed=seed,
            progress=lambda stage, _share: tell(stage),
        )
    if is_quiet:
        return
    if (out / "extracts").exists():
        terminal.say(f"The extracts are in {out / 'extracts'}, the truth about them is in {out / 'truth'}.")
    else:
        terminal.say(
            f"Each board has a folder in {out}, with its extracts in extracts/ and the truth in truth/."
        )


app.command()(check_command.check)


@app.command()
def train(
    extracts: Extracts,
    workspace: WorkspaceFolder,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
    seed: Seed = DEFAULT_SEED,
    as_json: AsJson = False,
) -> None:
    """Fit the risk model, judge it on later quarters, and record both; `models promote` then puts it in force."""
    from risk_model import pipeline
    from risk_model.workspace import Workspace

    with terminal.progress(pipeline.TRAINING_STEPS) as tell:
        place = Workspace(workspace, keys)
        evaluation = pipeline.train(extracts, place, store=registry, seed=seed, tell=tell)
    if as_json:
        terminal.show_json(evaluation.as_dict())
    else:
        _say_verdict(evaluation.as_dict())
        if evaluation.verdict == "go":
            terminal.say(
                "It orders no list yet: two people put it in force with `risk-model models promote`."
            )


@app.command()
def evaluate(
    workspace: WorkspaceFolder,
    truth: Annotated[
        Path | None, typer.Option(help="The cohort's truth/ folder, if the cohort is invented.")
    ] = None,
    seed: Seed = DEFAULT_SEED,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Copy the report, one page with every figure, to this file. [it is in WORKSPACE/evaluation too]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how good the newest model is against the simple rules and, for an invented cohort, against the truth."""
    from risk_model import pipeline
    from risk_model.workspace import Workspace

    place = Workspace(workspace)
    judged = pipeline.evaluate(place, truth=truth, seed=seed)
    if html is not None:
        html.write_text(place.report.read_text(encoding="utf-8"), encoding="utf-8")
    if as_json:
        terminal.show_json(judged)
        return
    _say_verdict(judged)
    if "truth" in judged:
        _say_truth(judged["truth"])
        _say_links(judged["links"])
    terminal.say(f"Every figure is in {html or place.report}; as a table in {place.results}.")


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
            "--reason",
            help="Why the gaps are accepted, or no estimate is used: every page shows it, so no child's details.",
        ),
    ] = None,
    confirm_moves: Annotated[
        str | None,
        typer.Option(
            "--confirm-moves",
            metavar="REASON",
            help="Why a new model or policy may move more of the top of the lists than the policy agrees to: every "
            "page shows it, so no child's details.",
        ),
    ] = None,
    calendar: Annotated[
        Path | None,
        typer.Option(
            help="The capacity calendar, a CSV file: slots to come. Without it no date is promised."
        ),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(
            help="What reviewers decided, a CSV file from `risk-service decisions export`: the list obeys it."
        ),
    ] = None,
    trusted_keys: policy_command.TrustedKeys = None,
    keys: KeyFolder = None,
    registry: Registry = DEFAULT_REGISTRY,
) -> None:
    """Make the lists of one day: ranked, with reasons, ready to review; exit 1 if a mandatory feed is not there."""
    from risk_model import coverage, pipeline
    from risk_model import worklist as worklists
    from risk_model.policy import DEFAULT_POLICY
    from risk_model.policy.signing import DRAFT
    from risk_model.workspace import Workspace

    day = index_date.date()
    if day > datetime.now(UTC).date():
        raise UserError(
            f"The index date {day} lies in the future. Expected today or an earlier day, since a list shows what was "
            "known on its day. Give an earlier --index-date."
        )
    accepted = coverage.parse(accept_gap or [], reason if accept_gap or not policy_only else None)
    with terminal.progress(pipeline.LISTING_STEPS) as tell:
        folder = pipeline.prioritise(
            extracts,
            Workspace(workspace, keys),
            index_date=day,
            store=registry,
            policy_file=policy or DEFAULT_POLICY,
            policy_only=policy_only,
            policy_only_reason=reason,
            confirmed_because=confirm_moves,
            accepted=accepted,
            calendar_file=calendar,
            decisions_file=decisions,
            trusted_keys=trusted_keys,
            tell=tell,
        )
    provenance = worklists.load(folder).provenance
    if provenance["no_estimate_because"] and not policy_only:
        terminal.warn(f"no risk estimate is used: {provenance['no_estimate_because']}.")
    for warning in provenance["warnings"]:
        terminal.warn(warning)
    if provenance["policy"]["signed_by"] is None:
        terminal.warn(f"{DRAFT}: {provenance['policy']['why_draft']}.")
    terminal.say(f"The worklist is in {folder}.")


@app.command()
def verify(
    worklist: WorklistFolder, trusted_keys: policy_command.TrustedKeys = None, as_json: AsJson = False
) -> None:
    """Make every risk, contribution and place again from the folder alone; exit 1 if anything differs."""
    from risk_model import worklist as worklists

    findings = worklists.verify(worklist, trusted_keys)
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
app.command()(compare_command.compare)
app.command()(simulate_command.simulate)
app.command()(demand_command.demand)
app.command()(evidence_command.evidence)


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
            "true risk of the top tenth": _with_limits(step["true_risk_of_top_tenth"]),
            "share of the gap closed": f"{step['gap_closed']['value']:.2f}",
            "error": step.get("root_mean_square_error"),
            "predicted / true": step.get("predicted_over_true", {}).get("all"),
        }
        for name, step in truth["ladder"].items()
    ]
    terminal.show_table(pl.DataFrame(rows), "Against the cohort's known truth")
    groups = [
        {"ordering": name, **step["predicted_over_true"]}
        for name, step in truth["ladder"].items()
        if "predicted_over_true" in step
    ]
    terminal.show_table(pl.DataFrame(groups), "Predicted over true risk, by group")
    recorded = [
        {"group": name, "recorded / true": ratio} for name, ratio in truth["recorded_over_true"].items()
    ]
    terminal.show_table(pl.DataFrame(recorded), "Events recorded over those that truly happened, by group")
    losses = [{"lost to": name, "true risk": _with_limits(e)} for name, e in truth["lost_to"].items()]
    terminal.show_table(pl.DataFrame(losses), "What keeps the model from the true risk")
    differences = [
        {"model minus": name, "difference": _with_limits(e)} for name, e in truth["model_minus_rule"].items()
    ]
    terminal.show_table(pl.DataFrame(differences), "Model against the simple rules, 95 % intervals")


def _with_limits(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _say_links(links: list[dict[str, Any]]) -> None:
    """How many links are right and how many are found, and the same by exact numbers alone."""
    counts = pl.DataFrame(links)
    shares = [name for name, kind in counts.schema.items() if kind.is_float()]
    terminal.show_table(
        counts.with_columns(pl.col(shares).round(4)), "Links to other partners, against the truth"
    )


def main() -> None:
    """The entry point `risk-model`."""
    terminal.run(app)


if __name__ == "__main__":
    main()
