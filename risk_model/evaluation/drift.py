"""How the children changed since the fit, whether the estimate still holds, and what one lost record moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from risk_model.evaluation import measures
from risk_model.evaluation.orderings import model_score
from risk_model.features import FEATURES, MODEL_FEATURES, with_joint
from risk_model.model import Rows, matrix
from risk_model.scorecard import Numbers, Scorecard, columns
from risk_model.scorecard.inputs import BINS, counted, stability_index

SHIFT, BY_QUARTER, MOVED, FACTOR = (
    "population stability index",
    "calibration by quarter",
    "places moved by one lost record",
    "factor on the risk of one lost record",
)
MOST_SHIFTED = 5
RISK, MOST_CHILDREN = "risk", "median, and nine in ten children"


def between_quarters(
    card: Scorecard, rows: Rows, fitted: Rows, expected: Numbers, weights: Numbers
) -> Iterator[dict[str, Any]]:
    """Yield per later quarter the stability index of the risk and of what shifted most, and the calibration."""
    before, after = matrix(fitted.features), matrix(rows.features)
    risk_before, risk_after = (
        card.table.risk(card.table.log_hazard(columns(card, part.features))) for part in (fitted, rows)
    )
    for day in rows.landmarks.unique().sort().to_list():
        own = (rows.landmarks == day).to_numpy()
        shifts = {
            feature.name: shift(before[:, place], after[own, place])
            for place, feature in enumerate(MODEL_FEATURES)
        }
        most = dict(sorted(shifts.items(), key=lambda item: -item[1])[:MOST_SHIFTED])
        for name, index in ({RISK: shift(risk_before, risk_after[own])} | most).items():
            yield measures.row(SHIFT, name, str(day), np.repeat(index, 2), int(own.sum()))
        if events := int(rows.event[own].sum()):
            ratio = (weights @ (expected * own)) / (weights @ (rows.event * own))
            yield measures.row(BY_QUARTER, "model", str(day), ratio, events)


def shift(before: Numbers, after: Numbers) -> float:
    """Return the population stability index over intervals with a tenth each of `before`; the unknown are one more.

    Customary readings: below 0.1 little, above 0.25 much has changed.

    >>> shift(np.arange(100.0), np.arange(100.0))
    0.0
    """
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else known
    return stability_index(counted(before, edges), counted(after, edges))


def when_a_record_is_lost(card: Scorecard, rows: Rows, seed: int) -> Iterator[dict[str, Any]]:
    """Yield how far a child's place moves, as a share of all, and its risk, when one of its recorded needs is not."""
    flags = [f.name for f in FEATURES if f.is_flag and f.rises and f.source is not None and f.in_model]
    recorded = rows.features.select((pl.col(flags) > 0).fill_null(False)).to_numpy()
    has_any = recorded.any(axis=1)
    if not has_any.any():
        return
    drawn = np.argmax(recorded * np.random.default_rng(seed).random(recorded.shape), axis=1)
    lost = pl.Series("lost", np.where(has_any, drawn, -1))
    changed = rows.features.lazy().with_columns(
        pl.when(lost == place).then(0.0).otherwise(pl.col(name)).alias(name)
        for place, name in enumerate(flags)
    )
    after = with_joint(changed).collect()
    score, score_after = model_score(card, rows.features), model_score(card, after)
    standing = np.sort(score)
    moved = np.abs(np.searchsorted(standing, score_after) - np.searchsorted(standing, score)) / len(score)
    factor = np.exp(score_after - score)
    for measure, values in ((MOVED, moved[has_any]), (FACTOR, factor[has_any])):
        middle, low, high = np.quantile(values, (0.5, 0.05, 0.95))
        yield {
            "measure": measure,
            "of": "model",
            "at": MOST_CHILDREN,
            "value": float(middle),
            "low": float(low),
            "high": float(high),
            "count": int(has_any.sum()),
        }
