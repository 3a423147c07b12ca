"""`python -m benchmarks list | run NAME...`: each figure with its target and whether it holds."""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

from benchmarks import (
    audit,
    checking,
    closed_loop,
    disclosing,
    explanations,
    guarantees,
    journey,
    kills,
    laboratory,
    linkage,
    making,
    nulls,
    pages,
    peers,
    planning,
    ranking,
    scoring,
    targets,
    theory,
    undocumented,
)
from benchmarks.harness import as_table, environment, write_readme
from risk_model import terminal
from risk_model.errors import UserError

FIGURES = {
    figure.name: figure
    for module in (
        journey,
        targets,
        making,
        checking,
        linkage,
        peers,
        nulls,
        explanations,
        scoring,
        theory,
        closed_loop,
        guarantees,
        laboratory,
        ranking,
        planning,
        disclosing,
        pages,
        undocumented,
        audit,
        kills,
    )
    for figure in module.FIGURES
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


@app.command(name="list")
def show(as_json: AsJson = False) -> None:
    """Name every figure, what it measures and the target it is held to."""
    listed = [{"figure": f.name, "what": f.what, "target": f.target} for f in FIGURES.values()]
    if as_json:
        terminal.show_json(listed)
    else:
        terminal.show_table(pl.DataFrame(listed), "Figures")


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Names of figures, as `list` gives them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Measure every figure.")] = False,
    readme: Annotated[
        bool, typer.Option("--readme", help="Write the results into the README's table.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure figures; exit 1 if one falls short."""
    chosen = list(FIGURES) if every else names or []
    unknown = sorted(set(chosen) - set(FIGURES))
    if unknown or not chosen:
        problem = f"There is no figure {', '.join(unknown)}." if unknown else "No figure was named."
        raise UserError(f"{problem} Expected names out of: {', '.join(FIGURES)}. Or measure all with --all.")
    results = []
    with terminal.progress(len(chosen)) as tell:
        for name in chosen:
            tell(name)
            results.append(FIGURES[name].run())
    if readme:
        write_readme(results, FIGURES)
    if as_json:
        terminal.show_json({"environment": environment(), "figures": results})
    else:
        terminal.show_table(as_table(results), "Figures")
    if not all(result["holds"] for result in results):
        raise typer.Exit(terminal.FINDING)


if __name__ == "__main__":
    terminal.run(app)
