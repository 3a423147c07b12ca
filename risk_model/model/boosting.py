"""Additive boosting with a Poisson loss, read out of its trees as one table per feature; the door to scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from risk_model.features import MODEL_FEATURES, Feature
from risk_model.model.rows import Rows, exposure, matrix
from risk_model.model.terms import Entries, Terms
from risk_model.scorecard import Numbers

ROUNDS = 300
"""Fewer rounds cost the rare groups first: a fairness setting (looked-after children in `benchmarks/settings.csv`)."""
MOST_VALUES = 255
"""As many bins as scikit-learn has for what is known of a column."""
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 50,
    "l2_regularization": 20.0,
}
"""Chosen with `python -m benchmarks.settings`, on cohorts of other seeds than any figure is reported on; its result
stands in `benchmarks/settings.csv`."""


def fitted(
    rows: Rows, baseline: Numbers, *, rounds: int, seed: int, settings: Mapping[str, Any] = SETTINGS
) -> Any:
    """Return an estimator of the rate: no interactions, and no table that falls as a need rises.

    One thread: on few rows and shared cores, more threads wait for each other many times longer.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    estimator = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=rounds,
        interaction_cst="no_interactions",
        monotonic_cst=[int(feature.rises) for feature in MODEL_FEATURES],
        early_stopping=False,
        random_state=seed,
        **settings,
    )
    at_risk = exposure(rows, baseline)
    columns = np.column_stack([_in_few_values(column, at_risk) for column in matrix(rows.features).T])
    with threadpool_limits(limits=1):
        return estimator.fit(columns, rows.event / at_risk, sample_weight=at_risk)


def _in_few_values(column: Numbers, weight: Numbers) -> Numbers:
    """The column with each value moved to the nearest of its weighted quantiles, where it has more than `MOST_VALUES`.

    scikit-learn would find the quantiles one after another, sorting the column for each: a third of a refit's time. Its
    edges lie half-way between the values it is given, so that each value stays on its side of every edge.
    """
    known = ~np.isnan(column)
    values = column[known]
    order = np.argsort(values, kind="stable")
    is_new = np.diff(values[order], prepend=np.nan) != 0
    if is_new.sum() <= MOST_VALUES:
        return column
    passed = np.cumsum(weight[known][order])
    shares = (np.arange(MOST_VALUES) + 0.5) / MOST_VALUES
    chosen = np.unique(values[order][np.searchsorted(passed, shares * passed[-1])])
    moved = column.copy()
    moved[known] = chosen[np.searchsorted((chosen[1:] + chosen[:-1]) / 2, values, side="left")]
    return moved


def terms_of(estimator: Any) -> Terms:
    """Return the estimator's trees as the base and one table per feature."""
    trees = [stage[0].nodes for stage in estimator._predictors]
    base = float(np.ravel(estimator._baseline_prediction)[0])
    by_feature: dict[int, list[Any]] = {}
    for nodes in trees:
        if nodes[0]["is_leaf"]:
            base += float(nodes[0]["value"])
        else:
            by_feature.setdefault(int(nodes[0]["feature_idx"]), []).append(nodes)
    return Terms(
        base,
        [_entries(feature, by_feature.get(index, [])) for index, feature in enumerate(MODEL_FEATURES)],
    )


def _entries(feature: Feature, trees: Sequence[Any]) -> Entries:
    """A split between missing and known has an infinite edge: it is no edge of the table."""
    edges = sorted({float(n["num_threshold"]) for nodes in trees for n in nodes if not n["is_leaf"]})
    edges = [edge for edge in edges if np.isfinite(edge)]
    inside = np.array([*edges, np.inf])
    values = np.zeros(len(inside))
    unknown = 0.0
    for nodes in trees:
        values += np.array([_leaf(nodes, value) for value in inside])
        unknown += _leaf(nodes, np.nan)
    return Entries(feature, np.array(edges), values, unknown)


def _leaf(nodes: Any, value: float) -> float:
    """The value one tree gives: "x <= threshold" goes left, a missing value where the tree learned to send it."""
    node = nodes[0]
    while not node["is_leaf"]:
        goes_left = node["missing_go_to_left"] if np.isnan(value) else value <= node["num_threshold"]
        node = nodes[node["left"] if goes_left else node["right"]]
    return float(node["value"])
