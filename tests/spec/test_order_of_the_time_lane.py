"""Who stands where in the time lane: by the delivery that first told of the child, so that no bound is ever broken.

Each test draws what a provider sent, in the order of its months, and says in which order children stand on 1 June 2026.
"""

from __future__ import annotations

from datetime import date

from risk_model.snapshot import Snapshot
from tests.spec.test_waiting_list_reading import look


def time_order(taken: Snapshot) -> list[date]:
    """The referral dates of a list in the order of its time lane."""
    return taken.waits.sort("first_known_on", "entered_on", "referral_id")["referred_on"].to_list()


def test_a_child_transferred_in_with_an_older_clock_stands_behind_everybody_known_before() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-12-10  | 2025-12-31
        A     | R1                 | 2025-12-10  | 2026-03-31
        B     | R2                 | 2024-01-05  | 2026-03-31
        """
    )
    assert time_order(taken) == [date(2025, 12, 10), date(2024, 1, 5)]


def test_a_child_first_told_of_by_a_late_file_of_an_early_month_stands_behind_everybody_known_before() -> (
    None
):
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on | known_on
        C     | R0                 | 2025-11-20  | 2025-11-30      | 2025-12-20
        C     | R0                 | 2025-11-20  | 2026-03-31      | 2026-04-20
        A     | R1                 | 2026-02-09  | 2026-02-28      | 2026-03-20
        A     | R1                 | 2026-02-09  | 2026-03-31      | 2026-04-20
        B     | R2                 | 2025-12-05  | 2025-12-31      | 2026-05-02
        B     | R2                 | 2025-12-05  | 2026-03-31      | 2026-05-02
        """
    )
    assert time_order(taken) == [date(2025, 11, 20), date(2026, 2, 9), date(2025, 12, 5)]


def test_a_child_whom_the_provider_stopped_sending_and_who_returns_stands_by_its_return() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-06-02  | 2025-06-30
        B     | R2                 | 2025-07-07  | 2025-07-31
        B     | R2                 | 2025-07-07  | 2026-03-31
        A     | R1                 | 2025-06-02  | 2026-03-31
        """
    )
    assert time_order(taken) == [date(2025, 7, 7), date(2025, 6, 2)]
    assert taken.waits.sort("referred_on")["entered_on"].to_list() == [date(2026, 3, 1), date(2025, 7, 7)]


def test_a_child_whose_referral_was_closed_and_opened_again_stands_by_its_return() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | discharged_on | period_ended_on
        A     | R1                 | 2025-06-02  | -             | 2025-06-30
        A     | R1                 | 2025-06-02  | 2025-07-20    | 2025-07-31
        B     | R2                 | 2025-07-07  | -             | 2025-07-31
        A     | R1                 | 2025-06-02  | -             | 2026-03-31
        B     | R2                 | 2025-07-07  | -             | 2026-03-31
        """
    )
    assert time_order(taken) == [date(2025, 7, 7), date(2025, 6, 2)]


def test_a_correction_that_fills_an_old_gap_moves_nobody_forward() -> None:
    """July's file is sent again in May with the child whom it had lacked: the return stays where it was."""
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on | known_on
        A     | R1                 | 2025-06-02  | 2025-06-30      | 2025-07-20
        B     | R2                 | 2025-07-07  | 2025-07-31      | 2025-08-20
        A     | R1                 | 2025-06-02  | 2025-07-31      | 2026-05-20
        A     | R1                 | 2025-06-02  | 2026-03-31      | 2026-04-20
        B     | R2                 | 2025-07-07  | 2026-03-31      | 2026-04-20
        """
    )
    assert time_order(taken) == [date(2025, 7, 7), date(2025, 6, 2)]


def test_a_child_passed_on_to_another_team_stands_behind_the_children_of_that_team() -> None:
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on | team
        A     | R1                 | 2024-06-02  | 2025-06-30      | 23
        B     | R2                 | 2025-07-07  | 2025-07-31      | 33
        A     | R1                 | 2024-06-02  | 2025-07-31      | 23
        B     | R2                 | 2025-07-07  | 2026-03-31      | 33
        A     | R1                 | 2024-06-02  | 2026-03-31      | 33
        """,
    )
    listed = taken.waits.filter(team_type_code="33").sort("first_known_on", "entered_on")
    assert listed["referred_on"].to_list() == [date(2025, 7, 7), date(2024, 6, 2)]


def test_a_child_not_brought_and_a_day_that_the_family_could_not_make_are_told_and_a_cancelled_clinic_is_not() -> (
    None
):
    taken = look(
        referrals="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2026-01-01  | 2026-03-31
        B     | R2                 | 2026-01-02  | 2026-03-31
        C     | R3                 | 2026-01-03  | 2026-03-31
        D     | R4                 | 2026-01-04  | 2026-03-31
        """,
        contacts="""
        care_contact_id | service_request_id | team_id | contact_on | attendance_code
        C1              | R1                 | T       | 2026-02-01 | 3
        C2              | R2                 | T       | 2026-02-02 | 2
        C3              | R3                 | T       | 2026-02-03 | 4
        """,
    )
    missed = taken.waits.sort("referred_on")["missed_on"].to_list()
    assert missed == [date(2026, 2, 1), date(2026, 2, 2), None, None]
