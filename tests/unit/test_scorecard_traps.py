"""Nine traps between a boosting, its table and SHAP; each was seen, and each would make a reason or a place wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from risk_model import scorecard
from risk_model.features import FEATURES, MODEL_FEATURES, joint
from risk_model.model import FORTNIGHTS, Rows, boosting, matrix
from risk_model.model.terms import Terms
from risk_model.scorecard import Table
from tests.unit.test_scorecard import sample

FLAT = np.ones(FORTNIGHTS)
ROUNDS = 60


def as_table(terms: Terms, rows: Rows) -> Table:
    """The table as it was fitted: "unknown" not clipped, no factor for a group."""
    document = terms.as_table(rows, FLAT)
    listed = [{**t, "unknown": t["unknown_as_fitted"]} for t in document["terms"] if not t["is_group_factor"]]
    return scorecard.Scorecard({**document, "terms": listed, "bootstrap": []}).table


def contributions(table: Table, features: pl.DataFrame) -> Any:
    columns = {
        name: features[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in features.columns
    }
    return np.column_stack([term.log_factor(columns[term.feature]) for term in table.terms])


def hidden_need(children: int = 3_000) -> Rows:
    """Children of whom those with an unknown EHC plan do worst, and nothing else matters."""
    rows = sample(children=children)
    rng = np.random.default_rng(5)
    unknown = rows.features["has_ehc_plan"].is_null().to_numpy()
    times = rng.exponential(1 / np.where(unknown, 0.08, 0.01))
    fortnights = np.clip(np.ceil(times), 1, FORTNIGHTS).astype(np.int64)
    return Rows(rows.features, fortnights, times <= FORTNIGHTS, rows.children, rows.landmarks)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return sample(children=2_000)


@pytest.fixture(scope="module")
def estimator(rows: Rows) -> Any:
    return boosting.fitted(rows, FLAT, rounds=ROUNDS, seed=1)


@pytest.fixture(scope="module")
def table(rows: Rows, estimator: Any) -> Table:
    return as_table(boosting.terms_of(estimator), rows)


@pytest.fixture(scope="module")
def hiding() -> tuple[Rows, Any]:
    rows = hidden_need()
    return rows, boosting.fitted(rows, FLAT, rounds=ROUNDS, seed=1)


def test_1_interventional_shap_needs_its_whole_background(rows: Rows, estimator: Any, table: Table) -> None:
    """Given a background, TreeExplainer keeps a hundred rows of it without a word; a masker keeps what it is told."""
    import shap

    background, some = matrix(rows.features[:300]), matrix(rows.features[300:340])
    ours = contributions(table, rows.features)
    expected = ours[300:340] - ours[:300].mean(axis=0)
    whole = shap.maskers.Independent(background, max_samples=len(background))
    told = shap.TreeExplainer(estimator, data=whole, feature_perturbation="interventional")(some).values
    assert np.abs(told - expected).max() <= 1e-6
    cut = shap.TreeExplainer(estimator, data=background, feature_perturbation="interventional")(some).values
    assert np.abs(cut - expected).max() > 1e-3


def test_2_path_dependent_shap_is_the_table_over_exactly_the_fitted_rows(
    rows: Rows, estimator: Any, table: Table
) -> None:
    import shap

    told = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")(
        matrix(rows.features)
    ).values
    ours = contributions(table, rows.features)
    assert np.abs(told - (ours - ours.mean(axis=0))).max() <= 1e-9
    other_half = ours[: len(ours) // 2].mean(axis=0)
    assert np.abs(told - (ours - other_half)).max() > 1e-3


def test_3_a_split_between_missing_and_known_leaves_no_infinite_edge(hiding: tuple[Rows, Any]) -> None:
    rows, fitted = hiding
    thresholds = [
        n["num_threshold"] for stage in fitted._predictors for n in stage[0].nodes if not n["is_leaf"]
    ]
    assert np.isinf(thresholds).any(), "the sample must hold the trap"
    document = boosting.terms_of(fitted).as_table(rows, FLAT)
    assert all(np.isfinite(term["edges"]).all() for term in document["terms"])


def test_4_what_was_never_unknown_in_training_is_average_when_it_is(rows: Rows, estimator: Any) -> None:
    terms = boosting.terms_of(estimator).as_table(rows, FLAT)["terms"]
    age = next(term for term in terms if term["feature"] == "age_years")
    assert not rows.features["age_years"].null_count() and len(age["edges"])
    assert age["unknown"] == age["mean"]


def test_5_an_unknown_need_never_counts_for_more_than_a_known_one(hiding: tuple[Rows, Any]) -> None:
    rows, fitted = hiding
    plan = next(
        t for t in boosting.terms_of(fitted).as_table(rows, FLAT)["terms"] if t["feature"] == "has_ehc_plan"
    )
    assert plan["unknown_as_fitted"] > plan["values"][-1] + 0.5, "the sample must hold the trap"
    assert plan["unknown"] == plan["values"][-1]


def test_6_needs_are_coded_so_that_one_contains_the_other() -> None:
    """A plan with social care that was not also "known to social care" would escape the rising tables."""
    pairs = [
        ("has_ehc_plan", "sen_support_or_plan"),
        ("social_care_plan", "known_to_social_care"),
        ("looked_after", "social_care_plan"),
    ]
    needed = ["sen_support_at_school", "ehc_plan_at_school", "ehc_plan_at_council", "looked_after_in_health"]
    needed += ["looked_after_by_council", "episode_open", "child_in_need_plan", "protection_plan"]
    rng = np.random.default_rng(1)
    table = pl.DataFrame({name: rng.choice([0.0, 1.0, np.nan], 500) for name in needed}).fill_nan(None)
    for stage in joint.STAGES[:2]:
        table = table.with_columns(f.expression.cast(pl.Float64).alias(f.name) for f in stage)
    for inner, outer in pairs:
        assert table.filter((pl.col(inner) == 1) & (pl.col(outer) != 1).fill_null(True)).is_empty(), inner


def test_7_a_value_on_an_edge_goes_left_and_numbers_stay_64_bit(
    rows: Rows, estimator: Any, table: Table
) -> None:
    edges = {term.feature: term.edges for term in table.terms}
    row = rows.features[:1].with_columns(
        [pl.lit(float(edge[0])).alias(name) for name, edge in edges.items() if len(edge)]
    )
    ours = table.base + contributions(table, row).sum(axis=1)
    assert np.abs(ours - np.log(estimator.predict(matrix(row)))).max() <= 1e-12
    assert matrix(rows.features).dtype == np.float64
    halves = rows.features.with_columns(pl.all().cast(pl.Float32))
    card = scorecard.Scorecard(
        {**boosting.terms_of(estimator).as_table(rows, FLAT), "bootstrap": [], "id": "x"}
    )
    assert {c.dtype for c in scorecard.columns(card, halves).values()} == {np.dtype(np.float64)}


def test_8_no_feature_is_a_category(estimator: Any) -> None:
    """Categories take no rising constraint, and SHAP is wrong on their splits without a word."""
    assert estimator.is_categorical_ is None
    assert len(estimator.monotonic_cst) == len(MODEL_FEATURES)
    assert [f.name for f in MODEL_FEATURES if f.name.endswith("_code")] == []


def test_9_a_need_keeps_its_own_table_beside_what_sums_it_up() -> None:
    """Social care moves the risk; the joint features that follow from it must not take its splits."""
    rng = np.random.default_rng(9)
    children = 4_000
    base = {f.name: rng.binomial(1, 0.15, children).astype(float) for f in FEATURES if f.source is not None}
    table = pl.DataFrame({**base, "age_years": rng.integers(0, 18, children).astype(float)})
    for stage in joint.STAGES:
        table = table.with_columns(f.expression.cast(pl.Float64).alias(f.name) for f in stage)
    needs = 0.9 * table["known_to_social_care"].to_numpy() + 0.6 * table["sen_support_or_plan"].to_numpy()
    times = rng.exponential(1 / np.exp(-4.2 + needs))
    fortnights = np.clip(np.ceil(times), 1, FORTNIGHTS).astype(np.int64)
    everybody = pl.Series([str(number) for number in range(children)])
    rows = Rows(table, fortnights, times <= FORTNIGHTS, everybody, everybody)
    fitted = boosting.terms_of(boosting.fitted(rows, FLAT, rounds=ROUNDS, seed=1))
    reach = {e.feature.name: float(e.values[-1] - e.values[0]) for e in fitted.entries}
    assert reach["known_to_social_care"] > 0.3
    assert reach["sen_support_or_plan"] > 0.2
