"""`python -m benchmarks.tuning PATH...`: simulated moments. Proposes values for figures of the calibration.

Each figure is raised a little and the cohort is made again with the same seeds; what that moves is the slope of every
target. The proposal is the step that brings all targets nearest to their values, each counted in its own tolerance, and
short steps are preferred (Gauss-Newton with a ridge). It prints and changes nothing: a person writes what convinces.
"""

from __future__ import annotations

import copy
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError

AT_ONCE = 2
RIDGE = 0.3
LARGEST_MISS = 4.0
"""Tolerances beyond which a miss pulls no harder, so that one target that cannot be met does not bend the others."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def propose(
    prefixes: Annotated[
        list[str], typer.Argument(help="Figures, or beginnings of them, such as csc. or queue/.")
    ],
    share: Annotated[float, typer.Option(help="How large a share of the children of Devon to make.")] = 0.3,
    seed: Annotated[int, typer.Option(help="The seed of every cohort made.")] = 2026,
    step: Annotated[float, typer.Option(help="By how much of itself a figure is raised.")] = 0.15,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """Propose values for the figures that the targets identify and whose path begins so."""
    paths = _chosen(prefixes)
    now = {path: _value(path) for path in paths}
    raised = [{path: value + _step(value, step)} for path, value in now.items()]
    with ProcessPoolExecutor(AT_ONCE) as pool, terminal.progress(1) as tell:
        tell("Making cohorts")
        tables = list(
            pool.map(_misses, [{}, *raised], [share] * (len(raised) + 1), [seed] * (len(raised) + 1))
        )
    base, *others = tables
    names = [name for name in base if all(name in other for other in others)]
    miss = np.array([base[name] for name in names])
    slopes = np.stack([np.array([other[name] for name in names]) - miss for other in others], axis=1)
    moved = np.abs(slopes).max(axis=1) > 0
    best = _solve(slopes[moved], np.clip(miss[moved], -LARGEST_MISS, LARGEST_MISS))
    rows = pl.DataFrame(
        {
            "figure": paths,
            "now": [now[path] for path in paths],
            "proposed": [
                float(f"{now[path] + part * _step(now[path], step):.3g}")
                for path, part in zip(paths, best, strict=True)
            ],
        }
    )
    if as_json:
        terminal.show_json(rows.to_dicts())
    else:
        terminal.show_table(rows, "Proposed figures")
        before, after = float(np.square(miss).sum()), float(np.square(miss + slopes @ best).sum())
        terminal.say(
            f"Squares of the misses, in tolerances: {before:.1f} now, {after:.1f} if all were linear."
        )


def _solve(slopes: np.ndarray[Any, Any], miss: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The steps, in units of one raise, that make the misses smallest.

    >>> _solve(np.eye(2), np.array([1.3, -2.6])).round(6)
    array([-1.,  2.])
    """
    square = slopes.T @ slopes + RIDGE * np.eye(slopes.shape[1])
    return np.asarray(np.linalg.solve(square, -slopes.T @ miss))


def _step(value: float, step: float) -> float:
    return step * abs(value) if abs(value) > 1e-9 else step


def _chosen(prefixes: list[str]) -> list[str]:
    from risk_model.synthetic.targets.dials import figures, identified_paths

    numbers = {
        figure.path
        for figure in figures()
        if isinstance(figure.value, int | float) and figure.status != "READ"
    }
    named = dict.fromkeys(path for path in identified_paths() if path in numbers)
    paths = [path for path in named if path.startswith(tuple(prefixes))]
    if not paths:
        raise UserError(
            f"No figure that a target identifies begins with {', '.join(prefixes)}. Expected one of: "
            f"{', '.join(sorted(named))}."
        )
    return paths


def _value(path: str) -> float:
    from risk_model.synthetic.targets.dials import figures

    return float(next(figure.value for figure in figures() if figure.path == path))


def _misses(changed: dict[str, float], share: float, seed: int) -> dict[str, float]:
    """Each target's miss in its own tolerances, in a smaller Devon with some figures changed."""
    from risk_model.synthetic import calibration, councils
    from risk_model.synthetic.targets import comparison

    base = calibration.load("base")
    values = copy.deepcopy(base.values)
    places = [
        replace(
            place,
            residents=round(share * place.residents),
            council=replace(place.council, figures=copy.deepcopy(place.council.figures)),
        )
        for place in councils.places("devon", seed)
    ]
    for path, value in changed.items():
        if ":" in path:
            code, path = path.split(":")
            own = next(place.council.figures for place in places if str(place.council.code) == code)
            _put(own, path, value)
        else:
            _put(values, path, value)
    figures = calibration.Calibration(base.scenario, values)
    facts = comparison.facts_of(figures, places, seed, lambda council, done: None)
    return dict(comparison.misses(facts))


def _put(values: dict[str, Any], path: str, value: float) -> None:
    *tables, last = path.split("/")
    for name in tables:
        values = values[name]
    values[last] = value


if __name__ == "__main__":
    terminal.run(app)
