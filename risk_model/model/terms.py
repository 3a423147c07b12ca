"""The table that either form of the model leaves: its entries, "unknown" between "no" and "yes", and its means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from risk_model.features import Feature
from risk_model.model.rows import Rows, exposure
from risk_model.scorecard import Numbers

SHRINKAGE_EVENTS = 30
"""Ours: so many events of the group count as much as the belief that it needs no factor."""
LARGEST_GROUP_FACTOR = 1.5
"""Ours: no group is corrected by more."""


@dataclass(frozen=True)
class Entries:
    """One feature's table as fitted: the log-factor of each interval between the edges, and of "unknown"."""

    feature: Feature
    edges: Numbers
    values: Numbers
    unknown: float

    @property
    def clipped(self) -> float:
        """Return the entry of "unknown" between "no" and "yes": a need that becomes known never lowers the child."""
        rises = self.feature.rises
        least, most = (self.values[0], self.values[-1]) if rises else (self.values.min(), self.values.max())
        return float(np.clip(self.unknown, least, most))

    def log_factor(self, column: Numbers, unknown: float) -> Numbers:
        """Return the entry of each value; the value on an edge belongs to the interval below."""
        found = self.values[np.searchsorted(self.edges, column, side="left")]
        return np.where(np.isnan(column), unknown, found)


@dataclass(frozen=True)
class Terms:
    """The base log-hazard per unit of baseline exposure and the entries of every feature of the model."""

    base: float
    entries: list[Entries]

    def rate(self, features: pl.DataFrame) -> Numbers:
        """Return the rate per unit of baseline exposure, before any factor for a group."""
        log_hazard = np.full(len(features), self.base)
        for entries in self.entries:
            column = _column(features, entries.feature.name)
            log_hazard += entries.log_factor(column, entries.clipped)
        rate: Numbers = np.exp(log_hazard)
        return rate

    def as_table(self, rows: Rows, baseline: Numbers) -> dict[str, Any]:
        """Return the table as the scorecard keeps it, with the factor for looked-after children as its last term."""
        listed = [_term(entries, _column(rows.features, entries.feature.name)) for entries in self.entries]
        expected = self.rate(rows.features) * exposure(rows, baseline)
        return {
            "base": self.base,
            "baseline_exposure": float(baseline.sum()),
            "baseline_by_fortnight": baseline.tolist(),
            "terms": [*listed, _looked_after_term(rows, expected)],
        }


def _term(entries: Entries, column: Numbers) -> dict[str, Any]:
    """One term with the mean entry of the fitted rows.

    Where nothing was unknown in training, "unknown" is that mean: otherwise it would be whatever the fit happens to
    give to what it never saw.
    """
    feature = entries.feature
    mean = float(entries.log_factor(column, entries.clipped).mean())
    return {
        "feature": feature.name,
        "edges": entries.edges.tolist(),
        "values": entries.values.tolist(),
        "unknown": entries.clipped if np.isnan(column).any() else mean,
        "unknown_as_fitted": float(entries.unknown),
        "mean": mean,
        "rises": feature.rises,
        "used_for_place": feature.used_for_place,
        "is_group_factor": False,
    }


def _looked_after_term(rows: Rows, expected_events: Numbers) -> dict[str, Any]:
    """One shrunk factor for looked-after children, whom an additive fit under-predicts, as a term of its own."""
    looked_after = (rows.features["looked_after"] > 0).fill_null(False).to_numpy()
    expected, observed = float(expected_events[looked_after].sum()), float(rows.event[looked_after].sum())
    factor = (observed + SHRINKAGE_EVENTS) / (expected + SHRINKAGE_EVENTS)
    log_factor = float(np.log(np.clip(factor, 1.0, LARGEST_GROUP_FACTOR)))
    return {
        "feature": "looked_after",
        "edges": [0.5],
        "values": [0.0, log_factor],
        "unknown": 0.0,
        "unknown_as_fitted": 0.0,
        "mean": log_factor * float(looked_after.mean()),
        "rises": True,
        "used_for_place": True,
        "is_group_factor": True,
    }


def _column(features: pl.DataFrame, name: str) -> Numbers:
    return features[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
