"""The fitted table and its traps, on a small invented sample."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.explanations import compare_with_referees
from risk_model import explanation, model, scorecard
from risk_model.errors import UserError
from risk_model.features import FEATURES, MODEL_FEATURES, Feature, if_known
from risk_model.model import FORTNIGHTS, Fit, Rows

CHILDREN = 3_000
NEEDS = [feature.name for feature in MODEL_FEATURES if feature.rises and feature.is_flag]


def sample(seed: int = 7, children: int = CHILDREN) -> Rows:
    """Rows in which SEN support, social care and age move the hazard, and a third of the flags are unknown."""
    rng = np.random.default_rng(seed)
    columns = {f.name: rng.binomial(1, 0.2, children).astype(float) for f in MODEL_FEATURES}
    columns["age_years"] = rng.integers(0, 18, children).astype(float)
    log_hazard = -4.2 + 0.9 * columns["sen_support_or_plan"] + 0.7 * columns["known_to_social_care"]
    log_hazard += 0.3 * (columns["age_years"] > 11)
    times = rng.exponential(1 / np.exp(log_hazard))
    for name in ("sen_support_or_plan", "known_to_social_care", "has_ehc_plan"):
        columns[name][rng.random(children) < 0.3] = np.nan
    fortnights = np.clip(np.ceil(times), 1, FORTNIGHTS).astype(np.int64)
    return Rows(
        pl.DataFrame(columns).fill_nan(None),
        fortnights,
        times <= FORTNIGHTS,
        pl.Series([f"child {number:05}" for number in range(children)]),
        pl.Series(["2025-01-01"] * children).str.to_date(),
    )


@pytest.fixture(scope="module")
def rows() -> Rows:
    return sample()


@pytest.fixture(scope="module")
def fit(rows: Rows) -> Fit:
    return model.fit(rows, seed=1, made_from={}, bootstrap_fits=4)


def test_contributions_are_shaps_and_the_table_is_the_estimator(fit: Fit, rows: Rows) -> None:
    compared = compare_with_referees(fit, rows, children=500)
    assert compared["shap"] <= 1e-9
    assert compared["log_hazard"] <= 1e-12


def test_contributions_sum_to_the_log_hazard_against_the_mean(fit: Fit, rows: Rows) -> None:
    table = fit.card.table
    total = explanation.log_factors(fit.card, rows.features).sum(axis=1)
    mean = table.base + sum(term.mean for term in table.terms)
    np.testing.assert_allclose(
        mean + total, table.log_hazard(scorecard.columns(fit.card, rows.features)), atol=1e-9
    )


def test_predicted_events_are_observed_events(fit: Fit, rows: Rows) -> None:
    table = fit.card.table
    exposure = np.cumsum(fit.card.document["baseline_by_fortnight"])[rows.fortnights - 1]
    expected = (np.exp(table.log_hazard(scorecard.columns(fit.card, rows.features))) * exposure).sum()
    assert expected == pytest.approx(rows.event.sum(), rel=0.05)


@pytest.mark.parametrize("need", NEEDS)
def test_one_more_recorded_need_never_lowers_the_estimate(fit: Fit, rows: Rows, need: str) -> None:
    def bands(value: float | None) -> pl.Series:
        changed = rows.features.head(50).with_columns(pl.lit(value, pl.Float64).alias(need))
        return scorecard.predict(fit.card, changed)["risk_band"]

    assert (bands(1.0) <= bands(0.0)).all()
    assert (bands(1.0) <= bands(None)).all()
    assert (bands(None) <= bands(0.0)).all()


RISING = [feature for feature in MODEL_FEATURES if feature.rises]
VALUES = st.none() | st.integers(0, 6).map(float)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.fixed_dictionaries({feature.name: VALUES for feature in MODEL_FEATURES}),
    need=st.sampled_from(RISING),
    more=st.integers(1, 6),
)
def test_one_more_of_any_need_never_lowers_a_child_in_any_table_of_the_scorecard(
    fit: Fit, row: dict[str, float | None], need: Feature, more: int
) -> None:
    """From no, from unknown and from less to more; in the fitted table, in every bootstrap table, in the reference."""
    known = row[need.name] or 0.0
    value = 1.0 if need.is_flag else known + more
    rows = [row, {**row, need.name: value}, {**row, need.name: None}, {**row, need.name: 0.0}]
    children = pl.DataFrame(rows, schema={feature.name: pl.Float64 for feature in MODEL_FEATURES})
    for table in (fit.card.table, *fit.card.bootstrap, fit.spline.table):
        columns = {name: children[name].fill_null(float("nan")).to_numpy() for name in children.columns}
        now, then, unknown, no = table.log_hazard(columns)
        assert then >= max(now, unknown, no) - 1e-12
        assert unknown >= no - 1e-12


def test_scoring_a_country_gives_the_same_risk_and_contributions(fit: Fit, rows: Rows) -> None:
    risk, contributions = explanation.score(fit.card, rows.features)
    np.testing.assert_allclose(contributions.T, explanation.log_factors(fit.card, rows.features), atol=1e-12)
    np.testing.assert_allclose(
        risk, scorecard.predict(fit.card, rows.features)["risk"].to_numpy(), atol=1e-12
    )


def test_unknown_lies_between_no_and_yes(fit: Fit) -> None:
    rising = {feature.name for feature in MODEL_FEATURES if feature.rises}
    for term in fit.card.table.terms:
        if term.feature in rising:
            assert term.values[0] <= term.unknown <= term.values[-1]


def test_a_value_on_an_edge_goes_left(fit: Fit) -> None:
    term = next(term for term in fit.card.table.terms if term.feature == "age_years" and len(term.edges))
    edge = term.edges[0]
    on, above = term.log_factor(np.array([edge, np.nextafter(edge, np.inf)]))
    assert (on, above) == (term.values[0], term.values[1])


def test_the_document_holds_no_infinity_and_comes_back_whole(fit: Fit, rows: Rows) -> None:
    content = scorecard.write(fit.card)
    json.loads(content, parse_constant=lambda constant: pytest.fail(f"{constant} in the document"))
    again = scorecard.read(content)
    assert scorecard.predict(again, rows.features).equals(scorecard.predict(fit.card, rows.features))


def test_the_time_waited_moves_the_risk_and_never_the_band(fit: Fit, rows: Rows) -> None:
    short, long = (rows.features.head(200).with_columns(longest_wait_weeks=pl.lit(w)) for w in (1.0, 200.0))
    assert scorecard.predict(fit.card, short)["risk_band"].equals(
        scorecard.predict(fit.card, long)["risk_band"]
    )


def test_the_interval_holds_the_estimate(fit: Fit, rows: Rows) -> None:
    predicted = scorecard.predict(fit.card, rows.features)
    assert (predicted["risk_low"] <= predicted["risk"]).all()
    assert (predicted["risk"] <= predicted["risk_high"]).all()


def test_whatever_turns_out_the_band_lies_between_the_two_limits(fit: Fit, rows: Rows) -> None:
    everything = rows.features.with_columns(
        pl.lit(None, pl.Float64).alias(f.name) for f in FEATURES if not f.in_model
    )
    highest, lowest = (
        scorecard.predict(fit.card, if_known(everything, as_need=need))["risk_band"] for need in (True, False)
    )
    assert (highest <= lowest).all()
    for value in (0.0, 1.0):
        sources = [pl.col(f.name).fill_null(value) for f in FEATURES if f.source is not None and f.rises]
        band = scorecard.predict(fit.card, if_known(everything.with_columns(sources), as_need=True))[
            "risk_band"
        ]
        assert (highest <= band).all() and (band <= lowest).all()


def test_the_same_rows_and_seed_give_the_same_document(rows: Rows, fit: Fit) -> None:
    again = model.fit(rows, seed=1, made_from={}, bootstrap_fits=4)
    assert scorecard.write(again.card) == scorecard.write(fit.card)


def test_other_pseudonyms_give_the_same_document(rows: Rows, fit: Fit) -> None:
    renamed = replace(rows, children=rows.children.reverse())
    again = model.fit(renamed, seed=1, made_from={}, bootstrap_fits=4)
    assert again.card.id == fit.card.id


def test_a_child_is_drawn_with_all_its_rows(rows: Rows) -> None:
    twice = replace(rows, children=pl.Series([f"child {n // 2}" for n in range(len(rows.children))]))
    codes = twice.child_codes()
    assert codes[:6].tolist() == [0, 0, 1, 1, 2, 2]
    drawn = twice.take(model.resampled_children(codes, np.random.default_rng(1)))
    assert (drawn.children.value_counts()["count"] % 2 == 0).all()


def test_seen_is_censoring_and_not_no_event() -> None:
    """A child who was seen early counts for the fortnights it waited, so the estimate does not fall."""
    whole = sample(seed=11)
    seen_after = np.random.default_rng(1).integers(1, FORTNIGHTS + 1, len(whole.event))
    event = whole.event & (whole.fortnights <= seen_after)
    fortnights = np.minimum(whole.fortnights, seen_after)
    censored = Rows(whole.features, fortnights, event, whole.children, whole.landmarks)
    as_no_event = Rows(
        whole.features, np.full_like(fortnights, FORTNIGHTS), event, whole.children, whole.landmarks
    )
    mean = {
        name: scorecard.predict(model.fit(rows, seed=1, made_from={}, bootstrap_fits=2).card, whole.features)[
            "risk"
        ].mean()
        for name, rows in {"truth": whole, "censored": censored, "no event": as_no_event}.items()
    }
    assert mean["censored"] == pytest.approx(mean["truth"], rel=0.10)
    assert mean["no event"] < 0.70 * mean["truth"]


def test_a_model_of_other_features_is_refused_in_words(fit: Fit, rows: Rows) -> None:
    with pytest.raises(
        UserError, match="2 features that this version does not make: age_years, sen_support_or_plan"
    ):
        scorecard.predict(fit.card, rows.features.drop("age_years", "sen_support_or_plan"))


def test_every_feature_of_the_scorecard_has_words(fit: Fit, rows: Rows) -> None:
    children = rows.features.head(3).with_columns(person_id=pl.Series(["a", "b", "c"]))
    explained = explanation.explain(fit.card, children, date(2026, 11, 20))
    assert explained["words"].null_count() == 0
    assert set(explained["state"]) <= {"yes", "no", "value", "unknown"}
    factors = explained.group_by("person_id").agg(pl.col("log_factor").sum()).sort("person_id")["log_factor"]
    flat = [i for i, term in enumerate(fit.card.table.terms) if len(term.values) == 1]
    assert flat == [] or np.allclose(explanation.log_factors(fit.card, children)[:, flat], 0)
    np.testing.assert_allclose(factors, explanation.log_factors(fit.card, children).sum(axis=1), atol=1e-12)
