"""`synthesise` end to end at the tiny scale: same bytes, truth apart, partners' own files."""

import hashlib
import json
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from risk_model import sources
from risk_model.errors import UserError
from risk_model.synthetic import STAGES, stages, synthesise

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


def test_three_councils_come_again_with_the_same_bytes(tiny_devon: Path, tmp_path: Path) -> None:
    told: list[str] = []
    synthesise(tmp_path / "again", scale="tiny_devon", progress=lambda stage, share: told.append(stage))
    assert _digests(tiny_devon) == _digests(tmp_path / "again")
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
    return pl.concat(
        pl.read_csv(file, infer_schema_length=0).with_columns(census=pl.lit(file.name.rsplit("_", 1)[0]))
        for file in sorted(folder.glob(pattern))
    )


def _pupils(cohort: Path) -> pl.DataFrame:
    """Every pupil of every School Census, with the council whose census it is."""
    return pl.concat(
        _rows(cohort / "extracts/school_census" / folder, "*_pupilonroll.csv").with_columns(
            council=pl.lit(code)
        )
        for code, folder in COUNCILS.items()
    )


def _texts(folder: Path, tag: str) -> set[str]:
    """The texts of an element in all XML files of a folder."""
    return {
        str(element.text)
        for file in folder.glob("*.xml")
        for element in ElementTree.parse(file).getroot().iter(tag)
    }


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(item for item in folder.rglob("*") if item.is_file())
    return {str(item.relative_to(folder)): hashlib.sha256(item.read_bytes()).hexdigest() for item in files}
