"""`synthesise` end to end at the tiny scale: same bytes, truth apart, partners' own files."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from risk_model import sources
from risk_model.errors import UserError
from risk_model.synthetic import STAGES, stages, synthesise
from tests.digests import digests

THREADS = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
COUNCILS = {"879": "879-plymouth", "878": "878-devon", "880": "880-torbay"}


@pytest.fixture(scope="session")
def tiny_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort") / "tiny"
    synthesise(out, scale="tiny")
    return out


@pytest.fixture(scope="session")
def tiny_devon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort") / "tiny_devon"
    synthesise(out, scale="tiny_devon")
    return out


def test_the_same_seed_gives_the_same_bytes(tiny_cohort: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    synthesise(tmp_path / "again", scale="tiny", progress=lambda stage, share: stages.append(stage))
    assert digests(tiny_cohort) == digests(tmp_path / "again")
    assert tuple(stages) == STAGES


def test_one_thread_or_two_give_the_same_bytes(tmp_path: Path) -> None:
    for count in ("1", "2"):
        command = [sys.executable, "-m", "risk_model", "synthesise", str(tmp_path / count)]
        threads = dict.fromkeys(THREADS, count)
        subprocess.run([*command, "--scale", "tiny_devon"], env=os.environ | threads, check=True)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


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
        "observables.parquet",
    }
    for file in (tiny_cohort / "extracts").rglob("*.csv"):
        assert "child_id" not in file.read_text(encoding="utf-8").split("\n", 1)[0].lower().split(",")


def test_every_partner_sends_its_own_files(tiny_cohort: Path) -> None:
    folders = {item.name for item in (tiny_cohort / "extracts").iterdir()}
    of_councils = {"attendance", "cin_census", "safeguarding", "school_census", "sen2", "ssda903"}
    assert folders == of_councils | {"csds", "patient_index", "wlmds"}
    for file in (tiny_cohort / "extracts").rglob("*.xml"):
        root = ElementTree.parse(file).getroot()
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
    numbered = pl.concat(
        people.select("born_on", nhs_number=name).drop_nulls() for name in ("nhs_number", "former_nhs_number")
    )
    known = patients.filter(pl.col("NHSNumber").is_not_null()).join(
        numbered, left_on="NHSNumber", right_on="nhs_number"
    )
    assert known.height == patients["NHSNumber"].count()
    assert 0.98 < (known["DateOfBirth"] == known["born_on"]).mean() < 1


@pytest.mark.parametrize(
    ("scale", "scenario", "words"),
    [
        ("galaxy", "base", "Known scales: devon, .*plymouth, tiny, tiny_devon"),
        ("tiny", "nosuch", "Known scenarios: .*base, .*null"),
    ],
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


def test_the_patient_index_tells_what_was_known_when(tiny_cohort: Path) -> None:
    index = _rows(tiny_cohort / "extracts/patient_index", "*.csv")
    assert index["RecordedDate"].max() <= "2026-11-20"  # type: ignore[operator]
    assert index.select("LocalPatientID", "RecordedDate").is_unique().all()
    patients = pl.read_csv(tiny_cohort / "extracts/csds/CYP001MPI.csv", infer_schema_length=0)
    assert set(patients["LocalPatientID"]) <= set(index["LocalPatientID"])
    assert index["FamilyName"].n_unique() < 0.8 * index["LocalPatientID"].n_unique()
    changed = index.group_by("LocalPatientID").agg(pl.col("Postcode").n_unique())
    assert 0.1 < (changed["Postcode"] > 1).mean() < 0.6  # type: ignore[operator]


def test_a_few_patients_are_registered_twice(tiny_cohort: Path) -> None:
    index = _rows(tiny_cohort / "extracts/patient_index", "*.csv").select("OrgID_Provider", "LocalPatientID")
    people = pl.read_parquet(tiny_cohort / "truth/identities.parquet").filter(~pl.col("is_adopted"))
    known = people.explode("local_patient_ids").join(
        index.unique(), left_on="local_patient_ids", right_on="LocalPatientID"
    )
    records = known.group_by("child_id", "OrgID_Provider").len()
    assert 0.025 < (records["len"] - 1).sum() / known.height < 0.055


def test_an_adoption_is_seen_in_one_system_at_a_time(tiny_cohort: Path) -> None:
    people = pl.read_parquet(tiny_cohort / "truth/identities.parquet").filter("is_adopted")
    assert people.height > 0
    assert people["former_nhs_number"].null_count() == 0
    index = _rows(tiny_cohort / "extracts/patient_index", "*.csv")
    known = people.explode("local_patient_ids").join(
        index, left_on="local_patient_ids", right_on="LocalPatientID"
    )
    assert known.group_by("local_patient_ids").agg(pl.col("NHSNumber").n_unique())["NHSNumber"].max() == 1
    assert set(known["NHSNumber"]) <= {*people["nhs_number"], *people["former_nhs_number"], None}
    council = _rows(tiny_cohort / "extracts/safeguarding/879-plymouth", "*/ssd_person.csv")
    assert not set(council["pers_common_child_id"]) & set(people["nhs_number"])
    ended = _rows(tiny_cohort / "extracts/ssda903/879-plymouth", "*/episodes.csv")
    assert set(ended.filter(pl.col("REC") == "E12")["CHILD"]) <= set(people["la_child_id"])


def test_the_safeguarding_dataset_says_who_children_are_and_nothing_else(tiny_cohort: Path) -> None:
    council = tiny_cohort / "extracts/safeguarding/879-plymouth"
    tables = {"ssd_person.csv", "ssd_linked_identifiers.csv", "ssd_address.csv"}
    for quarter in council.iterdir():
        assert {file.name for file in quarter.iterdir()} == tables
        lived = _rows(quarter, "ssd_address.csv")
        for column in ("addr_address_start_date", "addr_address_end_date"):
            assert lived.filter(pl.col(column) > quarter.name).is_empty()
    newest = _rows(council / "2026-09-30", "ssd_person.csv")
    assert 0.78 < newest["pers_common_child_id"].count() / newest.height < 0.92


def test_a_period_in_care_is_counted_once_however_often_the_child_moves(tiny_cohort: Path) -> None:
    frames = sources.check(tiny_cohort / "extracts").frames
    child = ("la_code", "la_child_id")
    for day in (date(2024, 7, 1), date(2025, 7, 1), date(2026, 11, 20)):
        known = frames["looked_after_episode"].filter(pl.col("known_on") <= day)
        newest = known.sort("known_on").unique((*child, "started_on"), keep="last")
        in_care = newest.filter(pl.col("ended_on").is_null())
        assert in_care.select(child).is_unique().all()
        listed = frames["looked_after_child"].filter(pl.col("known_on") == known["known_on"].max())
        assert in_care.join(listed, on=child, how="anti").is_empty()
    moves = newest["reason_started_code"].value_counts()
    assert set(moves["reason_started_code"]) == {"S", "P"}


def test_three_councils_come_again_with_the_same_bytes(tiny_devon: Path, tmp_path: Path) -> None:
    told: list[str] = []
    synthesise(tmp_path / "again", scale="tiny_devon", progress=lambda stage, share: told.append(stage))
    assert digests(tiny_devon) == digests(tmp_path / "again")
    assert tuple(told) == stages("tiny_devon")


def test_each_council_sends_its_returns_in_its_own_folder(tiny_devon: Path) -> None:
    extracts = tiny_devon / "extracts"
    for name in ("school_census", "attendance", "sen2", "cin_census", "ssda903"):
        assert {item.name for item in (extracts / name).iterdir()} == set(COUNCILS.values()), name
    for code, folder in COUNCILS.items():
        for file in [*extracts.rglob(f"{folder}/*.xml")]:
            assert ElementTree.parse(file).getroot().findtext("Header/Source/LEA") == code
            assert f"_{code}_" in file.name
        assert set(_rows(extracts / "attendance" / folder, "*.csv")["la_code"]) == {code}
        assert set(_rows(extracts / "school_census" / folder, "*_schoolcensus.csv")["lea"]) == {code}


def test_returns_of_a_council_hold_its_own_children_only(tiny_devon: Path) -> None:
    people = pl.read_parquet(tiny_devon / "truth/identities.parquet")
    for code, folder in COUNCILS.items():
        own = people.filter(pl.col("la_code") == code)
        ids, upns = set(own["la_child_id"]), set(own["upn"])
        extracts = tiny_devon / "extracts"
        assert set(_rows(extracts / "ssda903" / folder, "*/episodes.csv")["CHILD"]) <= ids
        assert _texts(extracts / "cin_census" / folder, "LAchildID") <= ids
        for name in ("cin_census", "sen2"):
            found = _texts(extracts / name / folder, "UPN")
            assert found and found <= upns, (name, code)


def test_pupils_near_a_border_are_in_the_census_of_the_school_and_in_the_returns_of_home(
    tiny_devon: Path,
) -> None:
    homes = pl.read_parquet(tiny_devon / "truth/identities.parquet").select("upn", home="la_code")
    extracts = tiny_devon / "extracts"
    cross = _pupils(tiny_devon).join(homes, on="upn").filter(pl.col("home") != pl.col("council"))
    assert set(cross.select("home", "council").unique().rows()) == {
        ("879", "878"),
        ("878", "879"),
        ("878", "880"),
        ("880", "878"),
    }
    assert 0.005 < cross["upn"].n_unique() / _pupils(tiny_devon)["upn"].n_unique() < 0.04
    attending = pl.concat(_rows(extracts / "attendance" / folder, "*.csv") for folder in COUNCILS.values())
    there = attending.join(cross.select("upn", la_code="council").unique(), on=("upn", "la_code"))
    assert there["upn"].n_unique() > 5
    with_plan = set().union(*(_texts(extracts / "sen2" / folder, "UPN") for folder in COUNCILS.values()))
    assert with_plan & set(cross["upn"])


def test_a_child_placed_next_door_may_go_to_school_there_for_a_time(tiny_devon: Path) -> None:
    people = pl.read_parquet(tiny_devon / "truth/identities.parquet").select(
        "upn", "la_child_id", home="la_code"
    )
    extracts = tiny_devon / "extracts"
    in_care = set(
        pl.concat(_rows(extracts / "ssda903" / folder, "*/episodes.csv") for folder in COUNCILS.values())[
            "CHILD"
        ]
    )
    pupils = _pupils(tiny_devon).join(people, on="upn").filter(pl.col("la_child_id").is_in(in_care))
    councils = pupils.group_by("la_child_id", "home").agg(pl.col("council").unique())
    for_a_time = councils.filter(
        (pl.col("council").list.len() > 1) & pl.col("council").list.contains(pl.col("home"))
    )
    assert for_a_time.height > 0


def test_nothing_that_names_a_child_or_school_is_used_by_two_councils(tiny_devon: Path) -> None:
    people = pl.read_parquet(tiny_devon / "truth/identities.parquet")
    for name in ("child_id", "nhs_number", "upn", "la_child_id"):
        assert people[name].is_unique().all(), name
    assert people["local_patient_ids"].explode().is_unique().all()
    pupils = _pupils(tiny_devon)
    assert pupils.select("census", "pupilonrolltableid").is_unique().all()
    schools = pl.concat(
        _rows(tiny_devon / "extracts/school_census" / folder, "*_schoolcensus.csv").select("urn", "lea")
        for folder in COUNCILS.values()
    )
    assert schools.unique()["urn"].is_unique().all()


def test_each_provider_serves_its_own_councils(tiny_devon: Path) -> None:
    people = pl.read_parquet(tiny_devon / "truth/identities.parquet").select("nhs_number", "la_code")
    patients = _rows(tiny_devon / "extracts/csds", "CYP001MPI.csv").join(
        people, left_on="NHSNumber", right_on="nhs_number"
    )
    served = patients.select("OrgID_Provider", "la_code").unique().rows()
    assert set(served) == {
        ("NR5", "879"),
        ("RK9", "879"),
        ("RH8", "878"),
        ("RA9", "878"),
        ("RA9", "880"),
    }
    sent = _rows(tiny_devon / "extracts/csds", "CYP000Header.csv")
    assert set(sent["OrgID_Provider"]) == {"NR5", "RK9", "RH8", "RA9"}
    assert sent["UniqueSubmissionID"].is_unique().all()
    assert {file.name for file in (tiny_devon / "extracts/wlmds").iterdir()} == {
        f"wlmds_open_pathways_{code}.csv" for code in ("RK9", "RH8", "RA9")
    }


def test_every_row_of_three_councils_is_accepted(tiny_devon: Path) -> None:
    checked = sources.check(tiny_devon / "extracts")
    assert checked.rejected.height == 0
    assert checked.gaps == []


def _rows(folder: Path, pattern: str) -> pl.DataFrame:
    """All rows of the files of a folder, as text, with the beginning of each file's name."""
    files = [
        pl.read_csv(file, infer_schema_length=0).with_columns(census=pl.lit(file.name.rsplit("_", 1)[0]))
        for file in sorted(folder.glob(pattern))
    ]
    return pl.concat(files, how="diagonal")


def _pupils(cohort: Path) -> pl.DataFrame:
    """Every pupil of every School Census, with the council whose census it is."""
    councils = [
        _rows(cohort / "extracts/school_census" / folder, "*_pupilonroll.csv").with_columns(
            council=pl.lit(code)
        )
        for code, folder in COUNCILS.items()
    ]
    return pl.concat(councils, how="diagonal")


def _texts(folder: Path, tag: str) -> set[str]:
    """The texts of an element in all XML files of a folder."""
    return {
        str(element.text)
        for file in folder.glob("*.xml")
        for element in ElementTree.parse(file).getroot().iter(tag)
    }
