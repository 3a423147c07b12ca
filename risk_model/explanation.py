"""Why the estimate is what it is: the contribution of every feature, exact, and in plain words.

With no interactions the Shapley value of a feature is its entry in the scorecard minus the mean entry of the fitted
rows: the same at every horizon, and as fast as a look-up. SHAP itself is imported for its plot type only.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from risk_model import scorecard
from risk_model.features import FEATURES
from risk_model.features.wording import state, words
from risk_model.scorecard import Numbers, Scorecard

if TYPE_CHECKING:
    import shap

BY_NAME = {feature.name: feature for feature in FEATURES}

SCHEMA = {
    "person_id": pl.String,
    "partner": pl.String,
    "feature": pl.String,
    "words": pl.String,
    "state": pl.String,
    "log_factor": pl.Float64,
    "factor": pl.Float64,
    "used_for_place": pl.Boolean,
    "position": pl.Int64,
}


def log_factors(card: Scorecard, features: pl.DataFrame) -> Numbers:
    """Return the contribution of each term (columns, in the scorecard's order) to each row's log-hazard."""
    values = scorecard.columns(card, features)
    return np.column_stack([t.log_factor(values[t.feature]) - t.mean for t in card.table.terms])


def explain(card: Scorecard, children: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return one row per child and feature that can move the estimate, in the order a page shows them.

    `children` has one row per `person_id` with the feature columns, as known on a day. `factor` multiplies the hazard
    rate (not the chance) against the mean child; the factors of one child multiply to its rate against that mean.
    """
    by_feature: dict[str, Numbers] = {}
    for term, log_factor in zip(card.table.terms, log_factors(card, children).T, strict=True):
        if len(term.values) > 1:
            by_feature[term.feature] = by_feature.get(term.feature, 0.0) + log_factor
    not_for_place = {term.feature for term in card.table.terms if not term.used_for_place}
    rows = [
        children.select(
            "person_id",
            partner=pl.lit(str(BY_NAME[name].partner)),
            feature=pl.lit(name),
            words=words(BY_NAME[name], on),
            state=state(BY_NAME[name]),
            log_factor=pl.Series(log_factor),
            factor=pl.Series(np.exp(log_factor)),
            used_for_place=pl.lit(name not in not_for_place),
        )
        for name, log_factor in by_feature.items()
    ]
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    return _in_reading_order(pl.concat(rows)).select(
        pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()
    )


def as_shap(card: Scorecard, children: pl.DataFrame) -> shap.Explanation:
    """Return the same contributions as SHAP's own type, for its plots in notebooks."""
    import shap

    values = scorecard.columns(card, children)
    return shap.Explanation(
        values=log_factors(card, children),
        base_values=np.full(len(children), card.table.base + sum(t.mean for t in card.table.terms)),
        data=np.column_stack([values[t.feature] for t in card.table.terms]),
        feature_names=[t.feature for t in card.table.terms],
    )


def _in_reading_order(contributions: pl.DataFrame) -> pl.DataFrame:
    """By partner, and in each partner the largest effect first."""
    partners = pl.Enum([str(partner) for partner in dict.fromkeys(f.partner for f in FEATURES)])
    ordered = contributions.sort(
        "person_id",
        pl.col("partner").cast(partners),
        pl.col("log_factor").abs().round(9),
        "feature",
        descending=[False, False, True, False],
    )
    return ordered.with_columns(position=pl.int_range(pl.len()).over("person_id", "partner"))
