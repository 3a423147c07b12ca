"""How the features of a fit were distributed, in each quarter of the year: what a later list is held against.

By quarter, since schools close in summer: an autumn list resembles other autumns, and not the mean of a year.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from risk_model.scorecard.tables import Numbers

BINS = 10
"""Customary for a population stability index: tenths of the rows of the fit."""
LEAST_COUNT = 0.5
"""Ours: an interval without a child counts half a one, since "none seen" is not "none possible"."""


def recorded(features: pl.DataFrame, names: Iterable[str], landmarks: pl.Series) -> dict[str, Any]:
    """Return the distribution of the named features by quarter of the year (Q1 to Q4), as the scorecard keeps it."""
    quarters = landmarks.dt.quarter().to_numpy()
    rows_of = {f"Q{quarter}": quarters == quarter for quarter in np.unique(quarters)}
    listed = []
    for name in names:
        column = as_numbers(features[name])
        edges = _edges(column[~np.isnan(column)])
        shares = {quarter: counted(column[rows], edges) / rows.sum() for quarter, rows in rows_of.items()}
        told = {quarter: share.round(6).tolist() for quarter, share in shares.items()}
        listed.append({"feature": name, "edges": edges.tolist(), "shares": told})
    return {"rows": {quarter: int(rows.sum()) for quarter, rows in rows_of.items()}, "features": listed}


def counted(column: Numbers, edges: Numbers) -> Numbers:
    """Return how many values lie in each interval (on an edge: in the one below), and last how many are unknown."""
    known = column[~np.isnan(column)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return np.append(counts, len(column) - len(known)).astype(np.float64)


def stability_index(before: Numbers, after: Numbers) -> float:
    """Return the population stability index of two counts over the same intervals.

    >>> round(stability_index(np.array([50.0, 50.0]), np.array([75.0, 25.0])), 3)
    0.275
    """
    p, q = (np.maximum(counts, LEAST_COUNT) / counts.sum() for counts in (before, after))
    return float(np.sum((q - p) * np.log(q / p)))


def as_numbers(column: pl.Series) -> Numbers:
    """Return a feature as 64-bit floats, unknown as NaN."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _edges(known: Numbers) -> Numbers:
    """The tenths of the known values; a count or a flag, of which many are the same, has fewer, but one at least.

    Where all are the same, what is above them is an interval of its own.
    """
    if not len(known):
        return np.empty(0)
    tenths = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="lower"))
    highest = known.max()
    edges: Numbers = tenths[tenths < highest]
    if len(edges):
        return edges
    return np.array([known[known < highest].max(initial=known.min()) if known.min() < highest else highest])
