"""What protects the service: headers, tokens in forms, loopback, hostile and oversized requests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.functional.service.conftest import ADDRESS, LIST, Visitor, child_address, csrf_in, field_in

PAGES = ["/", "/lists", LIST, child_address(3), "/nowhere", f"/v1{LIST}", "/v1/nowhere", "/healthz"]


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_carries_the_strict_headers(clinician: Visitor, address: str) -> None:
    headers = clinician.http.get(address).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("address", ["/", "/lists", LIST, child_address(3), "/nowhere"])
def test_no_page_has_script_style_or_anything_from_elsewhere(clinician: Visitor, address: str) -> None:
    page = clinician.http.get(address).text
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.findall(r'(?:src|href|action)="(?!/|#|\?)[^"]+"', page)


def test_styles_and_icons_are_our_own_and_kept(clinician: Visitor) -> None:
    css = clinician.http.get("/static/nhsuk.css")
    assert css.headers["cache-control"] == "public, max-age=86400"
    assert "@font-face" not in css.text
    assert "https://" not in css.text
    assert clinician.http.get("/assets/images/nhsuk-icon-arrow-up.svg").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts(app: Any) -> None:
    answer = Visitor(app).http.get("/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=43200" in cookie


def test_a_forged_cookie_is_nobody(app: Any) -> None:
    visitor = Visitor(app)
    visitor.http.cookies.set("early_support", "eyJwZXJzb24iOiAici1kZW1vIn0=.forged.forged")
    assert visitor.http.get("/v1/me").status_code == 401


@pytest.mark.parametrize("token", [None, "", "wrong", "ü"])
def test_no_form_is_accepted_without_its_token(clinician: Visitor, token: str | None) -> None:
    page = clinician.page(child_address(2))
    form = {"form_key": field_in(page, "form_key"), "last_review": "0", "choice": "agree"}
    if token is not None:
        form["csrf"] = token
    for address in (child_address(2), "/sign-in", "/sign-out", f"{child_address(2)}/second"):
        assert clinician.http.post(address, data=form | {"answer": "agree"}).status_code == 403


def test_signing_out_ends_the_session(clinician: Visitor) -> None:
    token = csrf_in(clinician.page("/lists"))
    assert clinician.http.post("/sign-out", data={"csrf": token}).headers["location"] == "/"
    assert clinician.http.get("/lists").headers["location"] == "/"


@pytest.mark.parametrize(
    ("host", "client"),
    [("evil.example", "127.0.0.1"), ("127.0.0.1.evil.example", "127.0.0.1"), ("127.0.0.1:8000", "192.0.2.7")],
)
def test_the_demo_answers_on_loopback_only(app: Any, host: str, client: str) -> None:
    visitor = TestClient(app, base_url=ADDRESS, client=(client, 50000), follow_redirects=False)
    for address in ("/", "/lists", "/v1/me", "/healthz"):
        assert visitor.get(address, headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"canary-value"',
        b'{"choice": "canary-value"}',
        b'{"choice": "agree", "last_review": 0, "canary-value": 1}',
        b'{"choice": "agree", "last_review": 0, "person_id": "s-demo"}',
        b'{"choice": "agree", "last_review": "canary-value"}',
        b'{"choice": "up", "reason": "other", "own_words": "\\u0000", "last_review": 0}',
        b'{"choice": "agree", "own_words": "\\ud800", "last_review": 0}',
        b'{"choice": "agree", "last_review": -1}',
        b'{"choice": "agree", "last_review": 1e400}',
        b'{"choice": "up", "last_review": 0}',
        b'{"choice": "agree", "choice": "agree", "last_review": 0}',
        b'{"choice": "agree", "last_review": 0, "last_review": 0}',
        b'{"choice": "agree", "last_review": NaN}',
        b'{"choice": "agree", "last_review": true}',
        b'{"choice": "agree", "last_review": false}',
        b'{"choice": "agree", "last_review": 0.0}',
        b'{"choice": "agree", "last_review": 0, "weeks": true}',
        b'{"choice": "pin", "reason": "other", "own_words": "canary", "pin_to_tier": true, "last_review": 0}',
        b'{"choice": "agree", "last_review": 99999999999999999999999}',
        b'{"choice": "agree", "own_words": "\\u202ecanary", "last_review": "0"}',
        '{"choice": "agree", "last_review": 0}'.encode("utf-16"),
        b"[" * 20_000,
        b"\xff\xfe{}",
    ],
)
def test_a_hostile_body_is_refused_and_never_repeated(clinician: Visitor, body: bytes) -> None:
    answer = clinician.http.post(
        f"/v1{child_address(2)}/reviews",
        content=body,
        headers={"Content-Type": "application/json", "Idempotency-Key": "a-key-of-mine"},
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert "canary" not in answer.text
    assert clinician.http.get(f"/v1{child_address(2)}/reviews").json() == []


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"/v1{child_address(2)}/reviews", "application/json"),
        (child_address(2), "application/x-www-form-urlencoded"),
        ("/sign-in", "application/x-www-form-urlencoded"),
    ],
)
def test_too_large_a_body_is_refused(clinician: Visitor, address: str, kind: str) -> None:
    answer = clinician.http.post(
        address,
        content=b'{"own_words": "' + b"x" * 100_000 + b'"}',
        headers={"Content-Type": kind, "Idempotency-Key": "a-key-of-mine"},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("value", ["canary-value", "-1", "0", "99999999999999999999"])
def test_a_hostile_address_is_refused_and_never_repeated(clinician: Visitor, value: str) -> None:
    for name in ("tier", "page", "show", "unknown"):
        answer = clinician.http.get(f"/v1{LIST}", params={name: value})
        assert answer.status_code == 422 or (name == "tier" and value == "0"), name
        assert value not in answer.text or answer.status_code == 200


def test_without_a_log_nothing_is_shown(app: Any, clinician: Visitor, tmp_path: Path) -> None:
    with app.state.parts.store.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE audit_entry")
    for address in (child_address(2), f"/v1{child_address(2)}", f"/v1{child_address(2)}/contributions"):
        answer = clinician.http.get(address)
        assert answer.status_code == 503
        assert "Nothing is shown or saved without its log entry." in answer.text
    assert clinician.http.get("/readyz").status_code == 503


def test_without_a_database_the_styles_and_the_sign_of_life_stay(app: Any, clinician: Visitor) -> None:
    with app.state.parts.store.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE open_session")
    assert clinician.http.get("/lists").status_code == 503
    for address in ("/static/nhsuk.css", "/assets/images/favicon.svg", "/healthz"):
        assert clinician.http.get(address).status_code == 200


def test_our_own_fault_keeps_the_headers_and_says_nothing_of_the_child(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str) -> None:
        raise RuntimeError("a child's value")

    visitor = TestClient(app, base_url=ADDRESS, client=("127.0.0.1", 1), raise_server_exceptions=False)
    monkeypatch.setattr(app.state.parts.shelf, "run", fails)
    answer = visitor.get("/readyz")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert "child" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": ADDRESS}, 303),
        ({"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8001"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_form_of_another_site_is_refused_even_with_its_token(
    app: Any, headers: dict[str, str], status: int
) -> None:
    visitor = Visitor(app)
    form = {"csrf": csrf_in(visitor.page("/")), "person": "r-demo"}
    assert visitor.http.post("/sign-in", data=form, headers=headers).status_code == status


def test_a_program_on_another_sites_page_cannot_decide(clinician: Visitor) -> None:
    answer = clinician.http.post(
        f"/v1{child_address(2)}/reviews",
        content=b'{"choice": "agree", "last_review": 0}',
        headers={
            "Origin": "https://evil.example",
            "Content-Type": "application/json",
            "Idempotency-Key": "a-key-of-mine",
        },
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_the_demo_answers_nobody_behind_a_proxy(app: Any, header: str) -> None:
    assert Visitor(app).http.get("/", headers={header: "127.0.0.1"}).status_code == 403
