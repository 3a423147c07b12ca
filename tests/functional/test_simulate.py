"""From the partners' files to the price of a policy: the laboratory over a small invented cohort and its truth."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from risk_model import linkage, pipeline
from risk_model.policy import DEFAULT_POLICY
from risk_model.simulation import Plan, Result, telling
from risk_model.synthetic import synthesise
from risk_model.workspace import Workspace
from tests.conftest import INDEX_DATE, risk_model
from tests.link_weights import WEIGHTS

PLAN = Plan(reviews=60, replicates=3, shares=(0.5,))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("laboratory")
    synthesise(folder / "cohort", scale="tiny", seed=7)
    workspace = Workspace(folder / "workspace")
    workspace.keep_linkage_weights(linkage.written(WEIGHTS))
    return pipeline.simulate(
        folder / "cohort/extracts",
        workspace,
        index_date=date.fromisoformat(INDEX_DATE),
        quarters=2,
        store=folder / "registry",
        policy_file=DEFAULT_POLICY,
        policy_only=True,
        truth=folder / "cohort/truth",
        plan=PLAN,
        tell=lambda _step: None,
    )


def test_the_lists_of_the_extracts_are_tried_and_the_truth_says_what_is_carried(result: Result) -> None:
    assert result.is_true_risk
    assert {"as planned", "80 % of slots"} <= set(result.figures["capacity"])
    assert result.figures["service_id"].n_unique() > 2
    carried = telling.events_avoided(result)
    assert (carried["events_while_waiting"] > 0).all()
    assert "pure risk" not in carried["order"], "there is no model"


def test_it_says_that_lists_know_of_a_referral_late(result: Result) -> None:
    assert result.weeks_until_known >= 1
    assert any("no order can offer a slot sooner" in sentence for sentence in telling.tell(result).sentences)


def test_a_report_among_the_extracts_is_refused(tmp_path: Path) -> None:
    places = ("--workspace", tmp_path / "w", "--html", tmp_path / "in/lab.html")
    done = risk_model("simulate", tmp_path / "in", "--index-date", INDEX_DATE, *places)
    assert done.returncode == 2 and "among the extracts" in done.stderr
    assert not (tmp_path / "w").exists()
