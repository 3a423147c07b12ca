"""What checking one delivery came to."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model.contracts import FINDINGS
from risk_model.sources.assembly import Frames
from risk_model.sources.extracts import SourceFile

LOCATED = pl.Schema({**FINDINGS, "source_file": pl.String()})
COUNTS = pl.Schema(
    {
        "source_file": pl.String(),
        "table": pl.String(),
        "rows": pl.Int64(),
        "accepted": pl.Int64(),
        "rejected": pl.Int64(),
    }
)


@dataclass(frozen=True)
class Outcome:
    """The files of a delivery, their accepted rows by table, and what became of the rest.

    `counts` accounts for every row of every file; `findings` says what each rule touched; `gaps` are sentences on what
    is missing between the tables. `key` names where the rows are kept.
    """

    files: list[SourceFile]
    frames: Frames
    rejected: pl.DataFrame
    findings: pl.DataFrame
    counts: pl.DataFrame
    gaps: list[str]
    key: str | None = None
