"""Every route for every role, read from the app itself: what is not listed here is denied."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute

from risk_model import worklist
from tests.functional.service.conftest import PEOPLE, RUN, Visitor
from tests.functional.service.worklist_folder import HEARING, SPEECH

NOBODY = "nobody"
CLINICIAN, COMMISSIONER, AUDITOR, STEWARD = "r-demo", "c-demo", "a-demo", "d-demo"
EVERYBODY = {NOBODY, CLINICIAN, COMMISSIONER, AUDITOR, STEWARD}
SIGNED_IN = EVERYBODY - {NOBODY}
READS_LISTS = {CLINICIAN, AUDITOR}
ALLOWED = {
    "GET /": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /static/{name}": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "POST /sign-out": SIGNED_IN,
    "GET /v1/me": SIGNED_IN,
    "GET /lists": READS_LISTS,
    "GET /lists/{service}": READS_LISTS,
    "GET /lists/{service}/{run}": READS_LISTS,
    "GET /lists/{service}/{run}/{referral}": READS_LISTS,
    "POST /lists/{service}/{run}/{referral}": {CLINICIAN},
    "POST /lists/{service}/{run}/{referral}/second": set(),
    "GET /v1/services": READS_LISTS,
    "GET /v1/lists/{service}": READS_LISTS,
    "GET /v1/lists/{service}/{run}": READS_LISTS,
    "GET /v1/lists/{service}/{run}/{referral}": READS_LISTS,
    "GET /v1/lists/{service}/{run}/{referral}/contributions": READS_LISTS,
    "GET /v1/lists/{service}/{run}/{referral}/reviews": READS_LISTS,
    "POST /v1/lists/{service}/{run}/{referral}/reviews": {CLINICIAN},
    "GET /demand": {COMMISSIONER},
    "GET /audit": {AUDITOR},
    "GET /audit/runs/{run}": {AUDITOR},
    "GET /files": {STEWARD},
}
FILLED = {
    "{service}": SPEECH,
    "{run}": RUN,
    "{referral}": "nr5ref0000003",
    "{name}": "nhsuk.css",
}


def routes(app: Any) -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in _flat(app.routes)
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def _flat(found: Any) -> list[Any]:
    flat = []
    for route in found:
        inner = getattr(route, "original_router", None)
        flat += _flat(inner.routes) if inner is not None else [route]
    return flat


def ask(visitor: Visitor, method: str, path: str) -> Any:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    if method == "GET":
        return visitor.http.get(path)
    if path.startswith("/v1"):
        return visitor.http.post(
            path, json={"choice": "agree", "last_review": 0}, headers={"Idempotency-Key": "key-of-the-test"}
        )
    token = visitor.http.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    form = {
        "csrf": token,
        "person": CLINICIAN,
        "choice": "agree",
        "form_key": "key-of-the-form",
        "answer": "agree",
        "asked": "1",
    }
    return visitor.http.post(path, data=form)


@pytest.fixture
def everybody(app: Any) -> dict[str, Visitor]:
    return {who: Visitor(app, None if who == NOBODY else who) for who in sorted(EVERYBODY)}


def test_every_route_is_in_the_table(app: Any) -> None:
    assert {f"{method} {path}" for method, path in routes(app)} == set(ALLOWED)


def test_every_operation_of_the_api_description_is_in_the_table(app: Any, clinician: Visitor) -> None:
    described = clinician.http.get("/v1/openapi.json").json()["paths"]
    named = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert named <= set(ALLOWED)
    assert {name for name in ALLOWED if " /v1" in name} <= named


@pytest.fixture
def nothing_to_compute_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "verify", worklist.check_seal)


@pytest.mark.usefixtures("nothing_to_compute_again")
@pytest.mark.parametrize("route", sorted(ALLOWED))
def test_only_the_roles_in_the_table_may(route: str, everybody: dict[str, Visitor]) -> None:
    method, path = route.split(" ")
    for who, visitor in everybody.items():
        answer = ask(visitor, method, path)
        if who in ALLOWED[route]:
            assert answer.status_code in (200, 201, 303), who
            assert answer.headers.get("location") != "/" or path == "/sign-out", who
        elif who == NOBODY:
            assert (answer.status_code, answer.headers.get("location")) in ((401, None), (303, "/")), who
        else:
            assert answer.status_code == 404, who


def test_not_yours_and_not_there_are_the_same_bytes(app: Any, clinician: Visitor) -> None:
    for prefix in ("", "/v1"):
        not_yours = [f"{prefix}/lists/{HEARING}", f"{prefix}/lists/{HEARING}/{RUN}/rk9ref0000001"]
        not_there = [
            f"{prefix}/lists/nr5-none",
            f"{prefix}/lists/{SPEECH}/2001-01-01-r1",
            f"{prefix}/lists/{SPEECH}/{RUN}/none",
            f"{prefix}/lists/{SPEECH}/..%2f..%2fetc",
            f"{prefix}/nowhere",
        ]
        answers = {clinician.http.get(address).content for address in not_yours + not_there}
        assert len(answers) == 1


def test_a_role_without_lists_learns_nothing_about_them(app: Any) -> None:
    commissioner = Visitor(app, COMMISSIONER)
    answers = {commissioner.http.get(f"/lists/{name}").content for name in (SPEECH, HEARING, "none")}
    assert len(answers) == 1


def test_each_demo_person_lands_on_a_page_they_may_see(app: Any) -> None:
    for person in PEOPLE:
        visitor = Visitor(app, person)
        home = {"c-demo": "/demand", "a-demo": "/audit", "d-demo": "/files"}.get(person, "/lists")
        assert visitor.http.get(home).status_code == 200
