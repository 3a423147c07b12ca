"""The two forms of the model, the rule that chooses between them, and the factor for looked-after children."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchmarks import settings
from risk_model import model, scorecard
from risk_model.features import MODEL_FEATURES
from risk_model.model import FORTNIGHTS, Fit, Rows, boosting, choosing, fitting, spline
from risk_model.model.choosing import BOOSTING, SPLINE, Compared
from tests.unit.test_scorecard import sample

LANDMARKS = [date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1), date(2025, 1, 1), date(2025, 4, 1)]
NEEDS = {feature.name for feature in MODEL_FEATURES if feature.rises}


@pytest.fixture(scope="module")
def rows() -> Rows:
    whole = sample(children=3_000)
    quarters = pl.Series([LANDMARKS[number % 5] for number in range(3_000)])
    children = pl.Series([f"child {number // 5:04}" for number in range(3_000)])
    return Rows(whole.features, whole.fortnights, whole.event, children, quarters)


@pytest.fixture(scope="module")
def fit(rows: Rows) -> Fit:
    return model.fit(rows, seed=1, made_from={}, bootstrap_fits=2)


def _value(table: dict[str, Any], feature: str, value: float) -> float:
    term = next(t for t in table["terms"] if t["feature"] == feature)
    return float(np.array(term["values"])[np.searchsorted(term["edges"], value, side="left")])


def test_the_spline_model_finds_the_effects_that_made_the_rows_and_lowers_nobody_for_a_need(
    rows: Rows,
) -> None:
    table = fitting.splined(rows)
    assert _value(table, "sen_support_or_plan", 1) == pytest.approx(0.9, abs=0.2)
    assert _value(table, "known_to_social_care", 1) == pytest.approx(0.7, abs=0.2)
    assert _value(table, "age_years", 16) - _value(table, "age_years", 6) == pytest.approx(0.3, abs=0.2)
    for term in table["terms"]:
        if term["feature"] in NEEDS:
            assert (np.diff(term["values"]) >= 0).all(), term["feature"]
            assert term["values"][0] <= term["unknown"] <= term["values"][-1], term["feature"]


def test_the_spline_follows_an_age_that_is_no_line(rows: Rows) -> None:
    """Risk high at both ends of childhood: twice as many events under 3 and over 14."""
    rng = np.random.default_rng(3)
    age = rows.features["age_years"].to_numpy()
    rate = np.exp(-4.0 + 0.7 * ((age < 3) | (age > 14)))
    times = rng.exponential(1 / rate)
    fortnights = np.clip(np.ceil(times), 1, FORTNIGHTS).astype(np.int64)
    bent = Rows(rows.features, fortnights, times <= FORTNIGHTS, rows.children, rows.landmarks)
    table = fitting.splined(bent)
    ends = [_value(table, "age_years", age) - _value(table, "age_years", 9) for age in (1, 16)]
    assert ends == pytest.approx([0.7, 0.7], abs=0.3)


@pytest.mark.parametrize("form", [BOOSTING, SPLINE])
def test_either_form_expects_as_many_events_as_it_saw(fit: Fit, rows: Rows, form: str) -> None:
    table = (fit.spline if form == SPLINE else fit.card).document
    assert choosing.expected_events(table, rows).sum() == pytest.approx(rows.event.sum(), rel=0.03)


def test_the_spline_model_is_one_table_like_the_other_and_is_scored_by_it(fit: Fit, rows: Rows) -> None:
    predicted = scorecard.predict(
        scorecard.sealed(
            {**fit.spline.document, "bootstrap": fit.card.document["bootstrap"], "band_width": 0.2}
        ),
        rows.features,
    )
    assert predicted["risk"].is_between(0, 1).all()
    assert [t["feature"] for t in fit.spline.document["terms"]] == [
        t["feature"] for t in fit.card.document["terms"]
    ]


def test_every_step_of_a_count_is_reached_by_enough_children() -> None:
    feature = next(f for f in MODEL_FEATURES if f.name == "suspensions_12_months")
    column = np.repeat([0.0, 1.0, 2.0], [900, 70, 40])
    assert spline._edges(feature, column).tolist() == [0.5]


@pytest.mark.parametrize(
    ("better", "form"),
    [((30, 70), SPLINE), ((49, 51), BOOSTING), ((70, 30), BOOSTING)],
)
def test_the_spline_takes_over_where_the_boosting_is_worse_by_more_than_one_standard_error(
    better: tuple[int, int], form: str
) -> None:
    """A hundred children without an event: for some the boosting expected less, for the others the spline."""
    for_boosting, for_spline = better
    nobody = np.zeros(100, dtype=bool)
    children = pl.Series([f"child {number}" for number in range(100)])
    judged = Rows(pl.DataFrame({"n": range(100)}), np.ones(100, np.int64), nobody, children, children)
    boosted = np.repeat([0.1, 0.2], [for_boosting, for_spline])
    splined = np.repeat([0.2, 0.1], [for_boosting, for_spline])
    chosen = choosing.choose(Compared(judged, {BOOSTING: boosted, SPLINE: splined}))
    assert chosen["form"] == form
    assert chosen["log_likelihood_difference"] == pytest.approx((for_boosting - for_spline) / 1000)


def test_too_few_landmarks_to_compare_on_leave_the_boosting_and_say_so(rows: Rows) -> None:
    few = rows.where(rows.landmarks.is_in(LANDMARKS[:2]).to_numpy())
    assert choosing.compare(few, {}) is None
    assert choosing.choose(None)["form"] == BOOSTING
    assert "not compared" in choosing.choose(None)["because"]


def test_no_child_and_no_outcome_is_shared_between_what_is_fitted_and_what_is_judged(rows: Rows) -> None:
    seen: list[Rows] = []

    def remember(part: Rows) -> dict[str, Any]:
        seen.append(part)
        return fitting.splined(part)

    compared = choosing.compare(rows, {SPLINE: remember})
    assert compared is not None
    judged = compared.rows
    assert set(judged.landmarks) == set(LANDMARKS[-2:])
    assert {day for part in seen for day in part.landmarks} == set(LANDMARKS[:2])
    start = 0
    for part in seen:
        share = len(set(judged.children) - set(part.children))
        assert share == pytest.approx(len(set(judged.children)) / 3, rel=0.2)
        start += share
    assert start == len(set(judged.children)), "each child is judged by the one fit that never saw it"


def test_the_settings_in_use_are_those_that_the_committed_search_chose() -> None:
    result = pl.read_csv(settings.RESULT)
    assert result["cohort_seed"].n_unique() >= 2
    in_use = {"rounds": boosting.ROUNDS, **boosting.SETTINGS}
    assert settings.chosen(result, BOOSTING) == settings.setting_name(BOOSTING, in_use)
    assert settings.chosen(result, SPLINE) == settings.setting_name(SPLINE, {"ridge": spline.RIDGE})


@pytest.mark.parametrize(
    ("observed", "expected", "factor"),
    [(30, 30, 1.0), (60, 30, 1.5), (36, 30, 1.1), (10, 30, 1.0), (90, 10, 1.5)],
)
def test_looked_after_children_get_one_shrunk_factor_between_1_and_one_and_a_half(
    observed: int, expected: float, factor: float
) -> None:
    from risk_model.model.terms import _looked_after_term

    children = 200
    features = pl.DataFrame({"looked_after": [1.0] * 100 + [0.0] * 50 + [None] * 50})
    event = np.arange(children) < observed
    rows = Rows(
        features, np.ones(children, np.int64), event, pl.Series([""] * children), pl.Series([""] * children)
    )
    term = _looked_after_term(rows, np.full(children, expected / 100))
    assert np.exp(term["values"][1]) == pytest.approx(factor)
    assert (term["values"][0], term["unknown"], term["is_group_factor"]) == (0.0, 0.0, True)


def test_a_fit_like_an_earlier_one_takes_its_form_and_its_calibration(fit: Fit, rows: Rows) -> None:
    chosen = {"form": SPLINE, "because": "for this test"}
    earlier = scorecard.sealed({**fit.card.document, "form": chosen})
    again = model.fit(rows, seed=1, made_from={}, bootstrap_fits=2, like=earlier)
    assert (again.card.form, again.card.calibration, again.estimator) == (
        chosen,
        fit.card.calibration,
        None,
    )
    assert {"all", "looked after", "SEN and social care"} <= set(fit.card.calibration)
    assert all(c["low"] < c["ratio"] < c["high"] for c in fit.card.calibration.values())


def test_a_column_of_many_values_keeps_each_on_its_side_of_every_edge() -> None:
    """The table scores the values themselves: an edge between two moved values must part them as it parts those."""
    rng = np.random.default_rng(1)
    column, weight = rng.beta(1, 10, 4_000), rng.random(4_000)
    column[:400] = np.nan
    moved = boosting._in_few_values(column, weight)
    values = np.unique(moved[400:])
    assert len(values) <= boosting.MOST_VALUES
    assert np.array_equal(np.isnan(moved), np.isnan(column))
    edges = (values[1:] + values[:-1]) / 2
    assert np.array_equal(np.searchsorted(edges, column[400:]), np.searchsorted(edges, moved[400:]))


def test_a_column_of_few_values_is_left_as_it_is() -> None:
    column = np.array([0.0, 1.0, np.nan, 2.0])
    assert np.array_equal(boosting._in_few_values(column, np.ones(4)), column, equal_nan=True)
