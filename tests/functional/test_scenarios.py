"""Worlds that are not the calibrated one run through the whole pipeline: nothing to find, and a feed that is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import coverage, features, linkage, snapshot, sources, worklist
from risk_model.keys import Purpose
from risk_model.synthetic import calibration, synthesise
from risk_model.workspace import Workspace
from tests.conftest import INDEX_DATE, answer, risk_model

COUNCIL = "879"
LOST = "cin_census"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a scenario's cohort, three councils small."""
    folder = tmp_path_factory.mktemp("scenarios")

    def make(scenario: str) -> Path:
        if not (folder / scenario).exists():
            synthesise(folder / scenario, scale="tiny_devon", scenario=scenario)
        return folder / scenario

    return make


def test_the_command_line_names_every_scenario() -> None:
    said = risk_model("synthesise", "--help").stdout.replace("│", " ")
    words = set(said.replace(";", " ").replace(".", " ").replace(",", " ").split())
    assert set(calibration.scenarios()) <= words


def test_where_there_is_nothing_to_find_no_model_is_in_force_and_the_policy_makes_the_list(
    cohort: Callable[[str], Path], tmp_path: Path
) -> None:
    made = cohort("null")
    places = ("--workspace", tmp_path / "w", "--registry", tmp_path / "r")
    judged = answer(risk_model("train", made / "extracts", *places, "--json"))
    assert judged["verdict"] == "no-go"
    done = risk_model("prioritise", made / "extracts", "--index-date", INDEX_DATE, *places)
    assert done.returncode == 0, done.stderr
    assert "no risk estimate is used: the newest model did not pass its test (no-go)" in done.stderr
    run = worklist.load(worklist.newest(tmp_path / "w/worklists"))
    assert (run.provenance["mode"], run.list.height > 0) == ("policy-only", True)


def test_a_lost_feed_is_refused_and_once_accepted_reads_not_known(
    cohort: Callable[[str], Path], tmp_path: Path
) -> None:
    extracts = cohort("council_feed_down") / "extracts"
    day = ("--index-date", INDEX_DATE, "--policy-only", "--workspace", tmp_path / "w")
    refused = risk_model("prioritise", extracts, *day)
    assert refused.returncode == 1
    assert f"{LOST}:{COUNCIL} is stale" in refused.stderr
    reason = "--reason=The council's case system is being rebuilt"
    done = risk_model("prioritise", extracts, *day, f"--accept-gap={LOST}:{COUNCIL}", reason)
    assert done.returncode == 0, done.stderr
    run = worklist.load(worklist.newest(tmp_path / "w/worklists"))
    frames = snapshot.known_frames(sources.check(extracts).frames, date.fromisoformat(INDEX_DATE))
    kept = Workspace(tmp_path / "w")
    vault, key = kept.vault_of(Purpose.DIRECT_CARE), kept.key(Purpose.DIRECT_CARE)
    register = linkage.open_register(vault, key, date.fromisoformat(INDEX_DATE))
    people = linkage.link(frames, register=register, weights=kept.linkage_weights())
    here = people.persons.filter(pl.col("home_la_code") == COUNCIL).select("person_id")
    listed = run.features.join(here, on="person_id", how="semi")
    told = [f.name for f in features.FEATURES if f.source and LOST in coverage.tellers_of(f.source)]
    assert listed.height > 0 and told
    for name in told:
        assert listed.filter(pl.col(name) == 0).is_empty(), name


def test_a_provider_that_sent_nothing_for_a_quarter_sends_again(cohort: Callable[[str], Path]) -> None:
    extracts = cohort("council_feed_down") / "extracts"
    header = pl.read_csv(extracts / "csds/CYP000Header.csv", infer_schema=False)
    months = header.filter(pl.col("OrgID_Provider") == "RK9")["RP_EndDate"].to_list()
    assert {"2025-06-30", "2025-10-31"} <= set(months)
    assert not {"2025-07-31", "2025-08-31", "2025-09-30"} & set(months)
    referrals = pl.read_csv(extracts / "csds/CYP101Referral.csv", infer_schema=False)
    assert referrals.join(header, on="UniqueSubmissionID", how="anti").is_empty()
