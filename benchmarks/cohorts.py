"""The quarters of an invented cohort and its truth, made once for each scale and seed: several figures share them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from risk_model import evaluation, linkage, model, pipeline, snapshot, sources, synthetic
from risk_model.evaluation import Truth
from risk_model.keys import Key, Purpose
from risk_model.model import Rows

FOLDER = Path("var/bench-cohorts")
PACKAGE = Path(synthetic.__file__).parent.parent
MADE_BY = (
    "synthetic",
    "sources",
    "contracts",
    "merged",
    "linkage",
    "coverage",
    "snapshot",
    "features",
    "pipeline.py",
)
"""What the rows depend on: where any of it changes, a kept cohort is made again."""


@dataclass(frozen=True)
class Cohort:
    """A row per quarter and child who waited, as `pipeline.look_back` leaves it; who each person is; the truth."""

    quarters: pl.DataFrame
    children: pl.DataFrame
    truth: Truth

    def rows(self) -> tuple[Rows, Rows]:
        """Return the rows to fit on and the later ones to judge on."""
        days = self.quarters["landmark_on"].unique().sort().to_list()
        earlier, later = (
            model.training_rows(self.quarters.filter(pl.col("landmark_on").is_in(part)))
            for part in evaluation.split(days)
        )
        return earlier, later


def cohort(scale: str, seed: int, scenario: str = "base") -> Cohort:
    """Return a cohort that was made before with the same code, or make it; its extracts are not kept."""
    kept = FOLDER / f"{scale}-{scenario}-{seed}-{code_digest(*MADE_BY)}"
    if not kept.is_dir():
        _make(kept, scale, seed, scenario)
    return Cohort(
        pl.read_parquet(kept / "quarters.parquet"),
        pl.read_parquet(kept / "children.parquet"),
        evaluation.read_truth(kept / "truth"),
    )


def _make(kept: Path, scale: str, seed: int, scenario: str) -> None:
    making = kept.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    synthetic.synthesise(making, scale=scale, scenario=scenario, seed=seed, progress=lambda *_: None)
    checked = sources.check(making / "extracts")
    key = Key(Purpose.TRAINING, str(seed).encode())
    people = linkage.link(checked.frames, register=linkage.new_register(key))
    quarters = pipeline.look_back(checked.frames, people, snapshot.landmarks(checked.frames))
    quarters.write_parquet(making / "quarters.parquet")
    truth = evaluation.read_truth(making / "truth")
    evaluation.children_of(people.held, truth.identities).write_parquet(making / "children.parquet")
    shutil.rmtree(making / "extracts")
    making.rename(kept)


def code_digest(*names: str) -> str:
    """Return one short digest over these rooms of the package and the contracts: what a kept result was made by."""
    places = [PACKAGE / name for name in names] + [PACKAGE.parent / "data_contracts"]
    files = [path for place in places for path in ([place] if place.is_file() else place.rglob("*"))]
    wanted = sorted(path for path in files if path.suffix in (".py", ".yaml"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in wanted)).hexdigest()[:12]
