"""The merged tables by name, and how one is put together."""

from __future__ import annotations

import polars as pl

from risk_model.merged import health, social_care
from risk_model.merged.definition import Frames, Part

TABLES: dict[str, tuple[Part, ...]] = health.TABLES | social_care.TABLES


def table(frames: Frames, name: str) -> pl.DataFrame:
    """Return the rows of all returns that tell of this, in the columns of the first.

    A table that is not merged is the contract's own.
    """
    if name not in TABLES:
        return frames[name]
    first, *others = TABLES[name]
    rows = first.of(frames)
    sent = [part.of(frames) for part in others if frames[part.contract_table].height]
    if not sent:
        return rows
    mapped = [more.select(c for c in more.columns if c in rows.columns) for more in sent]
    return pl.concat([rows, *mapped], how="diagonal")


def contract_tables(name: str) -> tuple[str, ...]:
    """Return the contract tables that a table is made of, the first of each part first."""
    if name not in TABLES:
        return (name,)
    parts = TABLES[name]
    return (*(part.contract_table for part in parts), *(more for part in parts for more in part.also))
