"""Signing in through a real OpenID Connect provider: what lets somebody in, as whom, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from risk_model.errors import UserError
from service import publishing
from service.app import create_app
from service.settings import Settings
from tests.functional.service import oidc
from tests.functional.service.conftest import RUN, Visitor
from tests.functional.service.oidc import Browser, answer_at_provider, claims, role
from tests.functional.service.worklist_folder import HEARING, SPEECH

# The provider of these tests still uses what Authlib is about to retire.
pytestmark = pytest.mark.filterwarnings(
    "ignore:get_jwt_config:DeprecationWarning", "ignore:authlib.jose module is deprecated:DeprecationWarning"
)
THERAPIST = role("555001", oidc.ROLE_CODE, "NR5", "Therapist")
REFUSED = {"one factor": "sign-in was not strong enough", "porter": "not one that works here"}
PEOPLE = {
    "therapist": claims(),
    "auditor": claims(selected_roleid="555002"),
    "elsewhere": claims(nhsid_nrbac_roles=[THERAPIST | {"org_code": "RK9"}]),
    "one factor": claims(authentication_assurance_level="1"),
    "porter": claims(nhsid_nrbac_roles=[THERAPIST | {"role_code": "S0:G0:R9999"}]),
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc.provider(PEOPLE) as address:
        yield address


@pytest.fixture
def app(make_app: Callable[..., Any], worklists: Any, issuer: str) -> Iterator[Any]:
    made = make_app(worklists, **oidc.settings(issuer))
    with made.state.parts.store.writing() as session:
        found = publishing.candidate(worklists, RUN)
        publishing.publish(
            session, found, [RUN], "A. Lead", "B. Lead", "The first list", made.state.parts.now()
        )
    yield made
    made.state.parts.store.engine.dispose()


def test_the_chosen_role_and_its_organisation_decide_who_somebody_is(app: Any) -> None:
    browser = Browser(app)
    assert browser.sign_in("therapist").headers["location"] == "/lists"
    assert browser.http.get("/v1/me").json() == {
        "person_id": "therapist",
        "name": "T. Sample",
        "title": "Speech and language therapist",
        "role": "clinician",
        "organisation_code": "NR5",
        "organisation_name": "A Community Trust",
    }


def test_each_sees_the_services_of_the_chosen_organisation(app: Any) -> None:
    for who, home, services in (
        ("elsewhere", "/lists", [HEARING]),
        ("auditor", "/audit", [SPEECH]),
    ):
        browser = Browser(app)
        assert browser.sign_in(who).headers["location"] == home
        assert [each["service_id"] for each in browser.http.get("/v1/services").json()] == services


def test_whoever_is_known_but_may_not_work_here_is_told_what_is_missing(app: Any) -> None:
    for who, words in REFUSED.items():
        browser = Browser(app)
        answer = browser.sign_in(who)
        assert (answer.status_code, words in answer.text) == (403, True), who
        assert browser.http.get("/v1/me").status_code == 401, who


def test_the_request_to_the_provider_carries_pkce_state_and_nonce(app: Any) -> None:
    asked = parse_qs(urlsplit(Browser(app).start()).query)
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert asked["redirect_uri"] == [f"{oidc.PUBLIC_URL}/sign-in/back"]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))


def test_an_answer_meant_for_another_browser_signs_nobody_in(app: Any) -> None:
    attacker, victim = Browser(app), Browser(app)
    meant_for_attacker = answer_at_provider(attacker.start(), "therapist")
    victim.start()
    assert victim.come_back(meant_for_attacker).status_code == 403
    assert Browser(app).come_back(meant_for_attacker).status_code == 403
    assert victim.http.get("/v1/me").status_code == 401


def test_an_answer_is_used_once(app: Any) -> None:
    browser = Browser(app)
    address = answer_at_provider(browser.start(), "therapist")
    assert browser.come_back(address).status_code == 303
    assert Browser(app).come_back(address).status_code == 403


def test_a_made_up_answer_signs_nobody_in(app: Any) -> None:
    browser = Browser(app)
    browser.start()
    for query in ("", "?code=x", "?state=x", "?code=x&state=x", "?error=denied&error_description=canary"):
        answer = browser.http.get(f"/sign-in/back{query}")
        assert (answer.status_code, "was not finished" in answer.text) == (403, True), query
        assert "canary" not in answer.text


def test_a_provider_that_does_not_answer_leaves_everybody_else_signed_in(
    app: Any, make_app: Callable[..., Any], worklists: Any
) -> None:
    browser = Browser(app)
    browser.sign_in("therapist")
    unreachable = make_app(worklists, **oidc.settings("http://localhost:1"))
    assert Browser(unreachable).http.get("/sign-in/start").status_code == 503
    assert browser.http.get("/v1/me").status_code == 200


def test_a_provider_that_names_another_issuer_is_not_used(
    make_app: Callable[..., Any], worklists: Any, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(worklists, **oidc.settings(issuer))
    monkeypatch.setattr(app.state.parts.provider, "_issuer", "https://id.example")
    assert Browser(app).http.get("/sign-in/start").status_code == 503


def test_outside_the_demo_the_cookie_is_secure_and_the_demo_people_are_not_there(app: Any) -> None:
    browser = Browser(app)
    first = browser.http.get("/")
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("__Host-early_support=")
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(cookie.lower().split("; "))
    assert first.headers["strict-transport-security"] == "max-age=31536000"
    assert "Demonstration" not in first.text
    token = first.text.split('name="csrf" value="')
    assert len(token) == 1, "there is no demo form"
    assert browser.http.post("/sign-in", data={"person": "r-demo"}).status_code == 403


def test_only_the_services_own_name_is_answered(app: Any) -> None:
    for host in ("evil.example", "127.0.0.1", "early-support.example:8443", ""):
        for address in ("/", "/lists", "/v1/me", "/static/nhsuk.css"):
            assert Browser(app).http.get(address, headers={"host": host}).status_code == 421, host


def test_in_the_demo_there_is_no_provider_to_go_to(make_app: Callable[..., Any], worklists: Any) -> None:
    visitor = Visitor(make_app(worklists))
    for address in ("/sign-in/start", "/sign-in/back?code=x&state=x"):
        assert visitor.http.get(address).status_code == 404


@pytest.mark.parametrize(
    "name", ["public_url", "oidc_issuer", "oidc_client_id", "oidc_client_secret", "roles", "secret"]
)
def test_without_one_of_its_settings_it_does_not_start(name: str, worklists: Any) -> None:
    given = {key: value for key, value in oidc.settings("https://id.example").items() if key != name}
    with pytest.raises(UserError, match=f"EARLY_SUPPORT_{name.upper()}"):
        create_app(Settings(worklists=worklists, **given))
