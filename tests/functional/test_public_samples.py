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


@pytest.mark.parametrize("source", ["cin_census", "ssda903", "school_census", "csds"])
def test_rows_of_each_return_are_accepted(checked: sources.CheckedExtracts, source: str) -> None:
    totals = checked.summary().filter(pl.col("source") == source, pl.col("severity") == "accepted")
    assert totals["rows"].sum() > 0


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
        pytest.skip("the large SSDA903 header file is not on this machine")
    children = checked.frames["looked_after_child"].filter(pl.col("source_file") == "ssda903/d2i/header.csv")
    assert (children.height, children["upn"].drop_nulls().len()) == (2675, 107)


def test_files_of_other_kinds_are_listed_with_a_reason(checked: sources.CheckedExtracts) -> None:
    others = [file for file in checked.files if file.source is None]
    assert others and all(file.problem and file.rows == 0 for file in others)


def test_no_sample_value_is_quoted(checked: sources.CheckedExtracts) -> None:
    said = " ".join(str(file.problem) for file in checked.files) + str(checked.summary().rows())
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
