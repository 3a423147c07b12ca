"""The orders that are compared: the model's own, four simple rules and an analyst's logistic regression."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from risk_model.features import FEATURES
from risk_model.model import Rows, matrix
from risk_model.scorecard import Numbers, Scorecard, columns, log_hazard_for_place
from risk_model.snapshot import PARTS

MODEL = "model"
SIMPLE_RULES = ("longest wait", "count of lists", "count of needs", "points")
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


def held_out(card: Scorecard, rows: Rows, fitted: Rows, ranked: Mapping[str, Numbers]) -> pl.DataFrame:
    """Return the rows with features and outcomes and, of the judged ones, what every ordering says (`ranked`).

    The rows that the judged model was fitted on stand below, with `is_judged` false and no ordering: the best possible
    use of the records is found from all of them. `rows_of` makes rows of it again.
    """
    judged = _keyed(rows, is_judged=True).with_columns(
        **{name: pl.Series(score) for name, score in ranked.items()},
        risk=pl.Series(card.table.risk(card.table.log_hazard(columns(card, rows.features)))),
    )
    return pl.concat([judged, _keyed(fitted, is_judged=False)], how="diagonal_relaxed")


def rows_of(kept: pl.DataFrame) -> Rows:
    """Return the rows of a table that `held_out` made, or of a part of it."""
    return Rows(
        kept.select(feature.name for feature in FEATURES),
        kept["fortnights"].to_numpy(),
        kept["event"].to_numpy(),
        kept["person_id"],
        kept["landmark_on"],
        kept.select(PARTS),
        kept["service_ids"],
        kept["was_seen"].to_numpy(),
    )


def _keyed(rows: Rows, *, is_judged: bool) -> pl.DataFrame:
    known = {
        "person_id": rows.children,
        "landmark_on": rows.landmarks,
        "fortnights": rows.fortnights,
        "event": rows.event,
        "service_ids": rows.services,
        "was_seen": rows.was_seen,
    }
    table = pl.concat([pl.DataFrame(known), rows.parts, rows.features], how="horizontal")
    return table.with_columns(is_judged=pl.lit(is_judged))


def orderings(card: Scorecard, rows: Rows, fitted: Rows) -> dict[str, Numbers]:
    """Return for the model and each of the five baselines a number that is higher for whom it puts first."""
    return {
        MODEL: model_score(card, rows.features),
        **simple_rules(rows.features),
        "logistic": _logistic(fitted, rows),
    }


def model_score(card: Scorecard, features: pl.DataFrame) -> Numbers:
    """Return the log-hazard by which the model puts children in order: without the terms that earn no place."""
    return log_hazard_for_place(card.table, columns(card, features))


def simple_rules(features: pl.DataFrame) -> dict[str, Numbers]:
    """Return what each simple rule says of every child, higher for whom it puts first; it reads no more than a page."""
    points = sum(points * (_column(features, name) > 0) for name, points in POINTS.items())
    return {
        "longest wait": _column(features, "longest_wait_weeks"),
        "count of lists": _column(features, "services_waited_for"),
        "count of needs": _column(features, "need_areas"),
        "points": np.asarray(points, dtype=float),
    }


def _column(features: pl.DataFrame, name: str) -> Numbers:
    return features[name].cast(pl.Float64).fill_null(0.0).to_numpy()


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
