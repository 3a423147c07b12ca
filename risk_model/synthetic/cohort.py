"""`synthesise`: make a cohort with known truth and write it in the partners' own file formats."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from risk_model.errors import UserError
from risk_model.synthetic import calibration as figures
from risk_model.synthetic import (
    care_records,
    csds_records,
    recording,
    truth,
    write_attendance,
    write_cin_census,
    write_csds,
    write_school_census,
    write_sen2,
    write_ssda903,
    write_wlmds,
)
from risk_model.synthetic.world import Progress, World, make_world

COUNCIL_FOLDER: Final = "879-plymouth"
STAGES: Final = (
    "children",
    "social care",
    "hazards and events",
    "schools",
    "health services",
    "recording",
    "health extracts",
    "school extracts",
    "council extracts",
    "truth",
    "done",
)


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
        "plymouth" (52,000 children) or "tiny" (3,000, for quick tests).
    scenario : str
        The name of a file in `scenarios/`.
    seed : int
        The same seed gives the same bytes of every file.
    progress : callable, optional
        Called with the name of each stage and the share of the work done before it.
    """
    calibration = figures.load(scenario)
    residents = _residents(calibration, scale)
    _check_is_free(out)
    report = progress or (lambda stage, share: None)
    with _written_at_once(out) as beside:
        world = make_world(calibration, seed, residents, report)
        records = _write_extracts(beside / "extracts", calibration, seed, world, report)
        report("truth", 0.95)
        facts: dict[str, str | int] = {"scale": scale, "scenario": scenario, "seed": seed}
        truth.write(beside / "truth", world, records, facts)
    report(STAGES[-1], 1.0)


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


def _write_extracts(
    extracts: Path, calibration: figures.Calibration, seed: int, world: World, report: Progress
) -> recording.Records:
    report("recording", 0.55)
    records = recording.record(calibration, seed, world)
    health = csds_records.gather(calibration, seed, world)
    care = care_records.gather(calibration, seed, world)
    report("health extracts", 0.6)
    write_csds.write(extracts / "csds", calibration, seed, world, records, health)
    write_wlmds.write(extracts / "wlmds", health)
    report("school extracts", 0.7)
    write_school_census.write(extracts / "school_census", calibration, seed, world, records)
    write_attendance.write(extracts / "attendance", calibration, world, records)
    report("council extracts", 0.85)
    write_sen2.write(extracts / "sen2", calibration, seed, world, records)
    write_cin_census.write(extracts / "cin_census", calibration, world, records, care)
    write_ssda903.write(extracts / "ssda903" / COUNCIL_FOLDER, seed, world, records, care)
    return records


def _residents(calibration: figures.Calibration, scale: str) -> int:
    known = calibration.numbers("pop.residents")
    if scale not in known:
        raise UserError(
            f"Unknown scale '{scale}'. Known scales: {', '.join(sorted(known))}. Choose one of them."
        )
    return int(known[scale])


def _check_is_free(out: Path) -> None:
    if out.is_file():
        raise UserError(
            f"{out} is a file, and a cohort needs a folder. Name a folder that does not exist yet."
        )
    if out.exists() and any(out.iterdir()):
        raise UserError(
            f"The folder {out} already holds files. Expected a new or empty one for a cohort. Choose another folder."
        )
