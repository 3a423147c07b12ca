"""The same answers as JSON."""

from __future__ import annotations

from typing import Any

from tests.functional.service.conftest import LIST, Visitor, child_address, query
from tests.functional.service.worklist_folder import SPEECH


def send(visitor: Visitor, place: int, key: str, **decision: Any) -> Any:
    body = {"choice": "agree", "last_review": 0} | decision
    return visitor.http.post(
        f"/v1{child_address(place)}/reviews", json=body, headers={"Idempotency-Key": key}
    )


def test_alive_and_ready(clinician: Visitor) -> None:
    assert clinician.http.get("/healthz").json() == {"status": "alive"}
    assert clinician.http.get("/readyz").json() == {
        "status": "ready",
        "store": "ready",
        "log": "ready",
        "worklist": "ready",
        "newest_run": "2026-11-20-r1",
    }


def test_who_am_i(clinician: Visitor) -> None:
    assert clinician.http.get("/v1/me").json()["organisation_code"] == "NR5"


def test_my_services(clinician: Visitor) -> None:
    (service,) = clinician.http.get("/v1/services").json()
    assert (service["service_id"], service["waiting"], service["slots"]) == (SPEECH, 45, 9)


def test_the_same_filters_as_the_page(clinician: Visitor) -> None:
    answer = clinician.http.get(query(f"/v1{LIST}", tier="1", unknown="social care")).json()
    assert answer["shown"] + answer["hidden"] == 45
    assert {row["tier"] for row in answer["rows"]} == {1}
    assert all(row["needs"][2]["state"] == "unknown" for row in answer["rows"])


def test_a_row_tells_unknown_from_none(clinician: Visitor) -> None:
    rows = clinician.http.get(f"/v1/lists/{SPEECH}").json()["rows"]
    states = {need["state"] for row in rows for need in row["needs"]}
    assert states == {"recorded", "none", "unknown"}


def test_a_child_and_its_contributions(clinician: Visitor) -> None:
    child = clinician.http.get(f"/v1{child_address(3)}").json()
    assert (child["place"], child["tier"], child["band"]) == (3, 1, "2 to 4")
    contributions = clinician.http.get(f"/v1{child_address(3)}/contributions").json()
    assert [group["partner"] for group in contributions["groups"]] == [
        "health",
        "education",
        "social care",
        "age and wait",
    ]


def test_a_decision_is_kept_once_per_key(clinician: Visitor) -> None:
    first, again = send(clinician, 2, "key-number-one"), send(clinician, 2, "key-number-one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(clinician.http.get(f"/v1{child_address(2)}/reviews").json()) == 1


def test_a_key_is_not_used_for_two_decisions(clinician: Visitor) -> None:
    send(clinician, 2, "key-number-one")
    answer = send(clinician, 2, "key-number-one", choice="up", reason="not-recorded")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_one_of_two_reviewers_is_first(clinician: Visitor, colleague: Visitor) -> None:
    assert send(clinician, 2, "key-of-the-one").status_code == 201
    assert send(colleague, 2, "key-of-the-other").status_code == 409


def test_a_decision_without_its_reason_names_the_field(clinician: Visitor) -> None:
    answer = send(clinician, 2, "key-number-one", choice="hold")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"where": "body.reason", "problem": "Choose a reason for your decision"}
    ]


def test_a_decision_without_a_key_is_refused(clinician: Visitor) -> None:
    answer = clinician.http.post(f"/v1{child_address(2)}/reviews", json={"choice": "agree", "last_review": 0})
    assert answer.status_code == 422


def test_a_method_that_is_not_offered(clinician: Visitor) -> None:
    for method in ("DELETE", "OPTIONS", "HEAD", "CANARY"):
        answer = clinician.http.request(method, f"/v1{child_address(2)}/reviews")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST"), method
    assert answer.json()["title"] == "Method Not Allowed"
