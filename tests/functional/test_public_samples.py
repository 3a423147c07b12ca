"""The readers meet public sample files that nobody on this project wrote (skipped where absent)."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from risk_model import contracts, sources

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"


@pytest.fixture(scope="module")
def checked() -> sources.CheckedExtracts:
    if not SAMPLES.is_dir():
        pytest.skip("the public sample files are not on this machine")
    return sources.check(SAMPLES)


@pytest.mark.parametrize(
    ("path", "source", "rows"),
    [
        # file of the samples folder                          return           rows, all of them accepted
        ("annex_a/Annex_A_2024_Jan.xlsx",                     "annex_a",       38),
        ("cin/BAR_cin_2022.xml",                              "cin_census",    9),
        ("cin/CIN2rows.xml",                                  "cin_census",    9),
        ("cin/CIN_Census_2021.xml",                           "cin_census",    None),
        ("cin/CIN_Census_2024.xml",                           "cin_census",    14),
        ("cin/CIN_Census_2026.xml",                           "cin_census",    14),
        ("cin/CIN_header_issues_100.xml",                     "cin_census",    None),
        ("cin/CIN_la_issues_2887Q.xml",                       "cin_census",    None),
        ("cin/fake_CIN_data.xml",                             "cin_census",    None),
        ("csds/CYP000Header.csv",                             "csds",          1),
        ("csds/CYP001MPI.csv",                                "csds",          1),
        ("csds/CYP101Referral.csv",                           "csds",          2),
        ("csds/CYP102ServiceTypeReferredTo.csv",              "csds",          1),
        ("csds/CYP104RTT.csv",                                "csds",          3),
        ("csds/CYP201CareContact.csv",                        "csds",          1),
        ("csds/CYP202CareActivity.csv",                       "csds",          1),
        ("csds/CYP602DisabilityType.csv",                     "csds",          1),
        ("csds/CYP612CodedAssessmentContact.csv",             "csds",          1),
        ("school_census/2025_spring_pupilonroll.csv",         "school_census", 300),
        ("school_census/2025_spring_pupilnolongeronroll.csv", "school_census", 50),
        ("school_census/2025_spring_senneeds.csv",            "school_census", 576),
        ("school_census/2025_spring_termlyexclusionsonroll.csv", "school_census", 208),
        ("ssda903/d2i/header.csv",                            "ssda903",       2675),
        ("ssda903/d2i/missing.csv",                           "ssda903",       43),
        ("ssda903/d2i/fake_903.xml",                          "ssda903",       None),
        ("ssda903/liia/SSDA903_2020_episodes.csv",            "ssda903",       5),
        ("ssda903/liia/SSDA903_2020_header.csv",              "ssda903",       5),
    ],
)  # fmt: skip
def test_each_file_gives_its_rows(
    checked: sources.CheckedExtracts, path: str, source: str, rows: int | None
) -> None:
    if not (SAMPLES / path).exists():
        pytest.skip(f"{path} is not among the public sample files on this machine")
    (file,) = [file for file in checked.files if file.path == path]
    counts = (
        checked.counts.filter(source_file=path).select(pl.col("rows", "accepted", "rejected").sum()).row(0)
    )
    assert (file.source, file.problem) == (source, None)
    assert counts == (file.rows, file.rows, 0) and file.rows == (file.rows if rows is None else rows) > 0


@pytest.mark.parametrize(
    ("path", "departure"),
    [
        ("cin/BAR_cin_2022.xml", "earlier_header|GenderCurrent"),
        ("cin/BAR_cin_2022.xml", "is_no_further_action|earlier_code"),
        ("cin/CIN2rows.xml", "earlier_header|GenderCurrent"),
        ("cin/CIN2rows.xml", "row|stray_text"),
        ("cin/CIN_Census_2024.xml", "sex_code|earlier_code"),
        ("cin/CIN_Census_2024.xml", "factor_code|not_in_open_code_list"),
        ("cin/CIN_Census_2024.xml", "row|stray_text"),
        ("cin/CIN_Census_2026.xml", "left_behind|PreProceedingsandFGDM"),
        ("cin/CIN_Census_2026.xml", "row|stray_text"),
        ("annex_a/Annex_A_2024_Jan.xlsx", "sex_code|letter_prefix_removed"),
        ("school_census/2025_spring_termlyexclusionsonroll.csv", "category_code|earlier_code"),
        ("ssda903/liia/SSDA903_2020_episodes.csv", "unknown_column|TEST_COLUMN"),
    ],
)
def test_each_departure_from_todays_edition_is_named(
    checked: sources.CheckedExtracts, path: str, departure: str
) -> None:
    assert departure in checked.findings.filter(source_file=path)["rule"].to_list()


def test_every_row_is_accounted_for(checked: sources.CheckedExtracts) -> None:
    delivered = {table for table in checked.frames}
    rows = sum(file.rows for file in checked.files if set(file.tables) & delivered)
    assert rows == sum(frame.height for frame in checked.frames.values()) + checked.rejected.height


def test_every_children_in_need_file_is_read_in_spite_of_its_faults(checked: sources.CheckedExtracts) -> None:
    files = [file for file in checked.files if file.path.startswith("cin/") and file.path.endswith(".xml")]
    assert files and all(file.source == "cin_census" and file.problem is None for file in files)
    episodes = checked.frames["cin_episode"]
    assert episodes["is_no_further_action"].null_count() < episodes.height
    assert set(checked.frames["cin_child"]["sex_code"]) <= {"M", "F", "U", None}


def test_hashed_needs_fall_to_unknown_and_hashed_numbers_keep_the_pupil(
    checked: sources.CheckedExtracts,
) -> None:
    assert checked.frames["school_census_need"]["need_type_code"].is_null().all()
    pupils = checked.frames["school_census_pupil"]
    assert pupils.height == 300 and pupils["upn"].is_null().all() and not pupils["born_on"].is_null().any()
    assert not checked.frames["school_census_need"]["known_on"].is_null().any()


def test_junk_codes_in_csds_are_counted_not_believed(checked: sources.CheckedExtracts) -> None:
    referrals = checked.frames["csds_referral"]
    assert referrals["priority_code"].is_null().all() and set(referrals["reason_code"]) == {"SICK"}
    assert set(referrals["provider_code"]) == {"RJ6"}


def test_the_column_nobody_knows_is_named(checked: sources.CheckedExtracts) -> None:
    assert "unknown_column|TEST_COLUMN" in checked.findings["rule"].to_list()


def test_bad_check_letters_are_reported_and_every_child_kept(checked: sources.CheckedExtracts) -> None:
    if not (SAMPLES / "ssda903/d2i/header.csv").exists():
        pytest.skip("ssda903/d2i/header.csv is not among the public sample files on this machine")
    found = checked.findings.filter(source_file="ssda903/d2i/header.csv", rule="upn_check_letter")
    assert found["rows"].to_list() == [2568]


def test_files_of_other_kinds_are_listed_with_a_reason(checked: sources.CheckedExtracts) -> None:
    others = [file for file in checked.files if file.source is None]
    assert others and all((file.problem or file.left_behind) and file.rows == 0 for file in others)
    left_behind = {file.left_behind for file in others if file.path.startswith("csds/CYP")}
    assert {"CYP603NewbornHearingScreening", "CYP606ProvDiag"} < left_behind and None not in left_behind


def test_no_sample_value_is_quoted(checked: sources.CheckedExtracts) -> None:
    said = " ".join(str(file.problem) for file in checked.files) + str(checked.findings.rows())
    identifiers = checked.frames["looked_after_missing"]["la_child_id"].to_list()
    assert not any(identifier in said for identifier in identifiers)
    assert set(checked.rejected.columns) == {
        "table",
        "source_file",
        "source_row",
        "contract",
        "version",
        "rules",
    }
    assert set(checked.rejected["contract"]) <= set(contracts.load())
