"""The registered test on rows whose truth we made: who goes, who does not, and for which services."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from risk_model import evaluation, scorecard
from risk_model.evaluation import TEST_DIGEST
from risk_model.evaluation.registered import TEST
from risk_model.model import FORTNIGHTS, Rows, fitting
from risk_model.scorecard import Scorecard
from tests.unit.test_scorecard import sample

HELPED, HARMED, FEW = "a-helped", "b-harmed", "c-few"


@pytest.fixture(scope="module")
def fitted() -> Rows:
    return with_rules(sample(seed=1))


def evaluated(card: Scorecard, rows: Rows, fitted: Rows) -> evaluation.Evaluation:
    return evaluation.evaluate(card, rows, evaluation.orderings(card, rows, fitted), seed=1)


@pytest.fixture(scope="module")
def card(fitted: Rows) -> Scorecard:
    return Scorecard({**fitting.splined(fitted), "bootstrap": []})


def with_rules(rows: Rows) -> Rows:
    """The same rows with what the simple rules read: no service, need or wait tells anything."""
    rng = np.random.default_rng(5)
    names = {"need_areas", "services_waited_for", "longest_wait_weeks"} - set(rows.features.columns)
    told = {name: pl.Series(rng.integers(0, 5, len(rows.event)).astype(float)) for name in names}
    everywhere = pl.Series([[HELPED]] * len(rows.event))
    return replace(rows, features=rows.features.with_columns(**told), services=everywhere)


def test_the_file_is_the_one_that_was_registered() -> None:
    """Whoever changes the test registers another one, and says so here."""
    assert TEST_DIGEST == "e8bd348a3d455a5d638f887684d4af1fd42354b4c3a75c01b3fd4448f09e00b5"


def test_a_model_of_real_effects_goes(card: Scorecard, fitted: Rows) -> None:
    judged = evaluated(card, with_rules(sample(seed=2)), fitted)
    assert (judged.verdict, judged.because) == ("go", [])
    assert judged.test["digest"] == TEST_DIGEST
    assert [service.service_id for service in judged.services] == [HELPED]


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        ("other children's outcomes", "more events in its top tenth"),
        ("other children's outcomes", "calibration slope"),
        ("other children's outcomes", "one constant rate"),
        ("the outcome among the features", "leaks in"),
    ],
)
def test_a_model_that_fails_any_condition_does_not_go(
    card: Scorecard, fitted: Rows, world: str, reason: str
) -> None:
    later = with_rules(sample(seed=2))
    if world == "other children's outcomes":
        order = np.random.default_rng(3).permutation(len(later.event))
        later = replace(later, event=later.event[order], fortnights=later.fortnights[order])
    else:
        first = np.argsort(-card.table.log_hazard(scorecard.columns(card, later.features)))[
            : len(later.event) // 5
        ]
        event = np.isin(np.arange(len(later.event)), first)
        later = replace(later, event=event, fortnights=np.where(event, 1, FORTNIGHTS))
    judged = evaluated(card, later, fitted)
    assert (judged.verdict, judged.services) == ("no-go", [])
    assert any(reason in told for told in judged.because), judged.because


def test_a_service_whose_own_children_show_the_model_wrong_has_no_estimate(
    card: Scorecard, fitted: Rows
) -> None:
    later = with_rules(sample(seed=2, children=6_000))
    wrong = np.arange(6_000) < 300
    score = card.table.log_hazard(scorecard.columns(card, later.features))
    lowest = wrong & (score <= np.quantile(score[wrong], 0.15))
    event = np.where(wrong, lowest, later.event)
    fortnights = np.where(wrong, np.where(lowest, 1, FORTNIGHTS), later.fortnights)
    few = np.arange(6_000) >= 5_960
    named = np.where(wrong, HARMED, np.where(few, FEW, HELPED))
    rows = replace(later, event=event, fortnights=fortnights, services=pl.Series([[name] for name in named]))
    judged = evaluated(card, rows, fitted)
    assert judged.verdict == "go for some services"
    assert judged.because == ["1 of 3 services have children who show the model wrong: b-harmed."]
    by_name = {service.service_id: service for service in judged.services}
    assert [bool(by_name[name].because) for name in (HELPED, HARMED, FEW)] == [False, True, False]
    assert by_name[FEW].events < TEST.of_a_service.fewest_events and by_name[FEW].advantage is None
