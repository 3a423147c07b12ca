"""How long it takes to make a cohort, in which memory, and whether each board of England costs the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Figure, Measured
from risk_model.synthetic import synthesise
from risk_model.synthetic.councils import partitions

FOLDER = Path("var/bench-cohort")
MOST_SECONDS = {"plymouth": 20, "devon": 100}
MOST_GIBIBYTES = 3.0
BOARDS = ("X05", "X08", "X12")
"""Three of England's boards in the order in which they are made, 111,000 to 135,000 children each."""
MOST_OF_FIRST = 1.15


def synthesise_plymouth_seconds() -> Measured:
    """From the command to the written cohort of 52,000 children."""
    return _made("plymouth")


def synthesise_devon_seconds() -> Measured:
    """From the command to the written cohort of 225,000 children of three councils."""
    return _made("devon")


def england_slope() -> Measured:
    """Seconds per child of the third board as a multiple of those of the first, all made by one process."""
    done = _in_a_process("-m", "benchmarks.making", FOLDER / "england")
    boards: dict[str, dict[str, float]] = json.loads(done["answer"])
    children = partitions("england")
    costs = {name: 1000 * board["seconds"] / children[name] for name, board in boards.items()}
    by_place = np.polyfit(np.arange(len(costs)), list(costs.values()), 1)
    ratio = costs[BOARDS[-1]] / costs[BOARDS[0]]
    details = {
        "seconds_per_1000_children": {name: round(cost, 3) for name, cost in costs.items()},
        "slope_seconds_per_1000_children_and_board": round(float(by_place[0]), 4),
        "boards": boards,
        "peak_gibibytes": done["peak_gibibytes"],
    }
    return Measured(
        round(ratio, 3), ratio <= MOST_OF_FIRST and done["peak_gibibytes"] <= MOST_GIBIBYTES, details
    )


def time_boards(out: Path) -> dict[str, dict[str, float]]:
    """Return the seconds, and of these the processor's, that each of the boards took in this process."""
    marks: list[tuple[float, float]] = []

    def mark(_stage: str, _share: float) -> None:
        marks.append((time.perf_counter(), time.process_time()))

    synthesise(out, scale="england", icbs=BOARDS, progress=mark)
    return {
        name: {"seconds": round(end[0] - start[0], 2), "processor_seconds": round(end[1] - start[1], 2)}
        for name, (start, end) in zip(BOARDS, pairwise(marks), strict=True)
    }


def _made(scale: str) -> Measured:
    done = _in_a_process("-m", "risk_model", "synthesise", FOLDER / scale, "--scale", scale)
    held = done["seconds"] <= MOST_SECONDS[scale] and done["peak_gibibytes"] <= MOST_GIBIBYTES
    details = {name: done[name] for name in ("processor_seconds", "peak_gibibytes")}
    return Measured(round(done["seconds"], 1), held, details)


def _in_a_process(*arguments: object) -> dict[str, Any]:
    """What a process of its own answered, how long it took and the most memory it held."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    started = time.perf_counter()
    with (FOLDER / "answer").open("w") as answer:
        process = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=answer)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), str(arguments[1]))
    text = (FOLDER / "answer").read_text()
    shutil.rmtree(FOLDER)
    return {
        "answer": text,
        "seconds": seconds,
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gibibytes": round(usage.ru_maxrss / 1024**2, 2),
    }


FIGURES = [
    Figure(
        "synthesise_plymouth_seconds",
        "making a Plymouth of 52,000 children, from the command to the last file",
        "s",
        f"at most {MOST_SECONDS['plymouth']} s and {MOST_GIBIBYTES:.0f} GiB",
        synthesise_plymouth_seconds,
    ),
    Figure(
        "synthesise_devon_seconds",
        "making a Devon of 225,000 children in three councils, from the command to the last file",
        "s",
        f"at most {MOST_SECONDS['devon']} s and {MOST_GIBIBYTES:.0f} GiB",
        synthesise_devon_seconds,
    ),
    Figure(
        "england_slope",
        "seconds per child of the third board of England made in one run, against the first",
        "x",
        f"at most {MOST_OF_FIRST} x and {MOST_GIBIBYTES:.0f} GiB",
        england_slope,
    ),
]


if __name__ == "__main__":
    print(json.dumps(time_boards(Path(sys.argv[1]))))
