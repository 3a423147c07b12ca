"""When a wait is open, what ends it, and from which days it is counted: who waits on 1 June 2026."""

from __future__ import annotations

from datetime import date

import pytest

from tests.spec.test_waiting_list_reading import REFERRALS, look, referred


def test_a_referral_is_open_at_the_end_of_a_period_until_its_end_has_come() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | discharged_on | team_closed_on | period_ended_on
        A     | R1                 | 2026-01-01  | 2026-05-31    | -              | 2026-05-31
        B     | R2                 | 2026-01-02  | 2026-06-01    | -              | 2026-05-31
        C     | R3                 | 2026-01-03  | 2026-06-02    | -              | 2026-05-31
        D     | R4                 | 2026-01-04  | -             | 2026-06-01     | 2026-05-31
        E     | R5                 | 2026-01-05  | -             | 2026-06-02     | 2026-05-31
        F     | R6                 | 2026-06-01  | -             | -              | 2026-05-31
        G     | R7                 | 2026-06-02  | -             | -              | 2026-05-31
        """
    )
    assert referred(taken) == ["2026-01-03", "2026-01-05", "2026-06-01"]


def test_a_team_that_rejected_the_referral_ends_the_wait_for_it_and_not_for_the_other() -> None:
    taken = look(
        referrals=REFERRALS,
        teams="""
        service_request_id | team_id | team_type_code | rejected_on
        R1                 | SLT     | 33             | 2026-02-01
        R1                 | OT      | 23             | -
        R2                 | SLT     | 33             | 2026-02-01
        """,
    )
    assert taken.waits["team_type_code"].to_list() == ["23"]


def test_only_a_child_who_was_seen_stops_waiting() -> None:
    """Attendance: 5 on time, 6 late but seen; 2 and 4 cancelled, 3 and 7 not brought or not seen."""
    drawn = "\n".join(f"A{n} | R{n} | 2026-01-0{n} | 2026-03-31" for n in range(2, 8))
    contacts = "\n".join(f"C{n} | R{n} | 2026-02-0{n} | {n}" for n in range(2, 8))
    taken = look(
        referrals=f"child | service_request_id | received_on | period_ended_on\n{drawn}",
        contacts=f"care_contact_id | service_request_id | contact_on | attendance_code\n{contacts}",
    )
    assert referred(taken) == ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-07"]


@pytest.mark.parametrize("code", ["3", "7"])
def test_not_being_brought_changes_no_day_of_the_wait(code: str) -> None:
    clocks = "service_request_id | clock_started_on | clock_status_code\nR1 | 2026-01-01 | 20"
    contacts = (
        f"care_contact_id | service_request_id | contact_on | attendance_code\nC1 | R1 | 2026-05-01 | {code}"
    )
    days = ["referred_on", "entered_on", "clock_started_on", "days_waiting", "days_on_clock"]
    missed, before = (
        look(referrals=REFERRALS, clocks=clocks, **more).waits for more in ({"contacts": contacts}, {})
    )
    assert missed.sort("referred_on").select(days).equals(before.sort("referred_on").select(days))


def test_of_one_clock_the_newest_report_counts() -> None:
    taken = look(
        referrals=REFERRALS,
        clocks="""
        service_request_id | measurement_type_code | clock_started_on | clock_ended_on | period_ended_on
        R1                 | 02                    | 2026-01-01       | -              | 2026-02-28
        R1                 | 02                    | 2026-01-01       | 2026-03-05     | 2026-03-31
        R2                 | 02                    | 2026-01-02       | 2026-02-05     | 2026-02-28
        R2                 | 02                    | 2026-01-02       | -              | 2026-03-31
        """,
    )
    clocks = taken.waits.sort("referred_on").select("clock_started_on", "days_on_clock")
    assert clocks.rows() == [(None, None), (date(2026, 1, 2), 150)]


def test_the_wait_is_told_from_the_referral_and_from_the_newest_open_clock() -> None:
    taken = look(
        referrals=REFERRALS,
        clocks="""
        service_request_id | measurement_type_code | clock_started_on | clock_ended_on
        R1                 | 02                    | 2026-02-01       | 2026-03-01
        R1                 | 02                    | 2026-04-01       | -
        R1                 | 09                    | 2026-03-01       | -
        """,
    )
    waits = taken.waits.sort("referred_on").select(
        "referred_on", "days_waiting", "clock_started_on", "days_on_clock"
    )
    assert waits.rows() == [
        (date(2026, 1, 1), 151, date(2026, 4, 1), 61),
        (date(2026, 1, 2), 150, None, None),
    ]
