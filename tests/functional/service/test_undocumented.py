"""The running service answers what its description says, to whatever Schemathesis makes up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from benchmarks.undocumented import ask, somebody
from service import tokens
from service.access import DEMO_PEOPLE
from tests.functional.service.conftest import Clock

A_LOOK = ("--phases", "fuzzing", "--max-examples", "12")
"""The benchmark `undocumented_answers` asks for five minutes."""
OPERATIONS = 10


@pytest.fixture
def served(make_app: Callable[..., Any], worklists: Any, tmp_path: Path) -> Iterator[str]:
    app = make_app(worklists, demo_key=tmp_path / "key.json")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
    app.state.parts.store.engine.dispose()


def test_no_answer_is_undocumented_and_none_is_a_failure(served: str, tmp_path: Path) -> None:
    token = tokens.make_for_demo(tmp_path / "key.json", DEMO_PEOPLE["r-demo"], 60, Clock().time)
    asked = ask(served, token, somebody(served, token), *A_LOOK)
    assert asked.findings == ()
    assert asked.cases >= OPERATIONS
