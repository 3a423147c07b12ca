"""The orders that are compared: the model's own, three simple rules and an analyst's logistic regression."""

from __future__ import annotations

import numpy as np
import polars as pl

from risk_model.model import Rows, matrix
from risk_model.scorecard import Numbers, Scorecard, columns, log_hazard_for_place

SIMPLE_RULES = ("longest wait", "count of needs", "points")
POINTS = {
    "has_ehc_plan": 2,
    "known_to_social_care": 2,
    "looked_after": 2,
    "sen_support_or_plan": 1,
    "suspensions_12_months": 1,
    "urgent_care_12_months": 1,
    "marked_urgent": 1,
}
"""The hand-made score that the model has to beat: points a panel might give, never fitted."""


def held_out(card: Scorecard, rows: Rows, fitted: Rows) -> pl.DataFrame:
    """Return the judged rows with what every ordering says of them, for comparison with a known truth."""
    ranked = orderings(card, rows, fitted)
    return pl.DataFrame({"person_id": rows.children, "landmark_on": rows.landmarks, **ranked}).with_columns(
        rows.features["looked_after"],
        rows.features["sen_and_social_care"],
        risk=pl.Series(card.table.risk(card.table.log_hazard(columns(card, rows.features)))),
    )


def orderings(card: Scorecard, rows: Rows, fitted: Rows) -> dict[str, Numbers]:
    """Return for the model and each of the four baselines a number that is higher for whom it puts first."""
    return {
        "model": log_hazard_for_place(card.table, columns(card, rows.features)),
        "longest wait": _column(rows, "longest_wait_weeks"),
        "count of needs": _column(rows, "need_areas"),
        "points": np.asarray(
            sum(points * (_column(rows, name) > 0) for name, points in POINTS.items()), dtype=float
        ),
        "logistic": _logistic(fitted, rows),
    }


def _column(rows: Rows, name: str) -> Numbers:
    return rows.features[name].cast(pl.Float64).fill_null(0.0).to_numpy()


def _logistic(fitted: Rows, rows: Rows) -> Numbers:
    """The usual model of an analyst: event within the follow-up, linear in every feature."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=0.0),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    model.fit(matrix(fitted.features), fitted.event)
    score: Numbers = model.decision_function(matrix(rows.features))
    return score
