"""`synthesise`: make a cohort with known truth and write it in the partners' own file formats."""

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from risk_model.errors import UserError
from risk_model.synthetic import calibration as figures
from risk_model.synthetic import councils, extracts, neighbours, population, recording, truth
from risk_model.synthetic.councils import Place
from risk_model.synthetic.world import Progress, make_world

STAGES: Final = (
    "children",
    "social care",
    "health services",
    "hazards and events",
    "schools",
    "recording",
    "health extracts",
    "school extracts",
    "council extracts",
    "truth",
    "done",
)

Tables = defaultdict[str, list[pl.DataFrame]]
"""The rows of each file as they come, council by council."""


def synthesise(
    out: Path,
    *,
    scale: str = "plymouth",
    scenario: str = "base",
    seed: int = 2026,
    progress: Progress | None = None,
) -> None:
    """Write a cohort of children to `out`: `extracts/` as partners would send it, `truth/` as it was made.

    Parameters
    ----------
    out : Path
        A folder that does not exist yet or is empty; it is filled completely or not at all.
    scale : str
        "plymouth" (52,000 children), "devon" (225,000 of three councils), or "tiny" and "tiny_devon" (3,000 and
        3,600, for quick tests).
    scenario : str
        The name of a file in `scenarios/`.
    seed : int
        The same seed gives the same bytes of every file.
    progress : callable, optional
        Called with the name of each stage and the share of the work done before it.
    """
    calibration = figures.load(scenario)
    places = councils.places(scale, seed)
    _check_is_free(out)
    report = progress or (lambda stage, share: None)
    with _written_at_once(out) as beside:
        report(STAGES[0], 0.0)
        everyone = [population.make_children(place.council.own(calibration), place) for place in places]
        everyone = neighbours.side_by_side(calibration, seed, places, everyone)
        sent, known = Tables(list), Tables(list)
        for position, place in enumerate(places):
            tell = _part(report, place, position, places)
            own = place.council.own(calibration)
            _add_council(beside / "extracts", own, places, (place, everyone[position]), (sent, known), tell)
        report(STAGES[-2], 0.95)
        extracts.write_shared(beside / "extracts", calibration, sent, places)
        facts: dict[str, str | int] = {"scale": scale, "scenario": scenario, "seed": seed}
        truth.write(beside / "truth", known, facts)
    report(STAGES[-1], 1.0)


def stages(scale: str) -> tuple[str, ...]:
    """What `synthesise` will report at a scale, in order."""
    places = councils.places(scale, 0)
    middle = [_name(stage, place, places) for place in places for stage in STAGES[1:-2]]
    return (STAGES[0], *middle, *STAGES[-2:])


def _name(stage: str, place: Place, places: Sequence[Place]) -> str:
    return stage if len(places) == 1 else f"{place.council.name}: {stage}"


def _part(report: Progress, place: Place, position: int, places: Sequence[Place]) -> Progress:
    """Progress within one council as progress of the whole."""
    everyone = sum(each.residents for each in places)
    before = sum(each.residents for each in places[:position])

    def tell(stage: str, share: float) -> None:
        report(_name(stage, place, places), (before + share * place.residents) / everyone)

    return tell


def _add_council(
    folder: Path,
    calibration: figures.Calibration,
    places: Sequence[Place],
    own: tuple[Place, population.Children],
    tables: tuple[Tables, Tables],
    report: Progress,
) -> None:
    """Make one council's world, write its own returns and add its rows to what is sent and to what is true."""
    place, children = own
    sent, known = tables
    world = make_world(calibration, place, children, report)
    report("recording", 0.55)
    records = recording.record(calibration, place.seed, world)
    report("health extracts", 0.6)
    for path, rows in extracts.health_tables(calibration, place.seed, world, records):
        sent[path].append(rows)
    report("school extracts", 0.7)
    for path, rows in extracts.school_tables(calibration, place.seed, world, records, places):
        sent[path].append(rows)
    report("council extracts", 0.85)
    extracts.write_council(folder, calibration, place.seed, world, records, places)
    for name, rows in truth.tables(calibration, world, records).items():
        known[name].append(rows)


@contextmanager
def _written_at_once(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when all is written, and leaves nothing behind otherwise."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield beside
        beside.chmod(0o755)
        if out.exists():
            out.rmdir()
        os.rename(beside, out)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _check_is_free(out: Path) -> None:
    if out.is_file():
        raise UserError(
            f"{out} is a file, and a cohort needs a folder. Name a folder that does not exist yet."
        )
    if out.exists() and any(out.iterdir()):
        raise UserError(
            f"The folder {out} already holds files. Expected a new or empty one for a cohort. Choose another folder."
        )
