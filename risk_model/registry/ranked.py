"""Whom a version ranked: what has to be looked at again once a model is no longer trusted."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from risk_model import worklist
from risk_model.errors import UserError

SCHEMA = pl.Schema(
    {
        "run": pl.String(),
        "service_name": pl.String(),
        "place": pl.Int64(),
        "child_reference": pl.String(),
        "person_id": pl.String(),
        "service_id": pl.String(),
        "referral_id": pl.String(),
    }
)


def ranked(worklists: Path, digest: str) -> tuple[pl.DataFrame, list[str]]:
    """Return every place that the scorecard of a digest helped to give, as SCHEMA, and the runs that cannot be read.

    Which scorecard a run used is read from the run's own folder. A run that cannot be read may have used it.
    """
    found, unreadable = [SCHEMA.to_frame()], []
    for folder in worklist.runs(worklists) if worklists.is_dir() else []:
        card = folder / "scorecard.json"
        try:
            if card.is_file() and json.loads(card.read_bytes())["digest"] == digest:
                rows = worklist.load(folder).list.with_columns(run=pl.lit(folder.name))
                found.append(rows.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()))
        except (UserError, OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
            unreadable.append(folder.name)
    return pl.concat(found).sort("run", "service_name", "service_id", "place"), unreadable
