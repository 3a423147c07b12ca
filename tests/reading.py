"""A frame of text under a partner's headers, read and parted as one file would be, without a file."""

from __future__ import annotations

import polars as pl

from risk_model import contracts
from risk_model.sources.departures import unknown_columns


def check(table_name: str, frame: pl.DataFrame) -> contracts.Checked:
    """Return what passed, what failed and why, and what was odd or mended."""
    table = contracts.tables()[table_name]
    found = contracts.match(table, frame.columns)
    lineage = [name for name in contracts.LINEAGE if name in frame.columns and name not in found]
    ours = frame.select(*(pl.coalesce(carriers).alias(name) for name, carriers in found.items()), *lineage)
    read = contracts.read(table, ours, contracts.ColumnReader())
    parted = contracts.part(table, read.rows)
    strange = unknown_columns(table_name, contracts.unknown(table, frame.columns), frame.height)
    found_all = [read.findings, parted.findings, strange]
    return contracts.Checked(parted.accepted, parted.rejected, pl.concat(found_all))
