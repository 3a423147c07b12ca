"""How MHSDS is read as a waiting list: the rules of CSDS, and what is different about it.

Each test draws what a provider sent and says who waits on 1 June 2026.
"""

from __future__ import annotations

from datetime import date

import pytest

from risk_model import features, linkage, policy, snapshot
from risk_model.snapshot import Snapshot
from tests import tables
from tests.naming import REGISTER

DAY = date(2026, 6, 1)

REFERRAL = """
child | service_request_id | team_id | received_on | clinical_priority_code | period_ended_on
A     | R1                 | T1      | 2026-01-05  | 3                      | 2026-03-31
"""
KINDS = """
team_id | team_type_code
T1      | C01
T2      | C04
"""


def look(**drawn: str) -> Snapshot:
    """Take the snapshot of a provider P1 whose MHSDS submissions, and whose CSDS referrals, are drawn.

    Every child has a patient row with an NHS number of its own, the same in both data sets.
    """
    mental = [_sent(row) for row in tables.rows(drawn.get("referrals", REFERRAL))]
    community = [_sent(row) for row in tables.rows(drawn.get("community", "child"))]
    month = {"provider_code": "P1", "period_ended_on": "2026-03-31", "known_on": "2026-03-31"}
    parts = {
        name: [{**month, **row} for row in tables.rows(drawn.get(part, "nothing"))]
        for name, part in (
            ("mhsds_other_team", "other_teams"),
            ("mhsds_contact", "contacts"),
            ("mhsds_clock", "clocks"),
            ("mhsds_indicator", "indicators"),
            ("wlmds_open_pathway", "weekly"),
            ("wlmds_clock_stop", "stops"),
        )
    }
    for name in ("wlmds_open_pathway", "wlmds_clock_stop"):
        parts[name] = [
            {k: v for k, v in row.items() if k not in month or k == "known_on"} for row in parts[name]
        ]
    frames = tables.frames(
        mhsds_referral=mental,
        mhsds_patient=[_patient(row) for row in mental],
        mhsds_team_type=[
            {**month, "known_on": "2026-01-01", **row} for row in tables.rows(drawn.get("kinds", KINDS))
        ],
        csds_referral=[{k: v for k, v in row.items() if k != "team"} for row in community],
        csds_patient=[_patient(row) for row in community],
        csds_team=[
            {**month, "service_request_id": row["service_request_id"], "team_type_code": "33"}
            for row in community
        ],
        **parts,
    )
    frames = snapshot.known_frames(frames, DAY)
    return snapshot.take(frames, linkage.link(frames, register=REGISTER), DAY)


def _sent(row: dict[str, str | None]) -> dict[str, str | None]:
    child = row.pop("child")
    return {"provider_code": "P1", "known_on": row["period_ended_on"], **row, "local_patient_id": child}


NUMBERS = {"A": "9990000018", "B": "9990000026"}


def _patient(row: dict[str, str | None]) -> dict[str, str | None]:
    child = str(row["local_patient_id"])
    kept = {name: row[name] for name in ("provider_code", "period_ended_on", "known_on", "local_patient_id")}
    return {**kept, "nhs_number": NUMBERS[child[0]], "nhs_number_status_code": "01", "born_on": "2014-01-01"}


def lists(taken: Snapshot) -> list[str]:
    return sorted(taken.waits["service_id"])


def test_a_child_referred_to_an_autism_team_waits_there() -> None:
    taken = look()
    wait = taken.waits.row(0, named=True)
    assert (wait["service_name"], str(wait["referred_on"]), wait["days_waiting"]) == (
        "Autism service",
        "2026-01-05",
        147,
    )


def test_an_attended_contact_ends_the_wait_and_a_child_not_brought_still_waits() -> None:
    def waits(attendance: str) -> int:
        head = "care_contact_id | service_request_id | contact_on | attendance_code"
        contacts = f"{head}\nC | R1 | 2026-02-01 | {attendance}"
        return look(contacts=contacts).waits.height

    assert {code: waits(code) for code in "23567"} == {"2": 1, "3": 1, "5": 0, "6": 0, "7": 1}


def test_a_child_not_brought_is_counted_as_such() -> None:
    taken = look(
        contacts="""
        care_contact_id | service_request_id | contact_on | attendance_code
        C1              | R1                 | 2026-02-01 | 3
        """
    )
    assert features.of_children(taken)["not_brought_12_months"].to_list() == [1]


@pytest.mark.parametrize(
    ("code", "meaning", "is_urgent"),
    [("1", "emergency", 1), ("4", "very urgent", 1), ("2", "urgent or serious", 1), ("3", "routine", 0)],
)
def test_the_clinical_priority_says_by_its_meaning_whether_a_referral_is_urgent(
    code: str, meaning: str, is_urgent: int
) -> None:
    taken = look(referrals=REFERRAL.replace("| 3   ", f"| {code}   "))
    assert features.build(taken)["marked_urgent_here"].to_list() == [is_urgent], meaning


def test_a_child_in_both_data_sets_is_one_child_on_two_lists() -> None:
    taken = look(
        community="""
        child | service_request_id | received_on | period_ended_on
        A     | R1                 | 2025-11-03  | 2026-03-31
        """
    )
    assert taken.children.height == 1
    assert lists(taken) == ["p1-autism-service", "p1-speech-and-language-therapy"]
    assert features.of_children(taken)["services_waited_for"].to_list() == [2]


def test_the_same_numbers_in_the_two_data_sets_are_two_childrens() -> None:
    """Another child has the local number and the referral number that the first has in the other data set."""
    frames = tables.frames(
        mhsds_referral="""
        provider_code | service_request_id | local_patient_id | team_id | received_on | period_ended_on
        P1            | R1                 | A                | T1      | 2026-01-05  | 2026-03-31
        """,
        csds_referral="""
        provider_code | service_request_id | local_patient_id | received_on | period_ended_on
        P1            | R1                 | A                | 2025-01-05  | 2026-03-31
        """,
    )
    taken = snapshot.take(frames, linkage.link(frames, register=REGISTER), DAY)
    assert (taken.children.height, taken.waits["referral_id"].n_unique()) == (2, 2)


def test_a_data_set_that_falls_silent_keeps_its_list_while_the_other_goes_on() -> None:
    taken = look(
        community="""
        child | service_request_id | received_on | period_ended_on
        B     | R2                 | 2026-01-03  | 2026-04-30
        """
    )
    assert lists(taken) == ["p1-autism-service", "p1-speech-and-language-therapy"]


def test_a_referral_that_is_no_longer_sent_or_was_discharged_or_rejected_does_not_wait() -> None:
    taken = look(
        referrals="""
        child | service_request_id | team_id | received_on | discharged_on | rejected_on | period_ended_on
        A     | R1                 | T1      | 2026-01-01  | -             | -           | 2026-02-28
        A     | R2                 | T1      | 2026-01-02  | 2026-03-02    | -           | 2026-03-31
        A     | R3                 | T1      | 2026-01-03  | -             | 2026-03-03  | 2026-03-31
        A     | R4                 | T1      | 2026-01-04  | -             | -           | 2026-03-31
        """
    )
    assert [str(day) for day in taken.waits["referred_on"]] == ["2026-01-04"]


def test_a_further_team_is_a_second_wait_until_it_closes_or_sees_the_child() -> None:
    further = "service_request_id | team_id | closed_on\nR1 | T2 | {}"
    assert lists(look(other_teams=further.format("-"))) == [
        "p1-autism-service",
        "p1-neurodevelopment-service",
    ]
    assert lists(look(other_teams=further.format("2026-03-01"))) == ["p1-autism-service"]
    seen = "care_contact_id | service_request_id | team_id | contact_on | attendance_code\nC | R1 | {} | 2026-02-01 | 5"
    other, own = (look(other_teams=further.format("-"), contacts=seen.format(team)) for team in ("T2", "-"))
    assert (lists(other), lists(own)) == (["p1-autism-service"], ["p1-neurodevelopment-service"])


@pytest.mark.parametrize(
    ("month", "known_on"),
    [("2026-02-28", "2026-03-18"), ("2026-03-31", "2026-04-10")],
    ids=["last month", "first time this month"],
)
def test_a_team_that_the_newest_submission_no_longer_names_was_replaced(month: str, known_on: str) -> None:
    taken = look(
        referrals=f"""
        child | service_request_id | team_id | received_on | period_ended_on | known_on
        A     | R1                 | T1      | 2026-01-05  | {month}         | {known_on}
        A     | R1                 | T2      | 2026-01-05  | 2026-03-31      | 2026-04-18
        """
    )
    assert lists(taken) == ["p1-neurodevelopment-service"]


def test_a_referral_whose_only_team_was_a_further_one_that_closed_is_not_lost() -> None:
    taken = look(
        referrals="""
        child | service_request_id | team_id | received_on | period_ended_on
        A     | R1                 | -       | 2026-01-05  | 2026-02-28
        A     | R1                 | -       | 2026-01-05  | 2026-03-31
        """,
        other_teams="""
        service_request_id | team_id | closed_on  | period_ended_on | known_on
        R1                 | T2      | 2026-02-20 | 2026-02-28      | 2026-02-28
        """,
    )
    assert lists(taken) == ["p1-mental-health-service-kind-not-recorded"]


def test_a_team_whose_kind_was_never_sent_has_a_list_apart_from_that_of_the_community() -> None:
    assert lists(look(kinds="team_id")) == ["p1-mental-health-service-kind-not-recorded"]


def test_a_clock_is_shown_and_one_that_stopped_is_not_open() -> None:
    clocks = "service_request_id | clock_started_on | clock_ended_on\nR1 | 2026-02-01 | {}"
    days = [look(clocks=clocks.format(end)).waits["days_on_clock"][0] for end in ("-", "2026-03-01")]
    assert days == [120, None]


PATHWAY = (
    "service_request_id | pathway_id | pathway_issuer_code | clock_started_on\nR1 | W1 | P1 | 2026-02-01"
)


@pytest.mark.parametrize(
    ("stopped_on", "started_again_on", "days"),
    [("-", "2026-02-01", 120), ("2026-04-01", "2026-02-01", None), ("2026-04-01", "2026-05-01", 31)],
    ids=["open", "stopped", "stopped and started again"],
)
def test_a_pathway_that_stopped_is_no_open_clock_but_the_child_still_waits(
    stopped_on: str, started_again_on: str, days: int | None
) -> None:
    head = "week_ended_on | pathway_issuer_code | pathway_id | clock_started_on"
    taken = look(
        clocks=PATHWAY,
        weekly=f"{head}\n2026-05-24 | P1 | W1 | {started_again_on}",
        stops="pathway_issuer_code | pathway_id | clock_ended_on"
        + (f"\nP1 | W1 | {stopped_on}" if stopped_on != "-" else ""),
    )
    assert taken.waits.select("days_waiting", "days_on_clock").rows() == [(147, days)]


def test_what_a_provider_notes_of_a_child_counts_as_what_csds_notes_does() -> None:
    taken = look(indicators="local_patient_id | is_looked_after | needs_constant_supervision\nA | yes | yes")
    child = features.of_children(taken).row(0, named=True)
    assert (child["looked_after_in_health"], child["needs_constant_supervision"]) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "need"),
    [("C01", "need_communication"), ("C10", "need_mental_health"), ("E01", "need_cognition"), ("E03", None)],
    ids=["autism", "eating disorder", "learning disability", "parenting"],
)
def test_a_wait_is_a_recorded_need_of_the_area_that_the_team_treats(kind: str, need: str | None) -> None:
    child = features.of_children(look(kinds=f"team_id | team_type_code\nT1 | {kind}")).row(0, named=True)
    areas = features.NEED_AREAS.values()
    assert [area for area in areas if child[area] == 1] == ([need] if need else [])
    assert policy.load(policy.DEFAULT_POLICY)[0].treats.get(kind) == next(
        (str(area) for area, column in features.NEED_AREAS.items() if column == need), None
    )
