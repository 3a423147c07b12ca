"""The main job, end to end at Plymouth scale, as a person runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from risk_model import registry, worklist
from service import store
from service.app import create_app
from service.settings import Settings
from tests.conftest import Journey, answer, risk_model
from tests.functional.service.conftest import Visitor


def test_the_cohort_has_the_size_of_plymouth(journey: Journey) -> None:
    assert json.loads((journey.truth / "cohort.json").read_text())["index_date"] == "2026-11-20"
    waiting = worklist.load(journey.runs[0]).list
    assert 2_800 <= waiting.height <= 3_400
    assert waiting["service_id"].n_unique() == 6


def test_the_model_finds_more_true_risk_than_longest_wait_and_count_of_needs(journey: Journey) -> None:
    judged = answer(
        risk_model("evaluate", "--workspace", journey.workspace, "--truth", journey.truth, "--json")
    )
    assert judged["verdict"] == "go"
    for rule in ("longest wait", "count of needs"):
        assert judged["truth"]["model_minus_rule"][rule]["low"] > 0
    assert judged["truth"]["rows_without_truth"] <= 0.02 * judged["truth"]["rows"]


def test_nothing_of_the_future_leaks_into_the_features(journey: Journey) -> None:
    judged = answer(risk_model("evaluate", "--workspace", journey.workspace, "--json"))
    assert 0.60 < judged["auc"]["model"] < 0.79


def test_the_promoted_model_makes_the_list_and_no_wire_trips(journey: Journey) -> None:
    told = worklist.load(journey.runs[0]).provenance
    assert (told["mode"], told["model"]["version"], told["no_estimate_because"]) == ("model", 1, None)
    assert told["tripwires"]["digest"] == told["model"]["digest"]
    assert [wire["is_tripped"] for wire in told["tripwires"]["wires"]] == [False] * 3


def test_whom_a_version_ranked_is_every_place_of_the_runs_made_with_it(journey: Journey) -> None:
    with_model = [run for run in map(worklist.load, journey.runs) if run.provenance["mode"] == "model"]
    places, unreadable = registry.ranked(
        journey.workspace / "worklists", with_model[0].provenance["model"]["digest"]
    )
    assert (places.height, unreadable) == (sum(run.list.height for run in with_model), [])
    assert set(places["person_id"]) == {child for run in with_model for child in run.list["person_id"]}


def test_two_runs_are_the_same_bytes_but_for_when_and_the_run_before(journey: Journey) -> None:
    first, second = journey.runs[:2]
    assert [path.name for path in sorted(first.iterdir())] == [path.name for path in sorted(second.iterdir())]
    for path in first.iterdir():
        if path.name != worklist.PROVENANCE:
            assert path.read_bytes() == (second / path.name).read_bytes(), path.name
    told = [json.loads((run / worklist.PROVENANCE).read_bytes()) for run in (first, second)]
    assert all(facts.pop("made").startswith("20") for facts in told)
    assert [facts["moves"].pop("compared_with") for facts in told] == [None, first.name]
    assert told[0] == told[1]


def test_a_run_is_made_again_from_its_folder_alone(journey: Journey, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(journey.runs[0], tmp_path / "2026-11-20-r1"))
    done = risk_model("verify", moved)
    assert (done.returncode, done.stderr) == (0, "")
    assert "agrees" in done.stdout


@pytest.mark.parametrize(
    "file",
    [
        "contributions.parquet",
        "features.parquet",
        "list.parquet",
        "measures.parquet",
        "flow.parquet",
        "person_changes.parquet",
        "policy.yaml",
        "provenance.json",
        "scorecard.json",
    ],
)
def test_one_changed_byte_of_any_file_is_found_and_the_file_is_named(
    journey: Journey, tmp_path: Path, file: str
) -> None:
    folder = Path(shutil.copytree(journey.runs[0], tmp_path / "2026-11-20-r1"))
    content = bytearray((folder / file).read_bytes())
    for place in (0, len(content) // 2, len(content) - 1):
        changed = content.copy()
        changed[place] ^= 1
        (folder / file).write_bytes(changed)
        assert any(file in finding for finding in worklist.verify(folder)), place
    assert risk_model("verify", folder).returncode == 1


def test_a_list_that_was_sealed_but_does_not_follow_from_its_inputs_is_found(
    journey: Journey, tmp_path: Path
) -> None:
    run = worklist.load(journey.runs[0])
    swapped = run.list.with_columns(place=pl.col("place").reverse().over("service_id"))
    files = {
        "list": swapped,
        "contributions": run.contributions,
        "reasons": run.reasons,
        "measures": run.measures,
        "features": run.features,
    }
    documents = {name: (run.folder / name).read_bytes() for name in ("policy.yaml", "scorecard.json")}
    facts = {key: value for key, value in run.provenance.items() if key not in ("made", "outputs")}
    forged = worklist.save(tmp_path, "2026-11-20", files | documents, facts)
    assert worklist.verify(forged) == [
        "list.parquet does not follow from its inputs: computed again, it differs."
    ]


def test_every_child_who_waits_has_a_place_a_rule_and_a_date_or_its_cause(journey: Journey) -> None:
    listed = worklist.load(journey.runs[0]).list
    for (_,), service in listed.group_by("service_id"):
        assert sorted(service["place"]) == list(range(1, service.height + 1))
    assert listed["deciding_rule"].null_count() == 0
    assert listed.filter(pl.col("latest_on").is_null() == pl.col("no_date_reason").is_null()).is_empty()
    assert (listed["best_place"] <= listed["place"]).all() and (
        listed["place"] <= listed["worst_place"]
    ).all()
    assert listed["risk"].is_between(0, 1).all()


def test_contributions_multiply_to_the_childs_rate(journey: Journey) -> None:
    run = worklist.load(journey.runs[0])
    card = json.loads((run.folder / "scorecard.json").read_bytes())
    mean = card["base"] + sum(term["mean"] for term in card["terms"])
    products = run.contributions.group_by("person_id").agg(pl.col("log_factor").sum())
    compared = run.list.join(products, on="person_id").select(
        "risk", again=1 - (-((mean + pl.col("log_factor")).exp()) * card["baseline_exposure"]).exp()
    )
    assert (compared["risk"] - compared["again"]).abs().max() < 1e-9


def test_no_identifier_of_a_child_stands_in_a_run(journey: Journey) -> None:
    people = pl.read_parquet(journey.truth / "identities.parquet")
    identifiers = set(people["nhs_number"].drop_nulls()) | set(people["upn"].drop_nulls())
    run = worklist.load(journey.runs[0])
    for frame in (run.list, run.contributions, run.features, run.measures):
        for name in frame.select(pl.col(pl.String)).columns:
            assert identifiers.isdisjoint(frame[name]), name


def test_without_a_model_the_policy_makes_the_list_and_it_verifies(journey: Journey, tmp_path: Path) -> None:
    empty = ("--workspace", tmp_path / "workspace", "--registry", tmp_path / "registry")
    day = ("--index-date", "2026-11-20")
    refused = risk_model("prioritise", journey.extracts, *day, *empty)
    assert (refused.returncode, "--policy-only" in refused.stderr) == (2, True)
    done = risk_model("prioritise", journey.extracts, *day, *empty, "--policy-only")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "workspace/worklists/2026-11-20-r1"
    assert worklist.verify(folder) == []
    run = worklist.load(folder)
    assert (run.provenance["mode"], run.list["risk"].is_null().all(), run.contributions.height) == (
        "policy-only",
        True,
        0,
    )


def test_the_service_shows_the_run_and_the_auditor_finds_that_it_agrees(
    journey: Journey, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/service.db"
    store.migrate(database)
    app = create_app(Settings(worklists=journey.workspace / "worklists", database=database, demo=True))
    listed = Visitor(app, "r-demo").page("/lists/nr5-speech-and-language-therapy")
    assert listed.count("es-row-link") == 50
    assert "Draft policy, not signed." in listed
    audited = Visitor(app, "a-demo").page(f"/audit/runs/{journey.runs[0].name}")
    assert "The list agrees." in audited
    app.state.parts.store.engine.dispose()


def test_one_place_is_explained_on_the_command_line(journey: Journey) -> None:
    first = worklist.load(journey.runs[0]).list.row(0, named=True)
    told = risk_model("explain", journey.runs[0], first["child_reference"].lower())
    assert told.returncode == 0
    assert first["deciding_rule"][:20] in told.stdout
    as_json = answer(risk_model("explain", journey.runs[0], first["referral_id"], "--json"))
    assert as_json["places"][0]["place"] == first["place"]
