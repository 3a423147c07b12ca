"""A world beside the figures it should meet: value, tolerance, and what is out of it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from risk_model.synthetic import calibration, councils, neighbours, population, shipped
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.councils import Place
from risk_model.synthetic.targets import care, education, health, overlap, papers
from risk_model.synthetic.targets.facts import Facts, gather, together
from risk_model.synthetic.targets.figures import Figure
from risk_model.synthetic.world import Progress, make_world

TOLERANCES_ARE_FOR: Final = 225_000
SAME_SIZE: Final = 0.05
"""A share of Devon's children so near to all of them that counts are left as they are."""

CHANCE: Final = 3.0
"""Standard errors by which a figure of a smaller cohort may miss beyond its tolerance."""

HOLDS: Final = "within"
OUT: Final = "OUT"
MISFIT: Final = "known misfit"
NOT_HERE: Final = "not measured"

COUNCILS_OF: Final = {
    "Plymouth": {879},
    "Devon County": {878},
    "Torbay": {880},
    "Devon County and Torbay": {878, 880},
    "north, east and mid Devon": {878},
    "south Devon and Torbay": {878, 880},
    "Devon": {878, 879, 880},
}
"""The councils without which a figure of a place cannot be counted; England's can be in any."""


def targets() -> list[dict[str, Any]]:
    """The published, remembered or agreed figures: name, value, tolerance and its reason, source, status."""
    return list(shipped.table("targets.yaml")["targets"])


def facts_of(figures: Calibration, places: Sequence[Place], seed: int, report: Progress) -> Facts:
    """Make the worlds of some councils one after another and keep only what is counted of each."""
    everyone = [population.make_children(place.council.own(figures), place) for place in places]
    everyone = neighbours.side_by_side(figures, seed, places, everyone)
    return together([_own(figures, place, everyone, at, report) for at, place in enumerate(places)])


def _own(
    figures: Calibration,
    place: Place,
    everyone: Sequence[population.Children],
    at: int,
    report: Progress,
) -> Facts:
    own = place.council.own(figures)
    report(place.council.name, at / len(everyone))
    return gather(own, place.seed, make_world(own, place, everyone[at], lambda stage, share: None))


def of_cohort(scale: str, scenario: str, seed: int, report: Progress) -> pl.DataFrame:
    """Compare a cohort of a scale, scenario and seed with every target, from worlds in memory."""
    places = councils.places(scale, seed)
    return compare(facts_of(calibration.load(scenario), places, seed, report))


def measure(facts: Facts) -> dict[str, Figure]:
    """Every figure that is counted, with its standard error."""
    counted = [room.measure(facts) for room in (education, care, overlap, health)]
    return {name: figure for room in counted for name, figure in room.items()} | papers.measure(facts.papers)


def compare(facts: Facts) -> pl.DataFrame:
    """One row per target: value, tolerance, found, standard error, result, unit, source, status and reasons.

    A cohort smaller than the one the tolerances are for may miss by three standard errors more, and its numbers of
    things are given for as many children as Devon has. A target that a cohort cannot show, such as Torbay's in a cohort
    of Plymouth, is "not measured" and never "out".
    """
    found = _at_full_size(facts)
    is_small = int(facts.children["is_resident"].sum()) < 0.9 * TOLERANCES_ARE_FOR
    rows = [row(target, found.get(target["name"]), is_small=is_small) for target in targets()]
    return pl.DataFrame(rows, infer_schema_length=None)


def _at_full_size(facts: Facts) -> dict[str, Figure]:
    """The figures of the places that are in the cohort; counts as they would be among all their children."""
    residents = dict(facts.children.filter("is_resident").group_by("council").agg(pl.len()).iter_rows())
    everyone = councils.load()["scales"]["devon"]["children"]
    share = sum(residents.values()) / sum(everyone[code] for code in residents)
    factor = 1.0 if abs(share - 1) < SAME_SIZE else 1 / share
    found = measure(facts)
    here = {
        target["name"]
        for target in targets()
        if _needed(target) <= set(residents) and target["name"] in found
    }
    return {
        name: Figure(figure.value * factor, figure.error * factor, True) if figure.is_count else figure
        for name, figure in found.items()
        if name in here
    }


def _needed(target: dict[str, Any]) -> set[int]:
    return COUNCILS_OF.get(target.get("measured_in", target["geography"]), set())


def row(target: dict[str, Any], figure: Figure | None, *, is_small: bool) -> dict[str, Any]:
    """One target beside one figure, as `compare` shows it."""
    is_known = figure is not None and not np.isnan(figure.value)
    value, error = (figure.value, figure.error) if figure is not None and is_known else (None, None)
    allowed = float(target["tolerance"]) + (CHANCE * error if is_small and error is not None else 0.0)
    return {
        "name": target["name"],
        "target": float(target["value"]),
        "side": target.get("side", "around"),
        "tolerance": float(target["tolerance"]),
        "found": value,
        "error": error,
        "result": _result(target, value, allowed),
        "unit": target["unit"],
        "year": str(target["year"]),
        "geography": target["geography"],
        "source": target["source"],
        "status": target["status"],
        "why": target["why"],
        "misfit": target.get("misfit"),
    }


def _result(target: dict[str, Any], value: float | None, allowed: float) -> str:
    if value is None:
        return NOT_HERE
    short = float(target["value"]) - value
    missed = short if target.get("side") == "at_least" else abs(short)
    if missed <= allowed:
        return HOLDS
    return MISFIT if "misfit" in target else OUT


def misses(facts: Facts) -> dict[str, float]:
    """By how many of its tolerances each target is missed."""
    found = _at_full_size(facts)
    result = {}
    for target in targets():
        figure = found.get(target["name"])
        if figure is None or np.isnan(figure.value) or not target["tolerance"]:
            continue
        miss = (figure.value - float(target["value"])) / float(target["tolerance"])
        result[target["name"]] = min(miss, 0.0) if target.get("side") == "at_least" else miss
    return result
