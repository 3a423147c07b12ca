"""The registered test refuses a model that has nothing, and lets the one of the cohort go."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import nulls
from risk_model import evaluation
from risk_model.evaluation import TEST_DIGEST
from risk_model.evaluation.registered import TEST
from risk_model.model import Rows
from risk_model.workspace import Workspace
from tests.conftest import Journey, risk_model

NULLS_OF_A_KIND = 10
SHARE_OF_CHILDREN = 5


@pytest.fixture(scope="module")
def some_children(journey: Journey) -> tuple[Rows, Rows]:
    """A fifth of the children of the session's Plymouth, at the quarters fitted on and at those judged on."""
    kept = Workspace(journey.workspace).last_evaluation()[0]
    fifth = kept.filter(kept["person_id"].hash(1) % SHARE_OF_CHILDREN == 0)
    return evaluation.rows_of(fifth.filter(~fifth["is_judged"])), evaluation.rows_of(
        fifth.filter("is_judged")
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


def test_every_figure_is_in_the_workspace_as_a_table_and_as_a_page(journey: Journey, tmp_path: Path) -> None:
    page = tmp_path / "evaluation.html"
    done = risk_model("evaluate", "--workspace", journey.workspace, "--html", page)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(page) in done.stdout
    found = pl.read_parquet(Workspace(journey.workspace).results)
    told = page.read_text()
    for measure in found["measure"].unique():
        assert found.filter(measure=measure)["value"].is_finite().all(), measure
    for order in (*TEST.simple_rules, "logistic"):
        assert order in told
    assert not re.search(r"<script|https?://(?!www.w3.org)", told)
