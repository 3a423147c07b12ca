"""The command `risk-model evidence`: the documents that a run must answer with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from risk_model import terminal
from risk_model.errors import UserError

README = Path(__file__).resolve().parents[1] / "README.md"


def evidence(
    folder: Annotated[Path, typer.Argument(metavar="WORKLIST", help="Folder of one run.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the documents, outside the run.")],
    junit_file: Annotated[
        Path | None,
        typer.Option(
            "--junit", help="What `pytest --junit-xml FILE` wrote: says whether each control's tests passed."
        ),
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option(help="The service's SQLite file, for the report of human involvement; OPEN without it."),
    ] = None,
    figures_file: Annotated[
        Path | None,
        typer.Option("--figures", help="README with the measured figures. [default: that of the sources]"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the pack's manifest instead of sentences.")
    ] = False,
) -> None:
    """Write hazard log, safety case, model card and answers to each standard, all from one run.

    What only an organisation can answer stands as OPEN. Exit code 1: with --junit, a test of a control did not pass.
    """
    import json

    from risk_model import worklist
    from risk_model.evidence import figures, involvement, junit, write_pack
    from risk_model.evidence.documents import ANSWERED, MANIFEST, Sources

    run = worklist.load(folder)
    if findings := worklist.check_seal(run.folder):
        raise UserError(
            f"{run.run} is not as it was written: {findings[0]} Expected an untouched run. See `risk-model verify`."
        )
    command = _command(run.run, {"--junit": junit_file, "--database": database, "--figures": figures_file})
    if figures_file is None and README.is_file():
        figures_file = README
    sources = Sources(
        run=run,
        files={
            file.name: worklist.digest(file)
            for file in (figures_file, junit_file, database)
            if file is not None and file.is_file()
        },
        command=command,
        figures=figures.read(figures_file),
        outcomes=None if junit_file is None else junit.read(junit_file),
        involvement=None if database is None else involvement.read(database, run.run),
    )
    written = write_pack(out, sources)
    if as_json:
        terminal.show_json(json.loads((out / MANIFEST).read_text(encoding="utf-8")))
    else:
        states = [sources.state(each.evidence) for one in sources.standards for each in one.requirements]
        answered = states.count(ANSWERED)
        terminal.say(
            f"{len(written)} files in {out}: {len(sources.hazards)} hazards, {len(states)} requirements, "
            f"{answered} answered, {len(states) - answered} not or not wholly."
        )
    for test, state in sources.not_passed.items():
        terminal.warn(f"A control's test did not pass: {test} ({state}).")
    if sources.not_passed:
        raise typer.Exit(terminal.FINDING)


def _command(run: str, given: Mapping[str, Path | None]) -> str:
    """The command as the documents tell it: names without the folders of this machine."""
    options = [f"{option} {shlex.quote(file.name)}" for option, file in given.items() if file is not None]
    return " ".join(["risk-model evidence", shlex.quote(run), "--out DIR", *options])
