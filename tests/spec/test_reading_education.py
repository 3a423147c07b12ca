"""How School Census, daily attendance and SEN2 are read: files as they come, and what is told of the child."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from risk_model import sources
from tests.spec.one_child import UPN, facts, read
from tests.tables import rows

PUPIL = "pupilonrolltableid | schoolcensustableid | upn | dob | sex\np | c | - | 2016-Feb-03 00:00:00 | M"


def test_school_census_days_codes_and_numbers_come_out_of_the_export(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        pupilonroll="""
        pupilonrolltableid | schoolcensustableid | upn | dob | gender | senprovision | ncyearactual
        p | c | A950000178301 | 2015-Apr-25 00:00:00 | 1.0 | K | 5.0
        q | c | 1b2f44c09ad77 | 2016-Feb-29 00:00:00 | F | S | R
        """,
    ).frames["school_census_pupil"]
    columns = ["upn", "born_on", "sex_code", "sen_provision_code", "year_group_code"]
    assert found.select(columns).rows() == [
        (UPN, date(2015, 4, 25), "M", "K", "5"),
        (None, date(2016, 2, 29), "F", "S", "R"),
    ]


def test_a_hashed_need_is_an_unknown_need_and_not_another_need(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        senneeds="""
        pupilonrolltableid | sentyperank | sentype
        p                  | 1.0         | SLCN
        p                  | 2.0         | 73e987da
        p                  | -           | ds
        """,
    ).frames["school_census_need"]
    assert found.select("need_rank", "need_type_code").rows() == [(1, "SLCN"), (2, None), (None, "DS")]


def test_the_older_code_of_a_suspension_is_read_and_an_unknown_category_is_set_aside(tmp_path: Path) -> None:
    checked = read(
        tmp_path,
        pupilonroll=PUPIL,
        exclusions="""
        pupilonrolltableid | startdate            | sessions | category | reason1 | senprovision
        p                  | 2026-Jan-08 00:00:00 | 4.0      | FIXD     | DB      | E
        p                  | 2026-Jan-09 00:00:00 | 2        | SUSP     | OT      | K
        p                  | 2026-Jan-10 00:00:00 | -        | PERM     | PA      | -
        p                  | 2026-Jan-11 00:00:00 | 1        | LNCH     | PA      | -
        p                  | 2026-Jan-12 00:00:00 | 1        | XX       | PA      | -
        """,
    )
    found = checked.frames["school_census_exclusion"].select(
        "category_code", "sessions", "sen_provision_code"
    )
    assert found.rows() == [("SUSP", 4, "E"), ("SUSP", 2, "K"), ("PERM", None, None), ("LNCH", 1, None)]
    assert checked.rejected["rules"].to_list() == [["category_code|not_in_code_list"]]


@pytest.mark.parametrize(
    ("exclusion", "with_a_plan", "suspensions"),
    [
        ("2026-01-08 | SUSP | E", 1, 1),
        ("2026-01-08 | PERM | E", 1, 0),
        ("2026-01-08 | SUSP | K", 0, 1),
        ("2026-01-08 | SUSP | -", 0, 1),
        ("2025-01-08 | SUSP | E", 0, 0),
    ],
)
def test_excluded_with_a_plan_is_said_of_the_exclusion_itself(
    exclusion: str, with_a_plan: int, suspensions: int
) -> None:
    """The plan of that day stands on the exclusion's row; a plan that came later does not count."""
    told = facts(
        school_census_exclusion=f"started_on | category_code | sen_provision_code\n{exclusion}",
        sen2_plan="started_on\n2026-03-01",
    )
    assert (told["excluded_with_a_plan_12_months"], told["suspensions_12_months"]) == (
        with_a_plan,
        suspensions,
    )


MARKS = """
mark | possible | authorised | unauthorised
/    | 1        | 0          | 0
\\    | 1        | 0          | 0
L    | 1        | 0          | 0
K    | 1        | 0          | 0
V    | 1        | 0          | 0
P    | 1        | 0          | 0
W    | 1        | 0          | 0
B    | 1        | 0          | 0
C    | 1        | 1          | 0
C1   | 1        | 1          | 0
C2   | 1        | 1          | 0
E    | 1        | 1          | 0
I    | 1        | 1          | 0
J1   | 1        | 1          | 0
J    | 1        | 1          | 0
M    | 1        | 1          | 0
R    | 1        | 1          | 0
S    | 1        | 1          | 0
T    | 1        | 1          | 0
H    | 1        | 1          | 0
G    | 1        | 0          | 1
N    | 1        | 0          | 1
O    | 1        | 0          | 1
U    | 1        | 0          | 1
D    | 0        | 0          | 0
Q    | 0        | 0          | 0
X    | 0        | 0          | 0
Y    | 0        | 0          | 0
Y1   | 0        | 0          | 0
Y7   | 0        | 0          | 0
Z    | 0        | 0          | 0
#    | 0        | 0          | 0
c2   | 1        | 1          | 0
?    | 0        | 0          | 0
"""


@pytest.mark.parametrize("row", rows(MARKS), ids=lambda row: row["mark"])
def test_an_attendance_mark_is_present_authorised_unauthorised_or_not_expected(
    row: dict[str, str], tmp_path: Path
) -> None:
    found = read(
        tmp_path, sessions=f"upn | session_date | session | code\n{UPN} | 2026-05-20 | AM | {row['mark']}"
    )
    week = found.frames["attendance_week"].row(0, named=True)
    counted = [week[f"sessions_{name}"] for name in ("possible", "authorised", "unauthorised")]
    assert counted == [int(row[name]) for name in ("possible", "authorised", "unauthorised")]


def test_a_session_that_is_sent_twice_counts_once_as_it_was_sent_last(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        sessions=f"""
        upn   | urn    | session_date | session | code
        {UPN} | 100001 | 2026-05-20   | AM      | N
        {UPN} | 100001 | 2026-05-20   | PM      | /
        {UPN} | 100001 | 2026-05-20   | am      | I
        """,
    ).frames["attendance_week"]
    counts = found.select("sessions_possible", "sessions_authorised", "sessions_unauthorised")
    assert counts.rows() == [(2, 1, 0)]


# SEN2


@pytest.mark.parametrize(
    ("request_row", "plan_row", "in_progress", "has_plan"),
    [
        # received    outcome      plan started  ceased
        ("2026-02-01 | -         ", "-          | -         ", 1, 0),
        ("2026-02-01 | 2026-04-01", "-          | -         ", 0, 0),
        ("2026-02-01 | 2026-06-02", "-          | -         ", 1, 0),
        ("2026-02-01 | -         ", "2026-05-01 | -         ", 0, 1),
        ("2026-02-01 | -         ", "2024-05-01 | 2025-05-01", 1, 0),
        ("2024-02-01 | 2024-04-01", "2024-05-01 | -         ", 0, 1),
        ("2024-02-01 | 2024-04-01", "2024-05-01 | 2026-05-31", 0, 0),
        ("2024-02-01 | 2024-04-01", "2024-05-01 | 2026-06-02", 0, 1),
    ],
    ids=["asked", "decided", "decided tomorrow", "asked and planned since", "asked again after an older plan",
         "plan", "plan that ceased", "plan that ceases tomorrow"],
)  # fmt: skip
def test_an_open_request_is_an_assessment_in_progress_and_a_ceased_plan_is_none(
    request_row: str, plan_row: str, in_progress: int, has_plan: int
) -> None:
    drawn = {"sen2_request": f"received_on | outcome_on\n{request_row}"}
    if not plan_row.startswith("-"):
        drawn["sen2_plan"] = f"started_on | ceased_on\n{plan_row}"
    told = facts(**drawn)
    assert (told["ehc_assessment_in_progress"], told["ehc_plan_at_council"]) == (in_progress, has_plan)


PLAN = "namedplantableid | assessmenttableid | startdate | ceasedate | {flag}\nn | a | 2024-Jun-01 00:00:00 | - | 1"


@pytest.mark.parametrize("flag", ["planwbp", "PlanWPB", "planres"])
def test_the_work_based_flag_is_left_behind_under_either_spelling(tmp_path: Path, flag: str) -> None:
    checked: sources.CheckedExtracts = read(
        tmp_path,
        sen2="sen2tableid | lea | referencedate\ns | 879 | 2026-Jan-15 00:00:00",
        person="persontableid | sen2tableid | upn | personbirthdate\n1 | s | - | 2016-Feb-03 00:00:00",
        requests="requeststableid | persontableid | receiveddate\nr | 1 | 2024-Jan-05 00:00:00",
        assessment="assessmenttableid | requeststableid\na | r",
        namedplan=PLAN.format(flag=flag),
    )
    assert checked.frames["sen2_plan"]["started_on"].to_list() == [date(2024, 6, 1)]
    assert checked.is_clean, [file.findings for file in checked.files]
