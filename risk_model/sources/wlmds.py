"""Waiting List Minimum Data Set: open consultant-led pathways, one row per week, and the clocks that stopped."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import Frames, all_rows, of
from risk_model.sources.extracts import Part

KNOWN_AFTER = "7d"


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """The pathways of one file; a week is known seven days after it ended."""
    known_on = pl.col("week_ended_on").dt.offset_by(KNOWN_AFTER)
    tables = contracts.load()[contract].tables
    return {n: all_rows(parts, n).with_columns(known_on=known_on) for n in tables if of(parts, n)}, {}
