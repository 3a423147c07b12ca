"""How the CIN census, SSDA903, Annex A and the Standard Safeguarding Dataset are read, and what is told of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from risk_model import contracts
from tests.packing import workbook
from tests.spec.one_child import facts, read

# Children in Need census


def census(sex: str, no_further_action: str) -> str:
    return f"""<Message><Header><Source><LEA>879</LEA><DateTime>2026-05-01T11:14:05</DateTime></Source></Header>
    <Children><Child><ChildIdentifiers><LAchildID>7</LAchildID>{sex}</ChildIdentifiers><CINdetails>
    <CINreferralDate>2026-01-05</CINreferralDate><ReferralNFA>{no_further_action}</ReferralNFA></CINdetails>
    </Child></Children></Message>"""


@pytest.mark.parametrize(
    ("sex", "read_as"),
    [
        ("<Sex>M</Sex>", "M"),
        ("<Sex>1</Sex>", "M"),
        ("<GenderCurrent>2</GenderCurrent>", "F"),
        ("<GenderCurrent>9</GenderCurrent>", "U"),
        ("<GenderCurrent>F</GenderCurrent>", "F"),
        ("<Sex></Sex><GenderCurrent>2</GenderCurrent>", "F"),
        ("<Sex>X</Sex>", None),
        ("", None),
    ],
)
def test_sex_is_read_under_both_names_and_both_codes(tmp_path: Path, sex: str, read_as: str | None) -> None:
    found = read(tmp_path, cin=census(sex, "0")).frames["cin_child"]
    assert found["sex_code"].to_list() == [read_as]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("true", True), ("1", True), ("false", False), ("0", False), ("", None), ("2", None)],
)
def test_no_further_action_is_written_as_a_word_or_as_a_digit(
    tmp_path: Path, written: str, read_as: bool | None
) -> None:
    found = read(tmp_path, cin=census("", written)).frames["cin_episode"]
    assert found["is_no_further_action"].to_list() == [read_as]


@pytest.mark.parametrize(
    ("episode", "is_open"),
    [
        # referred     need   closed       no further action
        ("2026-01-05 | N1   | -          | -  ", 1),
        ("2026-01-05 | -    | -          | no ", 1),
        ("2026-01-05 | N1   | -          | yes", 0),
        ("2026-01-05 | N9   | -          | no ", 0),
        ("2026-01-05 | N0   | -          | no ", 1),
        ("2026-01-05 | N1   | 2026-06-01 | no ", 0),
        ("2026-01-05 | N1   | 2026-06-02 | no ", 1),
        ("2026-06-01 | N1   | -          | no ", 1),
        ("2026-06-02 | N1   | -          | no ", 0),
    ],
    ids=["open", "need not given", "no further action", "not in need", "need not stated", "closed today",
         "closes tomorrow", "referred today", "referred tomorrow"],
)  # fmt: skip
def test_a_council_record_is_open_unless_closed_or_without_need(episode: str, is_open: int) -> None:
    told = facts(cin_episode=f"referred_on | primary_need_code | closed_on | is_no_further_action\n{episode}")
    assert told["episode_open"] == is_open


@pytest.mark.parametrize(
    ("plan", "is_open"),
    [
        ("2026-01-05 | -", 1),
        ("2026-01-05 | 2026-06-01", 0),
        ("2026-01-05 | 2026-06-02", 1),
        ("2026-06-02 | -", 0),
    ],
    ids=["open", "ended today", "ends tomorrow", "starts tomorrow"],
)
@pytest.mark.parametrize(
    ("table", "fact"), [("cin_plan", "child_in_need_plan"), ("cin_protection_plan", "protection_plan")]
)
def test_a_plan_counts_from_its_first_day_until_its_last(
    table: str, fact: str, plan: str, is_open: int
) -> None:
    told = facts(cin_episode="referred_on\n2026-01-01", **{table: f"started_on | ended_on\n{plan}"})
    assert told[fact] == is_open


# Looked-after children


@pytest.mark.parametrize(
    ("episodes", "is_looked_after"),
    [
        ("2026-01-05 | S | C2 | -         ", 1),
        ("2026-01-05 | S | V2 | -         ", 1),
        ("2026-01-05 | S | V3 | -         ", 0),
        ("2026-01-05 | S | V4 | -         ", 0),
        ("2026-01-05 | S | -  | -         ", 1),
        ("2026-01-05 | S | V4 | -\n2026-02-05 | S | V2 | -", 1),
        ("2026-01-05 | S | C2 | 2026-06-01", 0),
        ("2026-01-05 | S | C2 | 2026-06-02", 1),
        ("2026-01-05 | S | C2 | 2026-02-01\n2026-02-01 | P | C2 | -", 1),
        ("2026-06-02 | S | C2 | -         ", 0),
    ],
    ids=["care order", "section 20", "short breaks", "single short break", "status not given", "breaks, then care",
         "ended today", "ends tomorrow", "moved", "starts tomorrow"],
)  # fmt: skip
def test_a_child_is_looked_after_while_an_episode_is_open_and_short_breaks_are_none(
    episodes: str, is_looked_after: int
) -> None:
    head = "started_on | reason_started_code | legal_status_code | ended_on"
    assert facts(looked_after_episode=f"{head}\n{episodes}")["looked_after_by_council"] == is_looked_after


def test_days_of_the_looked_after_return_are_written_day_first(tmp_path: Path) -> None:
    checked = read(
        tmp_path,
        episodes="""
        CHILD | DECOM      | RNE | LS | PLACE | DEC
        1     | 02/03/2026 | S   | C2 | U1    | -
        2     | 02/03/2026 | S   | V4 | H9    | 31/12/2999
        3     | 31/02/2026 | S   | V2 | U1    | -
        4     | 2026-03-02 | S   | L9 | U1    | 01/04/2026
        """,
    )
    found = checked.frames["looked_after_episode"]
    assert found.select(
        "la_child_id", "started_on", "legal_status_code", "placement_code", "ended_on"
    ).rows() == [
        ("1", date(2026, 3, 2), "C2", "U1", None),
        ("2", date(2026, 3, 2), "V4", "H9", None),
        ("4", date(2026, 3, 2), None, "U1", date(2026, 4, 1)),
    ]
    assert checked.rejected.select("source_row", "rules").rows() == [(3, ["started_on|unparsed"])]


# Annex A: answers with a letter in front, formulas that failed


def test_annex_a_answers_are_read_without_the_letter_in_front(tmp_path: Path) -> None:
    rows = [
        [
            "Child Unique ID",
            "Gender",
            "Date of Birth",
            "Date of Referral",
            "Referral Source",
            "Referral NFA?",
        ],
        ["1", "b) Female", "03/02/2016", "2026-01-05 00:00:00", "q) 6: Police", "b) No"],
        ["2", "a) Male", "#N/A", "05/01/2026", "aa) 2A: Schools", "a) Yes"],
        ["3", "#REF!", "=H2+5", "06/01/2026", "#N/A", "#N/A"],
        ["4", "a) Male", "03/02/2016", "#VALUE!", "6", "No"],
    ]
    (tmp_path / "a.xlsx").write_bytes(workbook({"List 3": rows}))
    checked = read(tmp_path)
    columns = ["la_child_id", "sex_code", "born_on", "referral_source_code", "is_no_further_action"]
    assert checked.frames["annex_a_referral"].select(columns).rows() == [
        ("1", "F", date(2016, 2, 3), "6", False),
        ("2", "M", None, "2A", True),
        ("3", None, None, None, None),
    ]
    assert checked.rejected.select("source_row", "rules").rows() == [(5, ["referred_on|missing"])]


# Standard Safeguarding Dataset


def test_a_send_flag_of_0_says_that_the_child_has_a_plan(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        person="""
        pers_person_id | pers_dob   | pers_send_flag
        1              | 2016-02-03 | 0
        2              | 2016-02-03 | 1
        3              | 2016-02-03 | -
        """,
    ).frames["safeguarding_person"]
    meanings = contracts.tables()["safeguarding_person"].columns["send_flag_code"].codes or {}
    assert [meanings.get(code) for code in found["send_flag_code"]] == [
        "has an education, health and care plan",
        "does not have an education, health and care plan",
        None,
    ]
