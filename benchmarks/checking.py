"""How long reading and checking takes, against a bare scan of the same bytes in the same run."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model import sources

FOLDER = Path("var/bench-devon")
ROUNDS = 3
MOST_TIMES_A_SCAN = 3.0
MOST_GIBIBYTES = 2.0
MOST_OF_FIRST = 0.1


def check_vs_scan() -> Measured:
    """Seconds of a check over seconds of a bare scan, medians of interleaved rounds; and the peak of memory."""
    extracts = devon_extracts()
    seconds: dict[str, list[float]] = {"scan": [], "check": []}
    for _ in range(ROUNDS):
        for name in seconds:
            seconds[name].append(_in_a_process(name, extracts)["seconds"])
    peak = _in_a_process("check", extracts)["peak_gibibytes"]
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratio = medians["check"] / medians["scan"]
    details = {"median_seconds": medians, "peak_gibibytes": peak, "most_gibibytes": MOST_GIBIBYTES}
    return Measured(round(ratio, 2), ratio <= MOST_TIMES_A_SCAN and peak <= MOST_GIBIBYTES, details)


def second_check_share() -> Measured:
    """Seconds of a second check of unchanged files over those of the first, the accepted rows kept meanwhile."""
    extracts, kept = devon_extracts(), FOLDER / "checked"
    shutil.rmtree(kept, ignore_errors=True)
    first, second = (_in_a_process("check", extracts, kept)["seconds"] for _ in range(2))
    shutil.rmtree(kept)
    return Measured(
        round(second / first, 3), second / first <= MOST_OF_FIRST, {"first": first, "second": second}
    )


def scan(extracts: Path) -> int:
    """Parse every file as text and nothing else, and return the number of rows: CSV by line, XML by tag."""
    rows = 0
    for file in sorted(path for path in extracts.rglob("*") if path.is_file()):
        if file.suffix == ".xml":
            tags = {"tag": pl.String, "text": pl.String}
            frame = pl.read_csv(
                file.read_bytes()[1:],
                has_header=False,
                eol_char="<",
                separator=">",
                quote_char=None,
                schema=tags,
            )
        else:
            frame = pl.scan_csv(file, infer_schema=False).collect()
        rows += frame.height
    return rows


def check(extracts: Path, kept: Path | None) -> int:
    """Read, check and count everything, and return the number of rows."""
    checked = sources.check(extracts, kept_in=kept, with_rows=False)
    return int(checked.counts["rows"].sum())


def devon_extracts() -> Path:
    """The extracts of a whole Devon, made once."""
    if not (FOLDER / "extracts").is_dir():
        command = [sys.executable, "-m", "risk_model", "synthesise", str(FOLDER), "--scale", "devon"]
        subprocess.run(command, check=True, capture_output=True)
    return FOLDER / "extracts"


def _in_a_process(name: str, extracts: Path, kept: Path | None = None) -> dict[str, float]:
    """Run one measurement in a process of its own, so that none warms up or fills the memory of another."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.checking",
        name,
        str(extracts),
        *([str(kept)] if kept else []),
    ]
    answer: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return answer


def _measure_here(name: str, extracts: Path, kept: Path | None) -> dict[str, float]:
    work: Callable[[], int] = (lambda: scan(extracts)) if name == "scan" else (lambda: check(extracts, kept))
    started = time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"seconds": round(seconds, 3), "rows": rows, "peak_gibibytes": round(peak, 2)}


FIGURES = [
    Figure(
        "check_vs_scan",
        "checking all extracts of a Devon of 225,000 children, against a bare scan of their bytes as text",
        "x",
        f"at most {MOST_TIMES_A_SCAN:.0f} x and {MOST_GIBIBYTES:.0f} GiB",
        check_vs_scan,
    ),
    Figure(
        "second_check_share",
        "a second check of unchanged files, as a share of the first",
        "",
        f"at most {MOST_OF_FIRST}",
        second_check_share,
    ),
]

if __name__ == "__main__":
    _, which, folder, *rest = sys.argv
    print(json.dumps(_measure_here(which, Path(folder), Path(rest[0]) if rest else None)))
