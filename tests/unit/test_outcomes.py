"""What counts as an event, by which route, and until when a child is followed: one child, one quarter day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from risk_model import contracts, linkage, merged, model, pipeline, snapshot
from risk_model.snapshot.outcomes import KINDS
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER
from tests.spec.one_child import CHILD, KEYS, REQUEST

LANDMARK = date(2026, 5, 1)
OUTCOME = contracts.tables()["outcome"]
CONTACTS = {"csds_contact": {**REQUEST, "care_contact_id": "C"}}
CLOSES = {"csds_team": {**REQUEST, "team_id": "T", "team_type_code": "33"}}


def followed(born_on: str = "2016-02-03", **drawn: str) -> dict[str, Any]:
    """The row of outcomes of a child who waits for speech therapy since January 2026."""
    keys = {**KEYS, **CONTACTS, **CLOSES}
    rows = {name: [{**keys[name], **row} for row in tables.rows(text)] for name, text in drawn.items()}
    patient = [{**CHILD["csds_patient"][0], "born_on": born_on}]
    frames = tables.frames(**{**CHILD, "csds_patient": patient, **rows})
    then = linkage.link(snapshot.known_frames(frames, LANDMARK), register=REGISTER, weights=WEIGHTS)
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    known = snapshot.take(frames, then, LANDMARK)
    return snapshot.outcomes(snapshot.gather(frames, people), known).row(0, named=True)


def test_nothing_happens_and_the_child_is_followed_for_26_weeks() -> None:
    child = followed()
    assert (child["event_on"], child["days_at_risk"], child["censored_because"]) == (
        None,
        182,
        "end of horizon",
    )
    assert set(child) == set(OUTCOME.columns)


@pytest.mark.parametrize(
    ("closed", "because"),
    [
        ("2026-06-10 | 03", "moved"),
        ("2026-06-10 | 02", "left"),
        ("2026-04-20 | 03", None),
    ],
)
def test_who_moves_away_is_followed_until_then_and_it_is_told_apart_from_leaving(
    closed: str, because: str | None
) -> None:
    team = f"closed_on | closure_reason_code | known_on\n{closed} | 2026-07-01\n- | - | 2026-02-01"
    child = followed(csds_team=team)
    assert child["censored_because"] == (because or "end of horizon")
    assert child["days_at_risk"] == (40 if because else 182)


def test_a_first_contact_ends_the_follow_up_and_is_not_no_event() -> None:
    child = followed(
        csds_contact="contact_on | attendance_code | known_on\n2026-05-21 | 5 | 2026-07-01",
        school_census_exclusion="started_on | category_code | known_on\n2026-06-03 | SUSP | 2026-11-01",
    )
    assert (child["censored_because"], child["days_at_risk"], child["event_on"]) == ("seen", 20, None)


def test_turning_18_ends_the_follow_up() -> None:
    child = followed(born_on="2008-05-31")
    assert (child["censored_because"], child["days_at_risk"]) == ("adult", 30)


def test_the_parts_of_the_event_are_kept_apart() -> None:
    child = followed(
        school_census_exclusion="started_on | category_code | known_on\n2026-06-03 | SUSP | 2026-11-01",
        cin_plan="started_on | known_on\n2026-05-20 | 2026-11-01",
    )
    assert str(child["suspension_or_exclusion"]) == "2026-06-03"
    assert str(child["social_care_step_up"]) == str(child["event_on"]) == "2026-05-20"
    assert (str(child["system_response_on"]), child["child_state_on"]) == ("2026-05-20", None)
    assert child["days_at_risk"] == 19


def test_events_are_counted_by_part() -> None:
    suspended = [{**KEYS["school_census_exclusion"], "started_on": "2026-06-03", "category_code": "SUSP"}]
    frames = tables.frames(**{**CHILD, "school_census_exclusion": suspended})
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    rows = model.training_rows(pipeline.look_back(frames, people, [LANDMARK]))
    assert rows.events_by_part() == {
        "urgent_care": 0, "suspension_or_exclusion": 1, "severe_absence": 0, "social_care_step_up": 0,
    }  # fmt: skip


@pytest.mark.parametrize("part", KINDS)
def test_the_route_and_kind_of_each_label_are_declared_in_the_contract(part: str) -> None:
    assert OUTCOME.columns[part].event_kind == KINDS[part]
    route = [tuple(origin.split(".")) for origin in OUTCOME.columns[part].route]
    assert route
    for table, column in route:
        assert column in contracts.tables()[table].columns, (table, column)


def test_the_declared_route_of_a_step_up_is_every_return_that_tells_of_it() -> None:
    told = {
        table
        for name in ("section47", "child_in_need_plan", "protection_plan", "care_episode")
        for table in merged.contract_tables(name)
    }
    assert {origin.split(".")[0] for origin in OUTCOME.columns["social_care_step_up"].route} == told
