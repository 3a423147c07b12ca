"""What partners write, and what we read. Each table is a small file as it comes and as it is understood."""

from __future__ import annotations

import polars as pl
import pytest

from tests.reading import check


def read(table: str, column: str, written: list[str], **others: str) -> list[object]:
    """The values of one column of a contract after reading, row by row."""
    frame = pl.DataFrame({column: written, **{name: [text] * len(written) for name, text in others.items()}})
    checked = check(table, frame)
    assert checked.rejected.is_empty()
    return checked.accepted[column].to_list()


CONTACT = {
    "provider_code": "RK9",
    "period_ended_on": "2024-01-31",
    "care_contact_id": "1",
    "service_request_id": "a",
    "contact_on": "2024-01-09",
}
PUPIL = {"pupil_id": "1"}


@pytest.mark.parametrize(
    ("table", "column", "others", "meaning"),
    [
        ("csds_contact", "attendance_code", CONTACT, {"5": "5", "05": "5", "7": "7", "9": None, "": None}),
        ("csds_contact", "consultation_type_code", CONTACT, {"1": "01", "02": "02", "x": None}),
        ("school_census_pupil", "sen_provision_code", PUPIL, {"E": "E", "k": "K", "S": "S", "Z": None}),
        ("school_census_pupil", "sex_code", PUPIL, {"F": "F", "1": "M", "2": "F", "9": "U", "B": None}),
        ("school_census_pupil", "year_group_code", PUPIL, {"R": "R", "03": "3", "3.0": "3", "Q": "Q"}),
        ("school_census_need", "need_type_code", PUPIL, {"SLCN": "SLCN", "ds": "DS", "73e987da": None}),
        ("school_census_need", "need_rank", PUPIL, {"1.0": 1, "2": 2, "0": None, "first": None}),
        ("looked_after_episode", "legal_status_code", {"la_child_id": "1", "started_on": "01/02/2024"},
         {"V3": "V3", "c2": "C2", "L9": None}),
        ("cin_episode", "is_no_further_action",
         {"la_child_id": "1", "episode_key": "2024-02-01", "referred_on": "2024-02-01"},
         {"0": False, "1": True, "false": False, "True": True, "perhaps": None}),
    ],
)  # fmt: skip
def test_a_code_is_read_whatever_its_spelling(
    table: str, column: str, others: dict[str, str], meaning: dict[str, object]
) -> None:
    assert read(table, column, list(meaning), **others) == list(meaning.values())


@pytest.mark.parametrize(
    ("written", "rejected_for"),
    [
        # referral   person  received      what happens to the row
        (("R1", "P1", "2024-01-09"), []),
        ((None, "P1", "2024-01-09"), ["service_request_id|missing"]),
        (("R1", None, "2024-01-09"), ["local_patient_id|missing"]),
        (("R1", "P1", None), ["received_on|missing"]),
        (("R1", "P1", "1899-12-30"), ["received_on|no_real_date"]),
        (("R1", "P1", "9 January"), ["received_on|unparsed"]),
    ],
)
def test_a_referral_needs_its_number_its_person_and_the_day_it_was_received(
    written: tuple[str | None, ...], rejected_for: list[str]
) -> None:
    names = ["ServiceRequestID", "LocalPatientID", "ReferralRequest_ReceivedDate"]
    frame = pl.DataFrame([written], schema=dict.fromkeys(names, pl.String), orient="row")
    submission = frame.with_columns(OrgID_Provider=pl.lit("RK9"), RP_EndDate=pl.lit("2024-01-31"))
    assert check("csds_referral", submission).rejected["rules"].explode().to_list() == rejected_for


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("nhs_number", "3478526985"),
        ("nhs_number", "1000000001"),
        ("born_on", "31/02/2015"),
        ("sex_code", "Q"),
    ],
)
def test_a_child_is_never_dropped_for_one_bad_fact(column: str, written: str) -> None:
    submission = {"provider_code": "RK9", "period_ended_on": "2024-01-31", "local_patient_id": "P1"}
    patient = submission | {"DateOfBirth": None, "NHSNumber": None, "Gender": None}
    header = {"nhs_number": "NHSNumber", "born_on": "DateOfBirth", "sex_code": "Gender"}[column]
    checked = check("csds_patient", pl.DataFrame([patient | {header: written}]).cast(pl.String))
    assert checked.accepted.height == 1
    assert checked.findings.filter(severity="warning")["rows"].to_list() == [1]
