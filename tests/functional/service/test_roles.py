"""Every route for every role and organisation, read from the app itself: what is not in the table is denied."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter

from risk_model import worklist
from service import routes
from service.access import DEMO_PEOPLE, Person, Role
from service.routes import WHO_MAY
from tests.functional.service.conftest import ELSEWHERE, PEOPLE, RUN, Visitor, csrf_in
from tests.functional.service.worklist_folder import HEARING, SPEECH

NOBODY = "nobody"
CLINICIAN, COMMISSIONER, AUDITOR, STEWARD = "r-demo", "c-demo", "a-demo", "d-demo"
OTHER_BOARD = {
    role: Person(f"{role.value[0]}-other", "O. Demo", role.value, role, "QT6", "Another Board")
    for role in (Role.COMMISSIONER, Role.AUDITOR, Role.DATA_STEWARD)
}
EVERYBODY = {NOBODY: None} | {
    person.person_id: person for person in (*DEMO_PEOPLE.values(), ELSEWHERE, *OTHER_BOARD.values())
}
FILLED = {
    "{service}": SPEECH,
    "{run}": RUN,
    "{referral}": "nr5ref0000003",
    "{other}": "nr5ref0000020",
    "{name}": "nhsuk.css",
    "{path}": "favicon.svg",
}
SECONDS_APART = 0.005
NEEDS_ITS_LIST = "{service}"
NOTHING_BEHIND_IT = {
    "POST /lists/{service}/{run}/{referral}/second",  # nobody has asked for a second person
    "GET /sign-in/start",  # the demo has no provider
    "GET /sign-in/back",
}


def ask(visitor: Visitor, method: str, path: str) -> Any:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    if method == "GET":
        return visitor.http.get(path)
    if path.startswith("/v1"):
        return visitor.http.post(
            path, json={"choice": "agree", "last_review": 0}, headers={"Idempotency-Key": "key-of-the-test"}
        )
    form = {
        "csrf": csrf_in(visitor.http.get("/").text),
        "person": CLINICIAN,
        "choice": "agree",
        "form_key": "key-of-the-form",
        "answer": "agree",
        "asked": "1",
    }
    return visitor.http.post(path, data=form)


@pytest.fixture
def make_visitor(make_app: Callable[..., Any], worklists: Any) -> Iterator[Callable[[str], Visitor]]:
    app = make_app(worklists, people=PEOPLE | {p.person_id: p for p in OTHER_BOARD.values()})
    yield lambda who: Visitor(app, None if who == NOBODY else who)
    app.state.parts.store.engine.dispose()


def test_every_route_of_the_app_is_in_the_table_and_nothing_else(app: Any) -> None:
    in_app = {
        f"{method} {route.address}"
        for route in routes.of_app(app.routes)
        for method in (route.methods or {"GET"})
    }
    assert in_app == set(WHO_MAY)


def test_every_operation_of_the_api_description_is_in_the_table(clinician: Visitor) -> None:
    described = clinician.http.get("/v1/openapi.json").json()["paths"]
    named = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert named <= set(WHO_MAY)
    assert {name for name in WHO_MAY if " /v1" in name} - named == {"GET /v1/openapi.json"}


def test_a_route_that_nobody_put_into_the_table_is_not_there(
    make_app: Callable[..., Any], worklists: Any
) -> None:
    forgotten = APIRouter()
    forgotten.add_api_route("/forgotten", lambda: {"child": "shown"})
    app = make_app(worklists)
    app.include_router(forgotten)
    for who in (None, CLINICIAN, AUDITOR):
        assert Visitor(app, who).http.get("/forgotten").status_code == 404


@pytest.fixture
def nothing_to_compute_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "verify", worklist.check_seal)


def expected(route: str, person: Person | None) -> str:
    """What the table and the person's organisation say of one cell."""
    if (person.role if person else None) not in WHO_MAY[route]:
        return "not there" if person else "sign in"
    sees_speech = person is not None and (
        person.organisation_code == "NR5"
        or (person.organisation_code == "QJK" and person.role in (Role.AUDITOR, Role.COMMISSIONER))
    )
    if (NEEDS_ITS_LIST in route and not sees_speech) or route in NOTHING_BEHIND_IT:
        return "not there"
    return "answered"


@pytest.mark.usefixtures("nothing_to_compute_again")
@pytest.mark.parametrize("route", sorted(WHO_MAY))
def test_every_cell_of_route_role_and_organisation(
    route: str, make_visitor: Callable[[str], Visitor]
) -> None:
    method, path = route.split(" ")
    for who, person in EVERYBODY.items():
        answer = ask(make_visitor(who), method, path)
        match expected(route, person):
            case "answered":
                assert answer.status_code in (200, 201, 303), who
                assert answer.headers.get("location") != "/" or path == "/sign-out", who
            case "sign in":
                assert (answer.status_code, answer.headers.get("location")) in ((401, None), (303, "/")), who
            case "not there":
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
        not_for_this_role = [] if prefix else ["/demand", "/audit", "/files"]
        addresses = not_yours + not_there + not_for_this_role
        answers = {clinician.http.get(address).content for address in addresses}
        assert len(answers) == 1


def test_not_yours_and_not_there_take_as_long(clinician: Visitor) -> None:
    def seconds(address: str) -> float:
        started = time.perf_counter()
        clinician.http.get(address)
        return time.perf_counter() - started

    pairs = [(f"/v1/lists/{HEARING}", "/v1/lists/rk9-nothing") for _ in range(40)]
    gaps = [seconds(not_yours) - seconds(not_there) for not_yours, not_there in pairs]
    assert abs(statistics.median(gaps)) < SECONDS_APART


def test_a_role_without_lists_learns_nothing_about_them(app: Any) -> None:
    commissioner = Visitor(app, COMMISSIONER)
    answers = {commissioner.http.get(f"/lists/{name}").content for name in (SPEECH, HEARING, "none")}
    assert len(answers) == 1


def test_each_demo_person_lands_on_a_page_they_may_see(app: Any) -> None:
    for person in PEOPLE:
        visitor = Visitor(app, person)
        home = {"c-demo": "/demand", "a-demo": "/audit", "d-demo": "/files"}.get(person, "/lists")
        assert visitor.http.get(home).status_code == 200


def test_an_overseeing_organisation_sees_its_own_providers_only(
    make_app: Callable[..., Any], worklists: Any
) -> None:
    app = make_app(worklists, oversees={"QJK": ["RK9"]})
    assert [each["service_id"] for each in Visitor(app, AUDITOR).http.get("/v1/services").json()] == [HEARING]
    page = Visitor(app, COMMISSIONER).page("/demand")
    assert ("Hearing" in page, "Speech and language" in page) == (True, False)


def test_another_organisations_entries_and_marks_are_not_shown(
    make_app: Callable[..., Any], worklists: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "verify", worklist.check_seal)
    app = make_app(worklists)
    address = f"/lists/{SPEECH}/{RUN}/nr5ref0000003"
    Visitor(app, CLINICIAN).decide(address, choice="wrong", reason="fact-wrong", own_words="seen in May")
    app = make_app(worklists, oversees={"QJK": ["RK9"]})
    assert "opened this page" not in Visitor(app, AUDITOR).page(f"/audit/runs/{RUN}")
    assert "seen in May" not in Visitor(app, STEWARD).page("/files")
