"""The registered test refuses a model that has nothing, and lets the one of the cohort go."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import nulls
from risk_model import evaluation
from risk_model.evaluation import TEST_DIGEST
from risk_model.model import Rows
from risk_model.workspace import Workspace
from tests.conftest import Journey

NULLS_OF_A_KIND = 10
SHARE_OF_CHILDREN = 3


@pytest.fixture(scope="module")
def some_children(journey: Journey) -> tuple[Rows, Rows]:
    """A third of the children of the session's Plymouth, at the quarters fitted on and at those judged on."""
    kept = Workspace(journey.workspace).last_evaluation()[0]
    third = kept.filter(kept["person_id"].hash(1) % SHARE_OF_CHILDREN == 0)
    return evaluation.rows_of(third.filter(~third["is_judged"])), evaluation.rows_of(
        third.filter("is_judged")
    )


@pytest.mark.parametrize("kind", [nulls.shuffled, nulls.frail])
def test_no_model_of_a_null_cohort_is_let_go(some_children: tuple[Rows, Rows], kind: nulls.MakeNull) -> None:
    for seed in range(NULLS_OF_A_KIND):
        earlier, later = kind(*some_children, seed)
        assert nulls.verdict(earlier, later, seed, nulls.boosted).because, seed


def test_a_null_keeps_the_children_and_about_as_many_events(some_children: tuple[Rows, Rows]) -> None:
    for kind in (nulls.shuffled, nulls.frail):
        for before, after in zip(some_children, kind(*some_children, 1), strict=True):
            assert after.features.equals(before.features)
            assert after.event.sum() == pytest.approx(before.event.sum(), rel=0.3)
            assert not np.array_equal(after.event, before.event)


def test_the_real_cohort_is_let_go_by_the_test_that_was_registered(journey: Journey) -> None:
    judged = Workspace(journey.workspace).last_evaluation()[1]
    assert judged["verdict"] == "go", judged["because"]
    assert judged["test"] == {"digest": TEST_DIGEST, "registered_on": "2026-12-01"}
    assert {service["service_id"] for service in judged["services"]}
    json.dumps(judged, allow_nan=False)
