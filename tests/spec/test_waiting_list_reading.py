"""How CSDS is read as a waiting list: one small table for each rule.

Each test draws what a provider sent and says who waits on 1 June 2026.
"""

from __future__ import annotations

from datetime import date

from risk_model import linkage, snapshot
from risk_model.snapshot import Snapshot
from tests import tables

DAY = date(2026, 6, 1)
KEY = b"a key for tests"


def look(on: date = DAY, **drawn: str) -> Snapshot:
    """Take the snapshot of a provider P1 whose submissions are drawn.

    Everybody has a patient row, unless `patients` draws none, and a team of type 33, unless `teams` draws others.
    """
    referrals = tables.rows(drawn["referrals"])
    sent = [{"provider_code": "P1", **row, "local_patient_id": row["child"]} for row in referrals]
    for row in sent:
        row.pop("child")
        row.setdefault("known_on", row["period_ended_on"])
    teams = [
        {
            "provider_code": "P1",
            "period_ended_on": row["period_ended_on"],
            "service_request_id": row["service_request_id"],
            "team_id": "T",
            "team_type_code": row.pop("team", None) or "33",
            "closed_on": row.pop("team_closed_on", None),
            "known_on": row["known_on"],
        }
        for row in sent
    ]
    if "teams" in drawn:
        month = {"provider_code": "P1", "period_ended_on": sent[-1]["period_ended_on"]}
        teams = [{**month, **row} for row in tables.rows(drawn["teams"])]
    patients = [
        {
            "provider_code": "P1",
            "period_ended_on": row["period_ended_on"],
            "local_patient_id": row["local_patient_id"],
            "born_on": "2018-01-01",
            "known_on": row["known_on"],
        }
        for row in sent
        if drawn.get("patients") != "none"
    ]
    contacts = (
        [
            {"provider_code": "P1", "period_ended_on": str(DAY), **row}
            for row in tables.rows(drawn["contacts"])
        ]
        if "contacts" in drawn
        else []
    )
    clocks = (
        [{"provider_code": "P1", "period_ended_on": str(DAY), **row} for row in tables.rows(drawn["clocks"])]
        if "clocks" in drawn
        else []
    )
    frames = tables.frames(
        csds_referral=sent, csds_team=teams, csds_patient=patients, csds_contact=contacts, csds_clock=clocks
    )
    frames = snapshot.known_frames(frames, on)
    people = linkage.link(frames, key=KEY)
    return snapshot.take(frames, people, on)


def referred(taken: Snapshot) -> list[str]:
    """The days of referral of those who wait."""
    return sorted(str(day) for day in taken.waits["referred_on"])


def test_a_referral_sent_every_month_is_one_wait() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2026-01-05  | 2026-01-31
        A     | R1                 | 2026-01-05  | 2026-02-28
        A     | R1                 | 2026-01-05  | 2026-03-31
        """
    )
    assert referred(taken) == ["2026-01-05"]


def test_the_newest_submission_wins() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | discharged_on | period_ended_on
        A     | R1                 | 2026-01-05  | -             | 2026-02-28
        A     | R1                 | 2026-01-05  | 2026-03-10    | 2026-03-31
        B     | R2                 | 2026-01-07  | -             | 2026-03-31
        """
    )
    assert referred(taken) == ["2026-01-07"]


def test_a_referral_that_is_no_longer_sent_counts_as_closed() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2026-01-05  | 2026-02-28
        B     | R2                 | 2026-01-07  | 2026-03-31
        """
    )
    assert referred(taken) == ["2026-01-07"]


def test_a_provider_that_went_silent_keeps_its_list() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-01-05  | 2025-02-28
        """
    )
    assert referred(taken) == ["2025-01-05"]


def test_health_visiting_school_nursing_and_urgent_care_are_not_waits() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | team | period_ended_on
        A     | R1                 | 2026-01-01  | 16   | 2026-03-31
        B     | R2                 | 2026-01-02  | 32   | 2026-03-31
        C     | R3                 | 2026-01-03  | 49   | 2026-03-31
        D     | R4                 | 2026-01-04  | 33   | 2026-03-31
        """
    )
    assert referred(taken) == ["2026-01-04"]


def test_a_team_that_closed_the_referral_ends_the_wait() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | team_closed_on | period_ended_on
        A     | R1                 | 2026-01-01  | 2026-02-01     | 2026-03-31
        B     | R2                 | 2026-01-02  | -              | 2026-03-31
        """
    )
    assert referred(taken) == ["2026-01-02"]


REFERRALS = """
child | service_request_id | received_on | period_ended_on
A     | R1                 | 2026-01-01  | 2026-03-31
B     | R2                 | 2026-01-02  | 2026-03-31
"""


def test_an_attended_contact_ends_the_wait_and_a_child_not_brought_still_waits() -> None:
    taken = look(
        referrals=REFERRALS,
        contacts="""
        care_contact_id | service_request_id | contact_on | attendance_code
        C1              | R1                 | 2026-02-01 | 5
        C2              | R2                 | 2026-02-02 | 3
        """,
    )
    assert referred(taken) == ["2026-01-02"]


def test_a_contact_id_used_again_belongs_to_its_own_referral() -> None:
    taken = look(
        referrals=REFERRALS,
        contacts="""
        care_contact_id | service_request_id | contact_on | attendance_code
        C1              | R1                 | 2026-02-01 | 5
        C1              | R2                 | 2026-02-02 | 7
        """,
    )
    assert referred(taken) == ["2026-01-02"]


def test_a_clock_that_restarted_after_a_missed_appointment_leaves_the_referral_date() -> None:
    taken = look(
        referrals=REFERRALS,
        clocks="""
        service_request_id | clock_started_on | clock_ended_on | clock_status_code
        R1                 | 2026-01-01       | 2026-04-01     | 33
        R1                 | 2026-05-01       | -              | 10
        """,
    )
    first = taken.waits.sort("referred_on").row(0, named=True)
    assert (str(first["referred_on"]), first["days_waiting"], first["days_on_clock"]) == (
        "2026-01-01",
        151,
        31,
    )


def test_what_became_known_later_is_not_known_yet() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | discharged_on | period_ended_on | known_on
        A     | R1                 | 2026-01-05  | -             | 2026-04-30      | 2026-05-18
        A     | R1                 | 2026-01-05  | 2026-05-20    | 2026-05-31      | 2026-06-18
        B     | R2                 | 2026-05-25  | -             | 2026-05-31      | 2026-06-18
        """
    )
    assert referred(taken) == ["2026-01-05"]


def test_a_child_referred_twice_to_one_service_waits_once_from_the_first_day() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2026-01-05  | 2026-03-31
        A     | R2                 | 2026-02-05  | 2026-03-31
        """
    )
    assert referred(taken) == ["2026-01-05"]


def test_a_late_entrant_stands_by_the_month_it_came_onto_the_register() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-12-10  | 2025-12-31
        A     | R1                 | 2025-12-10  | 2026-03-31
        B     | R2                 | 2025-06-01  | 2026-03-31
        """
    )
    entered = taken.waits.sort("referred_on").select("referred_on", "entered_on")
    assert entered.rows() == [(date(2025, 6, 1), date(2026, 3, 1)), (date(2025, 12, 10), date(2025, 12, 10))]


def test_nobody_who_waits_is_lost_between_the_records_and_the_children() -> None:
    taken = look(referrals=REFERRALS)
    assert taken.waits["person_id"].n_unique() == taken.children.height == 2
    assert taken.waits.select("service_id", "referral_id", "child_reference").null_count().row(0) == (0, 0, 0)


def test_the_most_urgent_of_two_referrals_to_one_service_counts() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | priority_code | period_ended_on
        A     | R1                 | 2026-01-05  | 1             | 2026-03-31
        A     | R2                 | 2026-02-05  | 2             | 2026-03-31
        """
    )
    assert taken.waits.select("priority_code").rows() == [("2",)]


def test_an_older_referral_that_is_transferred_in_keeps_the_first_entry_and_the_older_date() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-10-13  | 2025-10-31
        A     | R1                 | 2025-10-13  | 2026-03-31
        A     | R2                 | 2024-01-05  | 2026-03-31
        """
    )
    assert taken.waits.select("referred_on", "entered_on").rows() == [(date(2024, 1, 5), date(2025, 10, 13))]


def test_a_referral_date_corrected_backwards_overtakes_nobody_in_the_time_lane() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-10-13  | 2025-10-31
        A     | R1                 | 2024-02-01  | 2026-03-31
        """
    )
    assert taken.waits.select("referred_on", "entered_on").rows() == [(date(2024, 2, 1), date(2025, 10, 13))]


def test_a_providers_first_submission_makes_no_late_entrants() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-01-05  | 2026-03-31
        """
    )
    assert taken.waits.select("entered_on").rows() == [(date(2025, 1, 5),)]


def test_a_contact_with_one_team_does_not_end_the_wait_for_the_other() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2026-01-01  | 2026-03-31
        """,
        teams="""
        service_request_id | team_id | team_type_code
        R1                 | SLT     | 33
        R1                 | OT      | 23
        """,
        contacts="""
        care_contact_id | service_request_id | team_id | contact_on | attendance_code
        C1              | R1                 | OT      | 2026-02-01 | 5
        """,
    )
    assert taken.waits["team_type_code"].to_list() == ["33"]


def test_a_referral_for_which_no_team_was_sent_is_on_a_list_of_its_own() -> None:
    taken = look(referrals=REFERRALS, teams="service_request_id | team_type_code\nR1 | 33")
    assert taken.waits.sort("referred_on")["service_id"].to_list() == [
        "p1-speech-and-language-therapy",
        "p1-service-not-recorded",
    ]


def test_a_child_whose_patient_row_is_missing_still_waits() -> None:
    taken = look(referrals=REFERRALS, patients="none")
    assert referred(taken) == ["2026-01-01", "2026-01-02"]
    assert taken.children["age_years"].null_count() == 2
