"""How a council's live records (safeguarding dataset) and inspection lists are read beside its returns.

Each test draws what a council sent and says what is known of a child on 1 June 2026. The child waits for speech
therapy, has the NHS number N, and is number 7 at Plymouth (879), whose safeguarding dataset names that NHS number.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from risk_model import features, linkage, snapshot
from risk_model.snapshot import Snapshot
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

DAY = date(2026, 6, 1)
N, ANOTHER = "9990000018", "9990000026"
COUNCIL = {"la_code": "879", "la_child_id": "7", "known_on": "2026-05-20"}
LIVES = {"born_on": "2014-01-01", "sex_code": "F", "postcode": "PL1 1AA", "school_urn": "100001"}
PERSON = [{**COUNCIL, "nhs_number": N}]
SOMEBODY_ELSES_EPISODE = [{**COUNCIL, "la_child_id": "8", "episode_key": "E", "referred_on": "2026-01-01"}]
LIVE = {"safeguarding_person": PERSON, "safeguarding_episode": SOMEBODY_ELSES_EPISODE}


def drawn(**sent: Any) -> dict[str, Any]:
    """The frames of a child who waits, and of what the council sent of number 7 on 20 May 2026."""
    month = {"provider_code": "P1", "period_ended_on": "2026-04-30"}
    patient = {
        "local_patient_id": "A",
        "nhs_number": N,
        "nhs_number_status_code": "01",
        "home_la_code": "879",
    }
    council = {
        name: [{**COUNCIL, **row} for row in (tables.rows(rows) if isinstance(rows, str) else rows)]
        for name, rows in (LIVE | sent).items()
    }
    return tables.frames(
        csds_patient=[{**month, **patient, **LIVES}],
        csds_referral=[
            {**month, "local_patient_id": "A", "service_request_id": "R", "received_on": "2026-01-05"}
        ],
        csds_team=[{**month, "service_request_id": "R", "team_type_code": "33"}],
        **council,
    )


def look(**sent: Any) -> Snapshot:
    frames = snapshot.known_frames(drawn(**sent), DAY)
    return snapshot.take(frames, linkage.link(frames, register=REGISTER, weights=WEIGHTS), DAY)


def child(**sent: Any) -> dict[str, Any]:
    return features.build(look(**sent)).row(0, named=True)


def persons(**sent: Any) -> dict[str, Any]:
    people = linkage.link(drawn(**sent), register=REGISTER, weights=WEIGHTS)
    return {**people.persons.row(0, named=True), "held": people.holders["council_child"].height}


# --- whose records they are --------------------------------------------------------------------------------------


def test_an_nhs_number_that_the_council_holds_links_its_child() -> None:
    found = persons()
    link = (found["social_care_link_method"], found["social_care_link_confidence"])
    assert link == ("NHS number held by the council", 1.0)
    assert (found["is_linked_to_social_care"], found["is_linked_to_education"]) == (True, False)


def test_the_number_may_stand_in_the_list_of_identifiers() -> None:
    listed = [{"identifier_type_code": "NHS Number", "identifier": "999 000 0018"}]
    unnamed = [{"born_on": "2014-01-01"}]
    assert persons(safeguarding_person=unnamed, safeguarding_identifier=listed)["held"] == 1
    ended = [{**listed[0], "valid_until": "2026-01-01"}]
    assert persons(safeguarding_person=unnamed, safeguarding_identifier=ended)["held"] == 0


@pytest.mark.parametrize(
    ("why", "sent"),
    [
        ("one number, two children", [*PERSON, {**PERSON[0], "la_child_id": "8"}]),
        ("another date of birth", [{**PERSON[0], "born_on": "2011-09-09"}]),
        ("a number that cannot be one", [{"nhs_number": "1234567890"}]),
    ],
)
def test_a_number_in_doubt_links_nobody(why: str, sent: list[dict[str, Any]]) -> None:
    found = persons(safeguarding_person=sent)
    assert (found["social_care_link_method"], found["is_linked_to_social_care"]) == ("not linked", False), why


def test_one_child_with_two_numbers_is_linked_by_neither() -> None:
    second = [{"identifier_type_code": "NHS Number", "identifier": ANOTHER}]
    assert persons(safeguarding_identifier=second)["social_care_link_method"] == "not linked"


def test_a_child_linked_by_number_keeps_its_school_where_the_council_has_no_upn() -> None:
    school = {**LIVES, "upn": "A950000178301", "la_code": "879"}
    frames = drawn() | {
        "school_census_pupil": tables.frames(school_census_pupil=[school])["school_census_pupil"]
    }
    found = linkage.link(frames, register=REGISTER, weights=WEIGHTS).persons.row(0, named=True)
    assert (found["is_linked_to_education"], found["is_linked_to_social_care"]) == (True, True)
    assert found["social_care_link_method"] == "NHS number held by the council"
    assert found["education_link_method"] == "same birth date, postcode and school"


# --- what they say -----------------------------------------------------------------------------------------------


def test_a_protection_plan_counts_and_its_end_too() -> None:
    plan = "started_on | ended_on\n2026-02-01 | {}"
    told = [
        child(safeguarding_protection_plan=plan.format(end))["protection_plan"] for end in ("-", "2026-05-01")
    ]
    assert told == [1, 0]


def test_the_newest_known_row_of_a_record_counts_whichever_return_brought_it() -> None:
    census = "started_on | episode_key | known_on\n2026-02-01 | 2026-01-20 | {}"
    live = "started_on | ended_on | episode_key\n2026-02-01 | 2026-05-01 | REF77"
    older, newer = (
        child(cin_protection_plan=census.format(known_on), safeguarding_protection_plan=live)[
            "protection_plan"
        ]
        for known_on in ("2026-04-01", "2026-05-25")
    )
    assert (older, newer) == (0, 1)


def test_an_episode_is_the_same_in_both_returns_by_its_date_of_referral() -> None:
    census = "episode_key | referred_on | known_on\n2026-01-20 | 2026-01-20 | 2026-04-01"
    live = "episode_key | referred_on | closed_on\nREF77 | 2026-01-20 | {}"
    told = [child(cin_episode=census, safeguarding_episode=live.format(end)) for end in ("-", "2026-05-01")]
    assert [(one["episode_open"], one["social_care_referrals_12_months"]) for one in told] == [(1, 1), (0, 1)]


def test_plans_enquiries_and_missing_episodes_count() -> None:
    found = child(
        safeguarding_need_plan="started_on\n2026-02-01",
        safeguarding_section47="started_on\n2026-03-01",
        safeguarding_missing="started_on\n2026-04-01",
        safeguarding_outcome="completed_on | sdq_score\n2026-03-01 | 20\n2025-09-01 | 10",
    )
    names = ("child_in_need_plan", "section47_6_months", "missing_episodes_12_months")
    assert [found[name] for name in names] == [1, 1, 1]
    assert found["strengths_and_difficulties_concern"] == 1


@pytest.mark.parametrize(
    ("status", "looked_after"), [("C2", 1), ("V2", 1), ("V3", 0), ("V4", 0)], ids=lambda value: str(value)
)
def test_a_short_break_is_not_looked_after(status: str, looked_after: int) -> None:
    found = child(
        safeguarding_care_episode="started_on | reason_started_code\n2026-02-01 | S",
        safeguarding_legal_status=f"started_on | legal_status_code\n2026-02-01 | {status}",
    )
    assert found["looked_after_by_council"] == looked_after


def test_the_last_legal_status_during_an_episode_is_the_one_that_counts() -> None:
    found = child(
        safeguarding_care_episode="started_on\n2026-02-01",
        safeguarding_legal_status="""
        started_on | ended_on   | legal_status_code
        2026-02-01 | 2026-03-01 | V4
        2026-03-01 | -          | C1
        """,
    )
    assert found["looked_after_by_council"] == 1


def test_a_new_placement_in_the_live_records_counts() -> None:
    placed = "started_on | reason_started_code\n2026-04-01 | P"
    assert child(safeguarding_care_episode=placed)["placements_6_months"] == 1


def test_a_plan_on_the_inspection_list_counts_for_a_child_that_is_known() -> None:
    assert child(annex_a_protection_plan="started_on\n2026-02-01")["protection_plan"] == 1


# --- what no record means ----------------------------------------------------------------------------------------


def test_live_records_say_no_where_the_census_did_not_come_and_only_what_they_hold() -> None:
    found = child()
    assert (found["protection_plan"], found["section47_6_months"], found["placements_6_months"]) == (0, 0, 0)
    assert found["family_factors"] is None, "the safeguarding dataset tells of no assessment factors here"
    assert found["social_care_state"] == "none"


def test_live_records_that_only_name_children_say_no_of_nobody() -> None:
    assert child(safeguarding_episode=[])["protection_plan"] is None


def test_live_records_that_are_old_say_no_of_nobody() -> None:
    old = {name: [{**row, "known_on": "2026-04-01"} for row in rows] for name, rows in LIVE.items()}
    found = child(**old)
    assert found["protection_plan"] is None
    why = next(fact["why"] for fact in found["unknown_facts"] if fact["partner"] == "social care")
    assert "no safeguarding dataset from Plymouth (879) since 1 Apr 2026" in why
