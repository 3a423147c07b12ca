"""The scorecard against its referees: the estimator it was read from, and SHAP."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks import journey
from benchmarks.harness import Figure, Measured
from risk_model import linkage, model, pipeline, scorecard, snapshot, sources
from risk_model.keys import Purpose
from risk_model.model import Fit, Rows
from risk_model.scorecard import Numbers, Table
from risk_model.workspace import Workspace

CHILDREN = 1_000
LARGEST_SHAP_DIFFERENCE = 1e-9
LARGEST_HAZARD_DIFFERENCE = 1e-12
LARGEST_INTERVENTIONAL_DIFFERENCE = 1e-6
INTERVENTIONAL_CHILDREN, BACKGROUND = 500, 2_000
"""A background row costs as much as a child: 11 microseconds for each pair."""
SEED = 2026


def fitted_rows() -> Rows:
    """Return the training rows of the benchmark's cohort, all quarters."""
    journey.ensure()
    checked = sources.check(journey.EXTRACTS)
    workspace = Workspace(journey.WORKSPACE)
    register = linkage.new_register(workspace.key(Purpose.TRAINING))
    people = linkage.link(checked.frames, register=register, weights=workspace.linkage_weights())
    quarters = pipeline.look_back(checked.frames, people, snapshot.landmarks(checked.frames))
    return model.training_rows(quarters)


def shap_vs_treeexplainer() -> Measured:
    """The largest difference between the scorecard's contributions and SHAP's, over the fitted rows."""
    rows = fitted_rows()
    fit = model.fit(rows, seed=SEED, made_from={}, bootstrap_fits=0)
    compared = compare_with_referees(fit, rows)
    holds = (
        compared["shap"] <= LARGEST_SHAP_DIFFERENCE and compared["log_hazard"] <= LARGEST_HAZARD_DIFFERENCE
    )
    return Measured(compared["shap"], holds, compared)


def shap_vs_interventional() -> Measured:
    """The same against interventional SHAP with its whole background, which it must be told to keep."""
    rows = fitted_rows()
    difference = compare_interventional(model.fit(rows, seed=SEED, made_from={}, bootstrap_fits=0), rows)
    details = {"children": INTERVENTIONAL_CHILDREN, "background": BACKGROUND}
    return Measured(difference, difference <= LARGEST_INTERVENTIONAL_DIFFERENCE, details)


def compare_interventional(fit: Fit, rows: Rows) -> float:
    """Return the largest difference between the table minus its mean over a background, and interventional SHAP."""
    import shap

    table, _ = _as_fitted(fit, rows)
    everyone = np.linspace(0, len(rows.event) - 1, min(BACKGROUND, len(rows.event))).astype(int)
    background = rows.features[everyone]
    some = background[: min(INTERVENTIONAL_CHILDREN, len(background))]
    whole = shap.maskers.Independent(model.matrix(background), max_samples=len(background))
    explainer = shap.TreeExplainer(fit.estimator, data=whole, feature_perturbation="interventional")
    told = np.asarray(explainer.shap_values(model.matrix(some)))
    ours, means = (
        np.column_stack([t.log_factor(columns[t.feature]) for t in table.terms])
        for columns in (scorecard.columns(fit.card, part) for part in (some, background))
    )
    return float(np.abs(told - (ours - means.mean(axis=0))).max())


def compare_with_referees(fit: Fit, rows: Rows, children: int = CHILDREN) -> dict[str, float]:
    """Return the largest differences from SHAP (path-dependent, over exactly the fitted rows) and the estimator.

    The referees know neither the clipped entries of "unknown" nor the group factor, so both are compared with the
    table as it was fitted; `clipped_terms` says how many terms the shipped table changes.
    """
    import shap

    table, clipped = _as_fitted(fit, rows)
    some = np.linspace(0, len(rows.event) - 1, min(children, len(rows.event))).astype(int)
    columns = scorecard.columns(fit.card, rows.features[some])
    matrix = model.matrix(rows.features[some])
    explained = shap.TreeExplainer(fit.estimator, feature_perturbation="tree_path_dependent")(matrix)
    ours = np.column_stack([t.log_factor(columns[t.feature]) - t.mean for t in table.terms])
    estimated = np.log(fit.estimator.predict(matrix))
    return {
        "shap": float(np.abs(ours - np.asarray(explained.values)).max()),
        "log_hazard": float(np.abs(table.log_hazard(columns) - estimated).max()),
        "clipped_terms": float(clipped),
        "children": float(len(some)),
    }


def _as_fitted(fit: Fit, rows: Rows) -> tuple[Table, int]:
    terms, clipped = [], 0
    everyone = scorecard.columns(fit.card, rows.features)
    for term, entry in zip(fit.card.table.terms, fit.card.document["terms"], strict=True):
        if entry.get("is_group_factor"):
            continue
        column: Numbers = everyone[term.feature]
        clipped += bool(np.isnan(column).any()) and entry["unknown"] != entry["unknown_as_fitted"]
        raw = replace(term, unknown=entry["unknown_as_fitted"])
        terms.append(replace(raw, mean=float(raw.log_factor(column).mean())))
    return replace(fit.card.table, terms=tuple(terms)), clipped


FIGURES = [
    Figure(
        "shap_vs_treeexplainer",
        f"largest difference of a contribution from SHAP's, {CHILDREN:,} children",
        "",
        "at most 1e-9, and 1e-12 from the estimator's log-hazard",
        shap_vs_treeexplainer,
    ),
    Figure(
        "shap_vs_interventional",
        f"the same from interventional SHAP with a background of {BACKGROUND:,} children",
        "",
        "at most 1e-6",
        shap_vs_interventional,
    ),
]
