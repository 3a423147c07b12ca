"""What the service says about itself: log lines, counts and whether it is ready; never a child."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from structlog.testing import capture_logs

from risk_model.errors import UserError
from service import tokens
from service.access import DEMO_PEOPLE
from tests.functional.service import oidc
from tests.functional.service.conftest import ADDRESS, LIST, Clock, Visitor, child_address, csrf_in, query

HERE = ("127.0.0.1", 50000)
AWAY = ("192.0.2.7", 50000)


def test_a_log_line_names_the_route_and_the_role_and_nobody(app: Any) -> None:
    with capture_logs() as told:
        visitor = Visitor(app, "r-demo")
        page = visitor.page(child_address(3))
        reference = re.search(r"Child ([0-9A-Z]{4}-[0-9A-Z]{3})", page)
        assert reference
        visitor.decide(child_address(3), choice="up", reason="other", own_words="canary-words")
        visitor.http.get(query(LIST, child=reference[1], show="canary-filter"))
        visitor.http.get("/canary-address/nr5ref0000003")
        visitor.http.post(f"/v1{child_address(3)}/reviews", content=b'{"canary-name": 1}')
        visitor.http.get("/v1/me", headers={"Authorization": "Bearer canary-token"})
        cookie = visitor.http.cookies["early_support"]
        visitor.http.post("/sign-out", data={"csrf": csrf_in(visitor.page("/lists"))})
    lines = [line for line in told if line["event"] == "request"]
    assert {line["route"] for line in lines} >= {"/lists/{service}/{run}/{referral}", "/v1/me", "other"}
    assert {line["role"] for line in lines} == {"clinician", None}
    written = str(told)
    for never in ("canary", "nr5ref", reference[1], "r-demo", "R. Demo", cookie):
        assert never not in written, never


def test_every_answer_has_a_number_and_only_a_uuid_is_taken_over(clinician: Visitor) -> None:
    given = str(uuid.uuid4())
    assert clinician.http.get("/lists", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    for other in ("", "9434765919", "canary\tname", given.upper() + "0"):
        number = clinician.http.get("/lists", headers={"X-Request-ID": other}).headers["x-request-id"]
        assert number != other
        assert uuid.UUID(number)


def test_our_own_fault_is_told_by_its_place_and_never_by_its_words(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_name: str) -> None:
        raise RuntimeError("canary of a child")

    monkeypatch.setattr(app.state.parts.shelf, "run", fails)
    with capture_logs() as told:
        answer = TestClient(app, base_url=ADDRESS, client=HERE).get("/readyz")
    assert answer.status_code == 500
    (line,) = [line for line in told if line["event"] == "failed"]
    assert line["error"] == "RuntimeError"
    assert any(place.startswith("probes.py:") for place in line["at"])
    assert "canary" not in str(told) + answer.text


def count_of(page: str, **labels: str) -> float:
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    found = re.search(
        rf"^early_support_requests_total\{{{re.escape(inside)}\}} ([0-9.]+)$", page, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def test_metrics_count_by_route_and_never_by_address(clinician: Visitor) -> None:
    for place in (3, 4):
        clinician.page(child_address(place))
    clinician.http.request("CANARY", "/lists")
    page = clinician.page("/metrics")
    assert count_of(page, method="GET", route="/lists/{service}/{run}/{referral}", status="200") == 2
    assert "early_support_open_sessions 1.0" in page
    assert "early_support_newest_list_days 4.0" in page
    assert "nr5" not in page
    assert "CANARY" not in page


def test_metrics_are_for_this_machine_or_an_auditor(
    make_app: Callable[..., Any], worklists: Any, tmp_path: Path
) -> None:
    app = make_app(worklists, **oidc.settings("https://id.example"))
    parts = app.state.parts
    object.__setattr__(parts, "tokens", tokens.of_demo(tmp_path / "key.json"))
    made = {
        who: tokens.make_for_demo(tmp_path / "key.json", DEMO_PEOPLE[who], 10, Clock().time)
        for who in ("a-demo", "r-demo")
    }
    away = TestClient(app, base_url=oidc.PUBLIC_URL, client=AWAY)
    proxied = TestClient(app, base_url=ADDRESS, client=HERE, headers={"X-Forwarded-For": "192.0.2.7"})
    here = TestClient(app, base_url=ADDRESS, client=HERE)
    bearer = {who: {"Authorization": f"Bearer {token}"} for who, token in made.items()}
    assert here.get("/metrics").status_code == 200
    assert away.get("/metrics").status_code == 401
    assert proxied.get("/metrics").status_code == 421
    assert away.get("/metrics", headers={"Host": "127.0.0.1"}).status_code == 421
    assert away.get("/metrics", headers=bearer["r-demo"]).status_code == 404
    assert away.get("/metrics", headers=bearer["a-demo"]).status_code == 200


def ready(app: Any) -> tuple[int, dict[str, Any]]:
    answer = TestClient(app, base_url=ADDRESS, client=HERE).get("/readyz")
    return answer.status_code, answer.json()


def test_it_is_not_ready_without_its_tables(app: Any) -> None:
    with app.state.parts.store.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE audit_entry")
    status, told = ready(app)
    assert (status, told["log"], told["worklist"]) == (503, "the log cannot be read", "ready")


def test_it_is_not_ready_when_a_migration_is_missing(app: Any) -> None:
    with app.state.parts.store.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    status, told = ready(app)
    assert (status, told["store"]) == (503, "it needs `risk-service migrate`")


def test_it_is_not_ready_when_the_log_cannot_be_written(app: Any) -> None:
    engine = app.state.parts.store.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
    engine.dispose()
    status, told = ready(app)
    assert (status, told["log"], told["store"]) == (503, "the log cannot be written", "ready")
    assert Visitor(app).http.get("/").status_code == 200


def test_it_is_not_ready_without_a_list_that_can_be_shown(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_name: str) -> None:
        raise UserError(f"canary {os.sep} path")

    monkeypatch.setattr(app.state.parts.shelf, "run", unreadable)
    status, told = ready(app)
    assert (status, told["worklist"], told["newest_run"]) == (503, "the live list cannot be shown", None)
    assert "canary" not in str(told)
    assert TestClient(app, base_url=ADDRESS, client=HERE).get("/healthz").json() == {"status": "alive"}
