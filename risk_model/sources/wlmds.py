"""Waiting List Minimum Data Set: open consultant-led pathways, one row per week."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import text_as_date, together
from risk_model.sources.extracts import Part

CONTRACT = "wlmds"
KNOWN_AFTER = "7d"


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """The open pathways; a week is known seven days after it ended."""
    table = contracts.tables()["wlmds_open_pathway"]
    known_on = text_as_date("week_ended_on", table).dt.offset_by(KNOWN_AFTER).alias("known_on")
    return {table.name: together(table, [part.frame.with_columns(known_on) for part in parts])}, {}
