"""A real browser and a real server; absent, the tests skip, unless CI says that they may not."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from service import store
from service.app import create_app
from service.settings import Settings
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.functional.service import worklist_folder
from tests.functional.service.conftest import UNHURRIED


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing, and with CI=true no browser test may be skipped")
        pytest.skip(f"{CHROMIUM} is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browser")
    worklist_folder.write(folder / "worklists", children=160)
    database = f"sqlite:///{folder}/service.db"
    store.migrate(database)
    app = create_app(Settings(worklists=folder / "worklists", database=database, demo=True, **UNHURRIED))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    running.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    running.join(timeout=5)
    listening.close()
    app.state.parts.store.engine.dispose()


@pytest.fixture
def open_page(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    contexts = []

    def opened(width: int, path: str, *, script: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=script, bypass_csp=script
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name="Sign in as therapist").click()
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
