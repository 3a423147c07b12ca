"""How often, how much and how slowly somebody may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from service import protection
from service.access import DEMO_PEOPLE
from service.limits import Limits, TooOftenError
from service.settings import CHILDREN_PER_MINUTE, REQUESTS_PER_MINUTE
from tests.functional.service.conftest import Visitor, child_address

THERAPIST = DEMO_PEOPLE["r-demo"]


class Seconds:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused_after(limits: Limits, who: str = "r-demo", *, children: int = 0) -> int:
    for asked in range(10_000):
        try:
            limits.check(who, THERAPIST, children=children)
        except TooOftenError:
            return asked
    raise AssertionError("never refused")


def test_sixty_children_a_minute_and_six_hundred_requests() -> None:
    limits = Limits(REQUESTS_PER_MINUTE, CHILDREN_PER_MINUTE, Seconds())
    assert refused_after(limits, children=1) == 60
    assert refused_after(limits, "another") == 600


def test_two_children_side_by_side_count_as_two() -> None:
    limits = Limits(REQUESTS_PER_MINUTE, CHILDREN_PER_MINUTE, Seconds())
    assert refused_after(limits, children=2) == 30


def test_copying_a_list_child_by_child_takes_as_long_as_reading_it() -> None:
    clock = Seconds()
    limits, minutes = Limits(REQUESTS_PER_MINUTE, CHILDREN_PER_MINUTE, clock), 0.0
    for _ in range(2000):
        try:
            limits.check("r-demo", THERAPIST, children=1)
        except TooOftenError as error:
            clock.now += error.seconds
            minutes += error.seconds / 60
            limits.check("r-demo", THERAPIST, children=1)
    assert minutes > 32, "2,000 less the first 60, at 60 a minute"


def test_an_allowance_fills_up_again_and_each_has_their_own() -> None:
    clock = Seconds()
    limits = Limits(60, 60, clock)
    assert refused_after(limits) == 60
    limits.check("s-demo", THERAPIST, children=0)
    with pytest.raises(TooOftenError) as told:
        limits.check("r-demo", THERAPIST, children=0)
    clock.now += told.value.seconds
    limits.check("r-demo", THERAPIST, children=0)
    clock.now += 3600
    assert refused_after(limits) == 60, "an hour away saves nothing up"


def test_two_hundred_children_in_a_day_are_told_to_the_log_without_a_name() -> None:
    clock = Seconds()
    limits = Limits(100_000, 100_000, clock)
    with capture_logs() as told:
        for _ in range(450):
            limits.check("r-demo", THERAPIST, children=1)
        clock.now += 86_400
        for _ in range(199):
            limits.check("r-demo", THERAPIST, children=1)
    assert [(each["event"], each["children"]) for each in told] == [
        ("many_children_opened", 200),
        ("many_children_opened", 400),
    ]
    assert "r-demo" not in str(told)


def test_too_often_is_429_with_the_seconds_to_wait(make_app: Callable[..., Any], worklists: Any) -> None:
    app = make_app(worklists, children_per_minute=2)
    clinician, colleague = Visitor(app, "r-demo"), Visitor(app, "s-demo")
    for address in (child_address(3), f"/v1{child_address(3)}/contributions"):
        assert clinician.http.get(address).status_code == 200
    page, program = clinician.http.get(child_address(4)), clinician.http.get(f"/v1{child_address(4)}")
    assert (page.status_code, program.status_code) == (429, 429)
    assert 1 <= int(page.headers["retry-after"]) <= 30
    assert "Wait" in page.text
    assert program.json()["title"] == "Asked too often"
    assert clinician.http.get("/lists").status_code == 200
    assert colleague.http.get(child_address(4)).status_code == 200


def test_nobody_is_limited_by_address_and_styles_and_probes_are_free(
    make_app: Callable[..., Any], worklists: Any
) -> None:
    visitor = Visitor(make_app(worklists, requests_per_minute=3))
    assert [visitor.http.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    for address in ("/static/nhsuk.css", "/healthz", "/readyz"):
        assert visitor.http.get(address).status_code == 200


def ask_slowly(app: Any, *, headers: list[tuple[bytes, bytes]], body: list[bytes], stops: bool) -> list[Any]:
    """Speak to the app as a server does, piece by piece, and never send the end when it stops."""
    pieces = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
    sent: list[Any] = []

    async def receive() -> Any:
        if pieces:
            return pieces.pop(0)
        if stops:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/sign-in",
        "raw_path": b"/sign-in",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }
    asyncio.run(app(scope, receive, send))
    return sent


def test_a_body_that_does_not_end_is_given_up(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "LONGEST_BODY_SECONDS", 0.2)
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    answer = ask_slowly(app, headers=form, body=[b"person=r-d"], stops=True)
    assert answer[0]["status"] == 408


def test_more_headers_than_anybody_needs_are_refused(app: Any) -> None:
    many = [(b"x-%d" % number, b"x") for number in range(10_000)]
    answer = ask_slowly(app, headers=many, body=[], stops=False)
    assert answer[0]["status"] == 431
    assert json.loads(answer[1]["body"])["title"] == "Too many header fields"
