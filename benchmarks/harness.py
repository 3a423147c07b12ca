"""What a figure is, the machine it was measured on, and how figures are shown."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

README = Path(__file__).parent.parent / "README.md"
TABLE_START, TABLE_END = "<!-- figures: made by `make bench` -->", "<!-- end of figures -->"
LIBRARIES = ("polars", "scikit-learn", "shap", "splink", "fastapi")


@dataclass(frozen=True)
class Measured:
    """One figure's value, whether its target holds, and the numbers behind it."""

    value: float
    holds: bool
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A named measurement with the target it is held to, in words."""

    name: str
    what: str
    unit: str
    target: str
    measure: Callable[[], Measured]

    def run(self) -> dict[str, Any]:
        measured = self.measure()
        return {
            "figure": self.name,
            "what": self.what,
            "value": measured.value,
            "unit": self.unit,
            "target": self.target,
            "holds": measured.holds,
            "details": dict(measured.details),
        }


def environment() -> dict[str, Any]:
    """Return the machine and the versions that the figures depend on; never a name or a path."""
    return {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def as_table(results: list[dict[str, Any]]) -> pl.DataFrame:
    """Return results as the table that people read."""
    return pl.DataFrame(
        {
            "figure": [r["figure"] for r in results],
            "value": [f"{_rounded(r['value'])} {r['unit']}".strip() for r in results],
            "target": [r["target"] for r in results],
            "holds": ["yes" if r["holds"] else "NO" for r in results],
        }
    )


def write_readme(results: list[dict[str, Any]], names: Iterable[str]) -> None:
    """Put the results into the README's table of figures; a figure that was not measured keeps its row."""
    before, _, rest = README.read_text().partition(TABLE_START)
    table, _, after = rest.partition(TABLE_END)
    rows = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    for result, row in zip(results, as_table(results).iter_rows(named=True), strict=True):
        holds = row["holds"] if result["holds"] else "**falls short**"
        rows[row["figure"]] = (
            f"| `{row['figure']}` | {result['what']} | {row['value']} | {row['target']} | {holds} |"
        )
    machine = environment()
    lines = [
        "| figure | what it measures | value | target | holds |",
        "|---|---|---|---|---|",
        *(rows[name] for name in names if name in rows),
        "",
        f"Measured with Python {machine['python']} on {machine['cores']} cores ({machine['processor']}).",
    ]
    README.write_text("\n".join([f"{before}{TABLE_START}", *lines, f"{TABLE_END}{after}"]))


def _rounded(value: float) -> str:
    return (
        f"{value:.2e}" if 0 < abs(value) < 1e-3 else f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    )
