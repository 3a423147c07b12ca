"""How right and how fast linkage is on invented cohorts; beside each figure, what exact numbers alone would do."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model import evaluation, linkage, sources
from risk_model.keys import Key, Purpose
from risk_model.linkage.purposes import JOINED_ON

PLYMOUTH, ADVERSARIAL, DEVON = (
    Path("var") / name for name in ("bench-linkage", "bench-linkage-adversarial", "bench-devon")
)
LEAST_PRECISION, LEAST_RECALL, MOST_GAP = 0.9995, 0.985, 0.02
MOST_SECONDS, MOST_GIBIBYTES, MOST_TRAINING_SECONDS = 25.0, 3.0, 90.0
TARGETS = ("education", "social care")
REGISTER = linkage.new_register(Key(Purpose.TRAINING, b"the key of a benchmark"))


def linkage_precision() -> Measured:
    """Share of joined pairs of records that are one child's, the lowest of all sources; no twin on the other."""
    found = _quality("base")
    twins = _quality("adversarial")["wrong_twins"]
    value = min(one["precision"] for one in _of_group(found, "all"))
    details = {**_figures(found), "records_on_the_wrong_twin_in_adversarial": twins}
    return Measured(round(value, 5), value >= LEAST_PRECISION and twins == 0, details)


def linkage_recall() -> Measured:
    """Share of true pairs of records that are joined, the lowest of all sources."""
    found = _quality("base")
    value = min(one["recall"] for one in _of_group(found, "all"))
    return Measured(round(value, 4), value >= LEAST_RECALL, _figures(found))


def linkage_recall_gap_looked_after() -> Measured:
    """By how much the recall of children who were ever looked after is lower, the larger of both sources."""
    found = _quality("base")

    def gap(name: str) -> float:
        pairs = zip(_of_group(found, "not looked after"), _of_group(found, "looked after"), strict=True)
        return max(
            float(others[name]) - float(mine[name]) for others, mine in pairs if mine["source"] in TARGETS
        )

    value = gap("recall")
    by_number = gap("recall_by_number_alone")
    return Measured(round(value, 4), value <= MOST_GAP, {"by_number_alone": round(by_number, 4)})


def linkage_seconds() -> Measured:
    """From the accepted rows of a Devon to its persons, with stored weights."""
    measured = _in_a_process("link")
    holds = measured["seconds"] <= MOST_SECONDS and measured["peak_gibibytes"] <= MOST_GIBIBYTES
    return Measured(round(measured["seconds"], 1), holds, measured)


def linkage_training_seconds() -> Measured:
    """Learning the weights from the records of a Devon."""
    measured = _in_a_process("learn")
    return Measured(round(measured["seconds"], 1), measured["seconds"] <= MOST_TRAINING_SECONDS, measured)


def _of_group(found: dict[str, Any], group: str) -> list[dict[str, Any]]:
    return [one for one in found["quality"] if one["group"] == group]


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """Every source in all, with exact numbers alone beside it."""
    names = ("precision", "recall", "precision_by_number_alone", "recall_by_number_alone", "pairs", "wrong")
    return {one["source"]: {name: one[name] for name in names} for one in _of_group(found, "all")}


@cache
def _quality(scenario: str) -> dict[str, Any]:
    """Quality of the links of one invented cohort, made anew, with weights learned from the base scenario."""
    folder = PLYMOUTH if scenario == "base" else ADVERSARIAL
    _synthesise(folder, "plymouth", scenario)
    frames = sources.check(folder / "extracts").frames
    weights = None if scenario == "base" else json.loads((PLYMOUTH / "linkage.json").read_bytes())
    people = linkage.link(frames, register=REGISTER, weights=weights)
    if scenario == "base":
        (PLYMOUTH / "linkage.json").write_bytes(linkage.written(people.weights))
    truth = evaluation.read_truth(folder / "truth").identities
    return {
        "quality": evaluation.link_quality(people.held, truth),
        "wrong_twins": evaluation.wrong_twins(people.held, truth),
    }


def _synthesise(folder: Path, scale: str, scenario: str) -> None:
    if not (folder / "extracts").is_dir():
        command = ["synthesise", str(folder), "--scale", scale, "--scenario", scenario]
        subprocess.run([sys.executable, "-m", "risk_model", *command], check=True, capture_output=True)


def _in_a_process(name: str) -> dict[str, Any]:
    """Run one measurement on Devon in a process of its own, which holds the tables of linkage and nothing else."""
    _synthesise(DEVON, "devon", "base")
    place = DEVON / "linkage"
    if not place.is_dir():
        subprocess.run(
            [sys.executable, "-m", "benchmarks.linkage", "tables"], check=True, capture_output=True
        )
    command = [sys.executable, "-m", "benchmarks.linkage", name]
    answer: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return answer


def _measure_here(name: str) -> dict[str, Any]:
    place = DEVON / "linkage"
    frames = {file.stem: pl.read_parquet(file) for file in sorted(place.glob("*.parquet"))}
    weights = place / "linkage.json"
    if name == "link" and not weights.is_file():
        weights.write_bytes(linkage.written(linkage.learn(frames)))
    started = time.perf_counter()
    if name == "link":
        people = linkage.link(frames, register=REGISTER, weights=json.loads(weights.read_bytes()))
        counts = dict(people.held.group_by("kind").len().sort("kind").iter_rows())
    else:
        learned = linkage.learn(frames)
        counts = learned["learned_from"]
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"seconds": seconds, "peak_gibibytes": round(peak, 2), "records": counts}


def _write_tables() -> None:
    """The accepted rows of the tables that linkage reads."""
    place = DEVON / "linkage"
    shutil.rmtree(place, ignore_errors=True)
    frames = sources.check(DEVON / "extracts").frames
    place.mkdir()
    for name in JOINED_ON:
        frames[name].write_parquet(place / f"{name}.parquet")


FIGURES = [
    Figure(
        "linkage_precision",
        "links to school, social care and other health records that are right, the lowest of these, and no "
        "record of one twin on the other in the scenario adversarial",
        "",
        f"at least {LEAST_PRECISION}, no wrong twin",
        linkage_precision,
    ),
    Figure(
        "linkage_recall",
        "true links to school, social care and other health records that are found, the lowest of these",
        "",
        f"at least {LEAST_RECALL}",
        linkage_recall,
    ),
    Figure(
        "linkage_recall_gap_looked_after",
        "by how much fewer are found of looked-after children",
        "",
        f"at most {MOST_GAP}",
        linkage_recall_gap_looked_after,
    ),
    Figure(
        "linkage_seconds",
        "linking all children of a Devon with stored weights",
        "s",
        f"at most {MOST_SECONDS:.0f} s and {MOST_GIBIBYTES:.0f} GiB",
        linkage_seconds,
    ),
    Figure(
        "linkage_training_seconds",
        "learning the weights from a Devon",
        "s",
        f"at most {MOST_TRAINING_SECONDS:.0f} s",
        linkage_training_seconds,
    ),
]

if __name__ == "__main__":
    which = sys.argv[1]
    if which == "tables":
        _write_tables()
    else:
        print(json.dumps(_measure_here(which)))
