"""Returns whose files say neither council nor day (SSDA903, Annex A, safeguarding): both stand in the folder's name."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import Frames, all_rows, council_in_path, date_in_path, newest_date, of
from risk_model.sources.extracts import Part


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """Every table with the council that a folder begins with and the newest date of the path, or of the rows."""
    path = parts[0].path
    known_on = pl.lit(date_in_path(path) or newest_date(parts), pl.Date).alias("known_on")
    council = pl.coalesce(pl.col("la_code"), pl.lit(council_in_path(path), pl.String)).alias("la_code")
    tables = contracts.load()[contract].tables
    return {
        name: all_rows(parts, name).with_columns(known_on, council) for name in tables if of(parts, name)
    }, {}
