"""Traps that records set for a risk model, each on a handful of rows: what follows an event must not foretell it.

The child waits for speech therapy since January 2026 and is followed from a quarter day on.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from risk_model import linkage, pipeline
from risk_model.features import FEATURES, MODEL_FEATURES
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER
from tests.spec.one_child import CHILD, KEYS, MONTH, REQUEST

JANUARY = {"csds_referral": [{**CHILD["csds_referral"][0], "received_on": "2025-12-01"}]}


def quarter(on: date, **drawn: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of one quarter day: the features of that day beside what happened afterwards."""
    frames = tables.frames(**{**CHILD, **JANUARY, **drawn})
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    return pipeline.look_back(frames, people, [on]).row(0, named=True)


def features_of(row: dict[str, Any]) -> dict[str, Any]:
    return {feature.name: row[feature.name] for feature in FEATURES}


@pytest.mark.parametrize(
    ("on", "label_is_known", "event_lies_ahead"),
    [
        (date(2026, 1, 1), False, True),
        (date(2026, 2, 1), False, False),
        (date(2026, 4, 1), True, False),
    ],
)
def test_a_mental_health_need_that_school_names_after_a_suspension_does_not_foretell_it(
    on: date, label_is_known: bool, event_lies_ahead: bool
) -> None:
    """Suspended on 12 January; the census of 15 January names the need; it reaches us on 1 March."""
    later = {"known_on": "2026-03-01"}
    pupil = {**CHILD["school_census_pupil"][0], **later, "sen_provision_code": "K"}
    earlier = {**pupil, "census_on": "2025-10-02", "pupil_id": "p0", "sen_provision_code": "N"}
    row = quarter(
        on,
        school_census_pupil=[{**earlier, "known_on": "2025-11-15"}, pupil],
        school_census_need=[{**later, "pupil_id": "p", "census_on": "2026-01-15", "need_type_code": "SEMH"}],
        school_census_exclusion=[
            {**KEYS["school_census_exclusion"], **later, "started_on": "2026-01-12", "category_code": "SUSP"}
        ],
    )
    assert (row["school_need_mental_health"] == 1) is label_is_known
    assert (row["suspension_or_exclusion"] is not None) is event_lies_ahead
    assert not (row["school_need_mental_health"] == 1 and row["suspension_or_exclusion"] is not None)


def contacts(number: int, team_id: str = "N") -> dict[str, list[dict[str, Any]]]:
    """Weekly attended contacts with a children's nurse up to April, as they rise before a referral to social care."""
    nurse = {**MONTH, "service_request_id": "R2"}
    days = pl.date_range(date(2026, 2, 10), date(2026, 4, 25), "1w", eager=True)[:number]
    return {
        "csds_referral": [
            *JANUARY["csds_referral"],
            {**nurse, "local_patient_id": "A", "received_on": "2026-02-01"},
        ],
        "csds_team": [*CHILD["csds_team"], {**nurse, "team_id": team_id, "team_type_code": "38"}],
        "csds_contact": [
            {
                **nurse,
                "care_contact_id": f"C{day}",
                "team_id": team_id,
                "contact_on": str(day),
                "attendance_code": "5",
            }
            for day in days
        ],
    }


REFERRED = {"cin_episode": [{**KEYS["cin_episode"], "referred_on": "2026-05-20", "known_on": "2026-06-10"}]}


def test_contacts_that_rise_before_a_referral_to_social_care_are_no_feature() -> None:
    """One contact or ten: the services that see a child more often must not make it look more ill."""
    on = date(2026, 5, 1)
    one, ten = (features_of(quarter(on, **contacts(number), **REFERRED)) for number in (1, 10))
    assert one == ten
    assert not ten["social_care_referrals_12_months"], "the referral lies ahead"


def test_contacts_and_open_records_are_no_event_and_something_that_begins_is() -> None:
    """A child under the eyes of social care is visited often: only a step up counts."""
    on = date(2026, 5, 1)
    open_before = {
        "cin_episode": [{**KEYS["cin_episode"], "referred_on": "2025-12-01", "known_on": "2026-01-10"}],
        "cin_plan": [{**KEYS["cin_plan"], "started_on": "2026-01-05", "known_on": "2026-02-01"}],
    }
    watched = quarter(on, **contacts(10), **open_before)
    assert (watched["child_in_need_plan"], watched["event_on"]) == (1, None)
    protected = {
        "cin_protection_plan": [
            {**KEYS["cin_protection_plan"], "started_on": "2026-06-01", "known_on": "2026-07-01"}
        ]
    }
    stepped_up = quarter(on, **contacts(10), **open_before, **protected)
    assert str(stepped_up["social_care_step_up"]) == "2026-06-01"
    assert features_of(stepped_up) == features_of(watched)


def test_a_child_who_is_watched_more_is_seen_sooner_and_that_is_not_no_event() -> None:
    """Two children alike, one seen after ten days: it counts for ten days, and not as half a year without an event."""
    on = date(2026, 5, 1)
    seen = [
        {
            **REQUEST,
            "care_contact_id": "S",
            "contact_on": "2026-05-11",
            "attendance_code": "5",
            "known_on": "2026-07-01",
        }
    ]
    not_yet, soon = quarter(on), quarter(on, csds_contact=seen)
    assert features_of(not_yet) == features_of(soon)
    assert (not_yet["days_at_risk"], soon["days_at_risk"], soon["censored_because"]) == (182, 10, "seen")


def test_no_feature_counts_contacts_that_were_kept() -> None:
    """A feature of the estimate reads contacts only as not brought, or as urgent care, which is an event of its own."""
    of_contacts = {f.name for f in MODEL_FEATURES if f.source == "contact"}
    assert of_contacts == {"not_brought_12_months"}
