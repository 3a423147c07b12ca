"""A run made again from its own folder: what anybody can do who holds the folder, eleven months later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import policy, scorecard
from risk_model.worklist.folder import check_seal, load
from risk_model.worklist.order import order


def verify(folder: Path) -> list[str]:
    """Return a sentence for everything in a run's folder that cannot be made again from the folder alone."""
    if findings := check_seal(folder):
        return findings
    run = load(folder)
    model = folder / "scorecard.json"
    again = order(
        run.features,
        scorecard.read(model.read_bytes()) if model.is_file() else None,
        policy.read((folder / "policy.yaml").read_bytes(), "policy.yaml"),
        services_of(run.provenance),
        date.fromisoformat(run.provenance["index_date"]),
    )
    findings = []
    for name in ("list", "contributions", "measures"):
        recorded, computed = getattr(run, name), getattr(again, name)
        if not recorded.equals(computed):
            findings.append(f"{name}.parquet does not follow from its inputs: computed again, it differs.")
    return findings


def services_of(provenance: Mapping[str, Any]) -> pl.DataFrame:
    """Return the services of a run as a table."""
    table = pl.DataFrame(provenance["services"], infer_schema_length=None)
    return table.with_columns(pl.col("review_on", "slots_planned_until").str.to_date())
