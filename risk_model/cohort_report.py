"""What `risk-model synthesise --report` says: each target beside what the cohort measures, and the scenario's dials."""

from __future__ import annotations

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError

OUT_OF_TOLERANCE = "OUT"
KNOWN_MISFIT = "known misfit"
TOLERANCES = (
    "A tolerance is for a cohort of Devon's size (225,000 children); a smaller one may miss by three standard errors "
    "more. A target of a council that is not in the cohort is not measured."
)
DIALS = "Dials are figures that were chosen and that no target decides about: no estimates; a scenario may turn them."


def say_report(scale: str, scenario: str, seed: int, *, as_json: bool) -> None:
    """Measure a cohort in memory and print it beside its targets; exit with 1 if one is out of tolerance."""
    from risk_model.synthetic import councils, targets

    if councils.partitions(scale):
        raise UserError(
            f"A report cannot be made of the scale {scale}: the targets are of Devon and its councils. Expected "
            "plymouth, devon, tiny or tiny_devon. Name one of them with --scale."
        )
    places = councils.places(scale, seed)
    with terminal.progress(len(places) + 1) as tell:
        table = targets.of_cohort(scale, scenario, seed, lambda council, _share: tell(council))
    if as_json:
        terminal.show_json(
            {
                "scale": scale,
                "scenario": scenario,
                "seed": seed,
                "targets": table.to_dicts(),
                "dials": [dial._asdict() for dial in targets.dials()],
            }
        )
    else:
        _say(table)
    if (table["result"] == OUT_OF_TOLERANCE).any():
        raise typer.Exit(terminal.FINDING)


def _say(table: pl.DataFrame) -> None:
    from risk_model.synthetic import calibration, targets

    titles = {name: source["title"] for name, source in calibration.sources().items()}
    terminal.show_table(
        table.select(
            "name",
            target=pl.col("target").map_elements(_short, pl.String)
            + pl.when(pl.col("side") == "at_least").then(pl.lit(" or more")).otherwise(pl.lit("")),
            tolerance=pl.col("tolerance").map_elements(_short, pl.String),
            found=pl.col("found").map_elements(_short, pl.String),
            result="result",
            source=pl.col("source").replace_strict(titles),
            status="status",
        ),
        "Targets",
    )
    terminal.paragraph(TOLERANCES, indent=0)
    missed = table.filter(pl.col("result") == OUT_OF_TOLERANCE)
    for row in missed.iter_rows(named=True):
        terminal.paragraph(f"Out of tolerance: {_told(row)}", indent=4)
    for row in table.filter(pl.col("result") == KNOWN_MISFIT).iter_rows(named=True):
        terminal.paragraph(f"Known misfit: {_told(row)} {row['misfit']}", indent=4)
    counted = table.filter(pl.col("found").is_not_null())
    read = counted.filter(pl.col("status") == "READ").height
    terminal.say(
        f"{missed.height} of {counted.height} targets are out of tolerance; {read} were read in a source."
    )
    terminal.show_table(
        pl.DataFrame(
            [{"figure": dial.path, "value": str(dial.value), "unit": dial.unit} for dial in targets.dials()]
        ),
        "Dials",
    )
    terminal.paragraph(DIALS, indent=0)


def _told(row: dict[str, object]) -> str:
    return (
        f"{row['name']} is {_short(row['found'])}, the target is {_short(row['target'])} within "  # type: ignore[arg-type]
        f"{_short(row['tolerance'])} ({row['unit']})."  # type: ignore[arg-type]
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
