"""`synthesise` end to end at the tiny scale: same bytes, truth apart, partners' own files."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from lxml import etree

from risk_model.errors import UserError
from risk_model.synthetic import STAGES, stages, synthesise


@pytest.fixture(scope="session")
def tiny_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort") / "tiny"
    synthesise(out, scale="tiny")
    return out


def test_the_same_seed_gives_the_same_bytes(tiny_cohort: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    synthesise(tmp_path / "again", scale="tiny", progress=lambda stage, share: stages.append(stage))
    assert _digests(tiny_cohort) == _digests(tmp_path / "again")
    assert tuple(stages) == STAGES


def test_another_seed_gives_other_children(tiny_cohort: Path, tmp_path: Path) -> None:
    synthesise(tmp_path / "other", scale="tiny", seed=1)
    ours, others = (folder / "extracts/csds/CYP001MPI.csv" for folder in (tiny_cohort, tmp_path / "other"))
    assert ours.read_bytes() != others.read_bytes()


def test_truth_is_apart_from_the_extracts(tiny_cohort: Path) -> None:
    assert {item.name for item in tiny_cohort.iterdir()} == {"extracts", "truth"}
    names = {item.name for item in (tiny_cohort / "truth").iterdir()}
    assert names == {
        "cohort.json",
        "events.parquet",
        "hazards.parquet",
        "identities.parquet",
        "latents.parquet",
    }
    for file in (tiny_cohort / "extracts").rglob("*.csv"):
        assert "child_id" not in file.read_text(encoding="utf-8").split("\n", 1)[0].lower().split(",")


def test_every_partner_sends_its_own_files(tiny_cohort: Path) -> None:
    folders = {item.name for item in (tiny_cohort / "extracts").iterdir()}
    assert folders == {"attendance", "cin_census", "csds", "school_census", "sen2", "ssda903", "wlmds"}
    for file in (tiny_cohort / "extracts").rglob("*.xml"):
        root = etree.parse(file).getroot()
        assert root.findtext("Header/Source/LEA") == "879"


def test_no_council_file_holds_an_nhs_number_and_no_health_file_a_upn(tiny_cohort: Path) -> None:
    people = pl.read_parquet(tiny_cohort / "truth/identities.parquet")
    numbers, upns = set(people["nhs_number"]), set(people["upn"])
    extracts = tiny_cohort / "extracts"
    for folder, forbidden in (
        ("csds", upns),
        ("wlmds", upns),
        ("school_census", numbers),
        ("ssda903", numbers),
    ):
        for file in (extracts / folder).rglob("*.csv"):
            words = set(file.read_text(encoding="utf-8").replace("\n", ",").split(","))
            assert not words & forbidden, folder


def test_health_files_hold_nothing_after_the_last_submission(tiny_cohort: Path) -> None:
    for name, column in (
        ("CYP101Referral", "ReferralRequest_ReceivedDate"),
        ("CYP201CareContact", "Contact_Date"),
    ):
        dates = pl.read_csv(tiny_cohort / f"extracts/csds/{name}.csv", infer_schema_length=0)[column]
        assert dates.max() <= "2026-10-31"


def test_hazards_are_told_at_every_landmark(tiny_cohort: Path) -> None:
    facts = json.loads((tiny_cohort / "truth/cohort.json").read_text(encoding="utf-8"))
    hazards = pl.read_parquet(tiny_cohort / "truth/hazards.parquet")
    assert facts["index_date"] == "2026-11-20"
    assert [str(on) for on in hazards["on"].unique().sort()] == facts["landmarks"]
    assert hazards["risk_26_weeks"].is_between(0, 1).all()
    assert 0.10 < hazards["risk_26_weeks"].mean() < 0.20


def test_a_child_seen_through_two_systems_is_the_same_child(tiny_cohort: Path) -> None:
    people = pl.read_parquet(tiny_cohort / "truth/identities.parquet").with_columns(
        pl.col("born_on").cast(pl.String)
    )
    patients = pl.read_csv(tiny_cohort / "extracts/csds/CYP001MPI.csv", infer_schema_length=0)
    known = patients.filter(pl.col("NHSNumber").is_not_null()).join(
        people, left_on="NHSNumber", right_on="nhs_number"
    )
    assert known.height == patients["NHSNumber"].count()
    assert 0.98 < (known["DateOfBirth"] == known["born_on"]).mean() < 1


@pytest.mark.parametrize(
    ("scale", "scenario", "words"),
    [("galaxy", "base", "Known scales: devon, plymouth, tiny, tiny_devon"), ("tiny", "nosuch", "Known scenarios: base, null")],
)
def test_an_unknown_name_is_a_mistake_one_can_mend(
    tmp_path: Path, scale: str, scenario: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        synthesise(tmp_path / "out", scale=scale, scenario=scenario)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UserError, match="Expected a new or empty one"):
        synthesise(tmp_path, scale="tiny")
    assert [item.name for item in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(stage: str, share: float) -> None:
        if stage == "school extracts":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(tmp_path / "out", scale="tiny", progress=stop)
    assert list(tmp_path.iterdir()) == []


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(item for item in folder.rglob("*") if item.is_file())
    return {str(item.relative_to(folder)): hashlib.sha256(item.read_bytes()).hexdigest() for item in files}
