"""A session lives in the database: ended there, no cookie opens it again."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from tests.functional.service.conftest import ADDRESS, Clock, Visitor, csrf_in

COOKIE = "early_support"


def copy_of(visitor: Visitor, app: Any) -> Visitor:
    thief = Visitor(app)
    thief.http.cookies.set(COOKIE, visitor.http.cookies[COOKIE])
    return thief


def test_signing_out_ends_the_session_for_a_copied_cookie_too(app: Any, clinician: Visitor) -> None:
    thief = copy_of(clinician, app)
    assert thief.http.get("/v1/me").status_code == 200
    clinician.http.post("/sign-out", data={"csrf": csrf_in(clinician.page("/lists"))})
    assert thief.http.get("/v1/me").status_code == 401


@pytest.mark.parametrize(("minutes", "is_open"), [(29, True), (30, False)])
def test_a_session_that_nobody_uses_ends(
    clinician: Visitor, app: Any, clock: Clock, minutes: int, is_open: bool
) -> None:
    copied = copy_of(clinician, app)
    clock.time += timedelta(minutes=minutes)
    assert (copied.http.get("/v1/me").status_code == 200) is is_open


def test_a_session_in_use_stays_open_for_a_shift_and_no_longer(clinician: Visitor, clock: Clock) -> None:
    for _ in range(12 * 3 - 1):
        clock.time += timedelta(minutes=20)
        assert clinician.http.get("/v1/me").status_code == 200
    clock.time += timedelta(minutes=20)
    assert clinician.http.get("/v1/me").status_code == 401


def test_signing_in_starts_a_session_anew(app: Any) -> None:
    visitor = Visitor(app)
    visitor.page("/")
    before = visitor.http.cookies[COOKIE]
    visitor.sign_in("r-demo")
    assert visitor.http.cookies[COOKIE] != before
    fixed = Visitor(app)
    fixed.http.cookies.set(COOKIE, before)
    assert fixed.http.get("/v1/me").status_code == 401


def test_the_database_holds_no_key_that_opens_a_session(clinician: Visitor, database: str) -> None:
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        kept = "\n".join(connection.iterdump())
    assert "r-demo" in kept
    assert clinician.http.cookies[COOKIE].split(".")[0] not in kept
    assert clinician.http.get(f"{ADDRESS}/v1/me").status_code == 200


def test_sessions_that_are_over_are_cleared_away(app: Any, database: str, clock: Clock) -> None:
    Visitor(app, "r-demo")
    clock.time += timedelta(minutes=31)
    Visitor(app, "c-demo")
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT person_id FROM open_session").fetchall() == [("c-demo",)]
