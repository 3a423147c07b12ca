"""An app on a small run, and people who are signed in to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from benchmarks import tampering
from benchmarks.tampering import Filled
from service import store
from service.__main__ import app as command_line
from service.access import DEMO_PEOPLE, Person, Role
from service.app import create_app
from service.settings import Settings
from tests.functional.service import worklist_folder
from tests.functional.service.filled_log import copy_of
from tests.functional.service.worklist_folder import SPEECH

ADDRESS = "http://127.0.0.1:8000"
COLLEAGUE = Person("s-demo", "S. Demo", "therapist", Role.CLINICIAN, "NR5", "Demo Community Trust")
ELSEWHERE = Person("e-demo", "E. Demo", "audiologist", Role.CLINICIAN, "RK9", "Another Trust")
PEOPLE = {**DEMO_PEOPLE, COLLEAGUE.person_id: COLLEAGUE, ELSEWHERE.person_id: ELSEWHERE}
UNHURRIED = {"requests_per_minute": 100_000, "children_per_minute": 100_000}
"""A test asks faster than a person; the limits have tests of their own."""
RUN, NEXT, THIRD = "2026-11-20-r1", "2026-11-20-r2", "2026-11-20-r3"
LIST = f"/lists/{SPEECH}/{RUN}"


def child_address(place: int) -> str:
    return f"{LIST}/nr5ref{place:07d}"


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found.group(1)


def field_in(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found.group(1)


@dataclass
class Clock:
    time: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time


class Visitor:
    """One person's browser."""

    def __init__(self, app: Any, person: str | None = None) -> None:
        self.http = TestClient(app, base_url=ADDRESS, client=("127.0.0.1", 50000), follow_redirects=False)
        if person:
            self.sign_in(person)

    def sign_in(self, person: str) -> None:
        token = csrf_in(self.http.get("/").text)
        answer = self.http.post("/sign-in", data={"csrf": token, "person": person})
        assert answer.status_code == 303

    def page(self, address: str) -> str:
        answer = self.http.get(address)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def decide(self, address: str, /, **fields: str) -> Any:
        page = self.page(address)
        sent = {name: field_in(page, name) for name in ("csrf", "form_key", "last_review")} | fields
        return self.http.post(address, data=sent)


@pytest.fixture(scope="session")
def worklists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("worklists")
    worklist_folder.write(folder)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/service.db"
    store.migrate(address)
    return address


@pytest.fixture
def make_app(database: str, clock: Clock, tmp_path: Path) -> Callable[..., Any]:
    def make(worklists: Path, *, people: Mapping[str, Person] = PEOPLE, **more: Any) -> Any:
        given = (
            {
                "worklists": worklists,
                "database": database,
                "demo": True,
                "log_key": tmp_path / "service.db.log-key",
            }
            | UNHURRIED
            | more
        )
        return create_app(Settings(**given), people=people, now=clock)

    return make


@pytest.fixture
def app(make_app: Callable[[Path], Any], worklists: Path) -> Iterator[Any]:
    made = make_app(worklists)
    yield made
    made.state.parts.store.engine.dispose()


@pytest.fixture
def clinician(app: Any) -> Visitor:
    return Visitor(app, "r-demo")


@pytest.fixture
def colleague(app: Any) -> Visitor:
    return Visitor(app, "s-demo")


@dataclass(frozen=True)
class House:
    """A service that started when there was one run, with two more made since: r2 like r1, r3 without a model."""

    app: Any
    worklists: Path
    database: str

    def run(self, *words: str) -> Any:
        places = (
            "--worklists", str(self.worklists), "--database", self.database,
            "--log-key", str(self.worklists.parent / "service.db.log-key"),
        )  # fmt: skip
        return CliRunner().invoke(command_line, [*words, *places])

    def live(self) -> str:
        visitor = Visitor(self.app, "r-demo")
        return str(visitor.http.get(f"/v1/lists/{SPEECH}").json()["service"]["run"])


@pytest.fixture(scope="session")
def three_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("three")
    for model in (True, True, False):
        worklist_folder.write(folder, model=model)
    return folder


@pytest.fixture
def house(
    tmp_path: Path, three_runs: Path, database: str, make_app: Callable[[Path], Any]
) -> Iterator[House]:
    worklists = tmp_path / "worklists"
    shutil.copytree(three_runs / RUN, worklists / RUN)
    app = make_app(worklists)
    for later in (NEXT, THIRD):
        shutil.copytree(three_runs / later, worklists / later)
    yield House(app, worklists, database)
    app.state.parts.store.engine.dispose()


def query(address: str, **filters: str) -> str:
    return f"{address}?{urlencode(filters)}"


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A log that nobody changes."""
    return tampering.fill(tmp_path_factory.mktemp("log"))


@pytest.fixture
def filled(untouched: Filled, tmp_path: Path) -> Filled:
    """A copy of it with all that belongs to it, to be changed."""
    return copy_of(untouched, tmp_path)
