"""What another provider holds of a child who waits is told under the child's NHS number, and of nobody else."""

from __future__ import annotations

import pytest

from risk_model import features, linkage, snapshot
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER
from tests.spec.one_child import BIRTH, CHILD, DAY


@pytest.mark.parametrize(
    ("why", "number", "status", "visits"),
    [
        ("the hospital knows the same number", "9990000018", "01", 1),
        ("the hospital has not traced its number", "9990000018", "04", 0),
        ("the hospital means another child", "9990000026", "01", 0),
    ],
)
def test_an_urgent_visit_to_a_hospital_where_the_child_does_not_wait(
    why: str, number: str, status: str, visits: int
) -> None:
    held = {**BIRTH, "nhs_number": number, "nhs_number_status_code": status}
    month = {"provider_code": "H", "period_ended_on": "2026-04-30"}
    request = {**month, "service_request_id": "V"}
    frames = tables.frames(
        csds_patient=[
            {**CHILD["csds_patient"][0], "nhs_number": "9990000018", "nhs_number_status_code": "01"},
            {**month, **held, "local_patient_id": "B"},
        ],
        csds_referral=[
            *CHILD["csds_referral"],
            {**request, "local_patient_id": "B", "received_on": "2026-04-02"},
        ],
        csds_team=[*CHILD["csds_team"], {**request, "team_id": "E", "team_type_code": "49"}],
        csds_contact=[
            {
                **request,
                "care_contact_id": "C",
                "team_id": "E",
                "contact_on": "2026-04-02",
                "attendance_code": "5",
            }
        ],
    )
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    told = features.build(snapshot.take(frames, people, DAY))
    assert (told.height, told["urgent_care_12_months"].to_list()) == (1, [visits]), why
