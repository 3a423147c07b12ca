"""Whether the model still says the truth: quarters later than its training whose 26 weeks are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from risk_model.evaluation import measures
from risk_model.model import Rows
from risk_model.model.choosing import expected_events
from risk_model.scorecard import Scorecard, columns, log_hazard_for_place

QUARTERS = 2
"""Ours: the last half-year of quarters, so that a change shows within half a year of being over."""
RATIO_LIMITS = (0.80, 1.25)
"""Ours: a quarter too much or a fifth too little, twice what a cohort of several councils is held to (0.92 to 1.08)."""
NORMAL_99 = 2.576
"""Two-sided 99 %: a wire trips only for what chance would hardly give."""
LEAST_EVENTS = 50
"""Ours: fewer say nothing of how well children are ranked."""


@dataclass(frozen=True)
class Ratio:
    """Events expected over observed in a group, with a 99 % interval from the number observed."""

    group: str
    value: float
    low: float
    high: float

    @property
    def is_off(self) -> bool:
        """True where the whole interval lies outside the limits."""
        return self.high < RATIO_LIMITS[0] or self.low > RATIO_LIMITS[1]


def quarters_since(card: Scorecard | None, landmarks: list[date]) -> list[date]:
    """Return the last of the quarter days whose 26 weeks are over, if the model learned nothing from them."""
    if card is None:
        return []
    last = date.fromisoformat(card.document["training_window"]["last_landmark"])
    return [day for day in landmarks if day > last][-QUARTERS:]


def ratios(card: Scorecard, rows: Rows) -> list[Ratio]:
    """Return expected over observed events of all children and of those the Notice names; groups without either not."""
    hazard = expected_events(card.document, rows)
    told = rows.features.select(claim.fill_null(False).alias(name) for name, claim in measures.GROUPS.items())
    sums = told.with_columns(expected=pl.Series(hazard), observed=pl.Series(rows.event).cast(pl.Float64))
    found = []
    for name in measures.GROUPS:
        group = sums.filter(name)
        expected, observed = float(group["expected"].sum()), max(float(group["observed"].sum()), 0.5)
        if not group.is_empty():
            ratio, spread = expected / observed, float(np.exp(NORMAL_99 / np.sqrt(observed)))
            found.append(Ratio(name, ratio, ratio / spread, ratio * spread))
    return found


def area_under_the_curve(card: Scorecard, rows: Rows) -> float | None:
    """Return how well the model's order tells children with an event from others; none on too few events."""
    if rows.event.sum() < LEAST_EVENTS:
        return None
    return measures.auc(log_hazard_for_place(card.table, columns(card, rows.features)), rows)
