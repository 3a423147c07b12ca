"""A promoted model whose list is unlike anything it learned from is stopped where `prioritise` would use it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from risk_model import pipeline, registry, scorecard, worklist
from risk_model.keys import Purpose
from risk_model.model import Fit
from risk_model.policy import DEFAULT_POLICY
from risk_model.synthetic import synthesise
from risk_model.workspace import Workspace
from service import notices
from tests.conftest import INDEX_DATE, Journey


def _learned_where_sen_was_unknown(journey: Journey) -> Fit:
    """Plymouth's model, as if no child's SEN had been known in the rows of its fit."""
    document = json.loads((journey.runs[0] / "scorecard.json").read_bytes())
    for part in document["inputs"]["features"]:
        if part["feature"] == "sen_support_or_plan":
            part["shares"] = {quarter: [0.0, 0.0, 1.0] for quarter in part["shares"]}
    card = scorecard.sealed(document)
    return Fit(card, card, None)


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_the_list_of_a_stopped_model_is_policy_only_says_why_and_verifies(
    journey: Journey, tmp_path: Path
) -> None:
    synthesise(tmp_path / "town", scale="tiny")
    workspace, store = Workspace(tmp_path / "w"), tmp_path / "mlruns"
    name = registry.deployment(workspace.key(Purpose.REGISTRY))
    registry.record(
        store, name, _learned_where_sen_was_unknown(journey), verdict="go", because=[], figures={}, facts={}
    )
    registry.promote(store, name, None, by="A. Lead", agreed_by="B. Analyst", reason="It passed its test")
    folder = pipeline.prioritise(
        tmp_path / "town/extracts",
        workspace,
        index_date=date.fromisoformat(INDEX_DATE),
        store=store,
        policy_file=DEFAULT_POLICY,
        policy_only=False,
        tell=lambda step: None,
    )
    run = worklist.load(folder)
    assert (run.provenance["mode"], run.provenance["model"]) == ("policy-only", None)
    assert run.list.height > 0 and run.list["risk"].null_count() == run.list.height
    wires = {wire["name"]: wire["is_tripped"] for wire in run.provenance["tripwires"]["wires"]}
    assert wires["input drift"] and set(wires) == {"input drift", "calibration", "leakage"}
    assert run.provenance["tripwires"]["digest"] == registry.versions(store, name)[0].digest
    because = run.provenance["no_estimate_because"]
    assert because.startswith("the model was stopped by a tripwire, input drift: the children are unlike")
    [said] = [n for n in notices.standing(run.provenance) if n.strong == "No risk estimate is used."]
    assert because in said.rest
    assert worklist.verify(folder) == []
