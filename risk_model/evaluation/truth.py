"""The truth of an invented cohort, as `risk-model synthesise` wrote it: the only reader of `truth/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from risk_model.errors import UserError


@dataclass(frozen=True)
class Truth:
    """Who is who, what each child truly needs, and the true risk on every landmark.

    `identities` has a row per child; `latents` a row per child and quarter; `hazards` a row per landmark and child who
    waits: the risk of an event within 26 weeks if the child is seen by nobody, in all and by part.
    """

    identities: pl.DataFrame
    latents: pl.DataFrame
    hazards: pl.DataFrame


def read(folder: Path) -> Truth:
    """Return the truth in a cohort's folder `truth/`."""
    if not (folder / "hazards.parquet").is_file():
        raise UserError(
            f"There is no truth in {folder}. Expected the truth/ folder that `risk-model synthesise` wrote beside the "
            "extracts. Real extracts have none: leave --truth out."
        )
    return Truth(
        identities=pl.read_parquet(folder / "identities.parquet"),
        latents=pl.read_parquet(folder / "latents.parquet"),
        hazards=pl.read_parquet(folder / "hazards.parquet"),
    )
