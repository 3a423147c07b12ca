"""Whether the children on a list are like those the model learned from: a population stability index per feature.

The index of two distributions p and q over the same intervals is the sum of (q - p) ln(q / p) (Lewis 1994, An
Introduction to Credit Scoring). A list is held against each quarter of the year and has the smallest of the indices:
only a list like none of the quarters has drifted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.stats import chi2

from risk_model.scorecard import Numbers, Scorecard
from risk_model.scorecard.inputs import as_numbers, counted, stability_index

PSI_LIMIT = 0.25
"""Customary in credit scoring (Siddiqi 2006, Credit Risk Scorecards): above it a population has shifted."""
CHANCE = 0.001
"""Ours: a list on which chance alone would reach the limit in any feature more often than this trips nothing."""


def drifted(card: Scorecard, children: pl.DataFrame) -> pl.DataFrame:
    """Return `feature`, `index`, `is_drifted` of every feature the model reads, the largest index first.

    `is_drifted` where the index is above the limit, and above what chance reaches among so few children: without drift
    the index is distributed as (1/n + 1/m) times chi-squared with one degree less than intervals (Yurdakul 2018,
    Statistical Properties of the Population Stability Index).
    """
    assert card.inputs is not None
    rows, features = card.inputs["rows"], card.inputs["features"]
    found = [_nearest(part, rows, as_numbers(children[part["feature"]]), len(features)) for part in features]
    return pl.DataFrame(found).sort("index", "feature", descending=[True, False])


def _nearest(part: dict[str, Any], rows: dict[str, int], column: Numbers, features: int) -> dict[str, Any]:
    """The quarter of the fit that a list is most like."""
    counts = counted(column, np.array(part["edges"]))
    indices = {
        quarter: stability_index(np.array(shares) * rows[quarter], counts)
        for quarter, shares in part["shares"].items()
    }
    quarter = min(indices, key=lambda name: indices[name])
    by_chance = (1 / counts.sum() + 1 / rows[quarter]) * chi2.isf(CHANCE / features, len(counts) - 1)
    index = indices[quarter]
    is_drifted = index > PSI_LIMIT and index > by_chance
    return {"feature": part["feature"], "index": index, "is_drifted": bool(is_drifted)}
