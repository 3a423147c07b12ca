"""The table of results, its page, and the measures behind it, on rows that we made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from lxml import html
from sklearn.metrics import roc_auc_score

from risk_model import evaluation
from risk_model.evaluation import drift, figures, measures
from risk_model.features import FEATURES
from risk_model.model import FORTNIGHTS, Rows, fitting
from risk_model.scorecard import Scorecard
from risk_model.snapshot import PARTS
from tests.unit.evaluation.test_verdict import HELPED, with_rules
from tests.unit.test_scorecard import sample

QUARTERS = (date(2025, 1, 1), date(2025, 4, 1))


def _whole(rows: Rows) -> Rows:
    """The rows with two quarters, parts, and every second child seen in its second fortnight."""
    number = len(rows.event)
    seen = ~rows.event & (np.arange(number) % 2 == 0)
    parts = pl.DataFrame({part: rows.event & (np.arange(number) % 4 == n) for n, part in enumerate(PARTS)})
    shown_only = [feature.name for feature in FEATURES if feature.name not in rows.features.columns]
    features = rows.features.with_columns(pl.lit(0.0).alias(name) for name in shown_only)
    return replace(
        with_rules(replace(rows, features=features)),
        parts=parts,
        was_seen=seen,
        fortnights=np.where(seen, 2, rows.fortnights),
        landmarks=pl.Series([QUARTERS[n % 2] for n in range(number)]),
    )


@pytest.fixture(scope="module")
def found() -> pl.DataFrame:
    fitted, later = (_whole(sample(seed=seed, children=1_500)) for seed in (1, 2))
    card = Scorecard({**fitting.splined(fitted), "bootstrap": []})
    return evaluation.results(card, later, fitted, evaluation.orderings(card, later, fitted), seed=1)


def _value(found: pl.DataFrame, measure: str, of: str, at: str = "") -> float:
    return float(found.filter(measure=measure, of=of, at=at)["value"].item())


def test_every_figure_lies_within_its_own_interval(found: pl.DataFrame) -> None:
    assert found.null_count().sum_horizontal().item() == 0
    assert (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()


def test_the_model_holds_more_events_among_the_first_than_a_rule_that_knows_nothing(
    found: pl.DataFrame,
) -> None:
    shares = [_value(found, figures.CAPTURE, "model", at) for at in ("1%", "5%", "10%", "20%")]
    assert shares == sorted(shares) and shares[-1] > 0.25
    assert shares[-1] > _value(found, figures.CAPTURE, "count of lists", "20%")


def test_the_observed_chance_rises_with_the_estimate_although_half_of_the_children_are_seen(
    found: pl.DataFrame,
) -> None:
    observed, estimated = (
        [_value(found, measure, "model", str(tenth)) for tenth in (1, 10)]
        for measure in (figures.TENTH, figures.EXPECTED)
    )
    assert observed == pytest.approx(estimated, abs=0.15)
    assert observed[1] > observed[0] + 0.1


def test_calling_everybody_has_the_benefit_of_the_chance_of_all_less_its_harm(found: pl.DataFrame) -> None:
    least, more = (_value(found, figures.NET_BENEFIT, "everybody", at) for at in ("5%", "20%"))
    chance = (least + 0.05 / 0.95) / (1 + 0.05 / 0.95)
    assert more == pytest.approx(chance - (1 - chance) * 0.2 / 0.8, abs=1e-9)


def test_a_service_is_judged_at_as_many_places_as_it_had(found: pl.DataFrame) -> None:
    rows = found.filter(measure=figures.AT_CAPACITY, of="model")
    assert rows["at"].to_list() == [HELPED]
    assert 200 < rows["count"].item() < 400


def test_one_lost_record_lowers_the_risk_and_moves_a_place(found: pl.DataFrame) -> None:
    assert _value(found, drift.FACTOR, "model", drift.MOST_CHILDREN) <= 1
    assert 0 <= _value(found, drift.MOVED, "model", drift.MOST_CHILDREN) < 0.5


@pytest.mark.parametrize("of_ten", [10, 3])
def test_the_area_in_the_first_draw_is_scikit_learns_ties_included(of_ten: int) -> None:
    rows = sample(children=400)
    score = np.random.default_rng(1).integers(0, of_ten, 400).astype(float)
    counted = rows.event | (rows.fortnights == FORTNIGHTS)
    weights = np.vstack([np.ones(400), np.random.default_rng(2).integers(0, 3, 400)]).astype(float)
    areas = measures.auc_draws(score, rows, weights)
    for area, weight in zip(areas, weights, strict=True):
        again = roc_auc_score(rows.event[counted], score[counted], sample_weight=weight[counted])
        assert area == pytest.approx(again)


def test_the_page_shows_every_figure_of_the_table(found: pl.DataFrame) -> None:
    fitted, later = (_whole(sample(seed=seed, children=1_500)) for seed in (1, 2))
    card = Scorecard({**fitting.splined(fitted), "bootstrap": []})
    judged = evaluation.evaluate(card, later, evaluation.orderings(card, later, fitted), seed=1).as_dict()
    page = html.fromstring(evaluation.report_page(judged, found))
    shown = len(page.xpath("//tbody/tr")) - len(judged["services"])
    assert shown == found.filter(pl.col("measure") != figures.EXPECTED).height
    assert len(page.xpath("//svg[@role='img' and @aria-label]")) == 6
