"""How fast a page answers over loopback, at Plymouth scale."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np

from benchmarks import journey
from benchmarks.harness import Figure, Measured

REQUESTS = 300
WARM_UP = 20
MOST_MILLISECONDS = 150
LIST_ROWS = 50
SERVICE = "nr5-speech-and-language-therapy"
SECONDS_TO_START = 120
UNHURRIED = {"EARLY_SUPPORT_REQUESTS_PER_MINUTE": "1000000", "EARLY_SUPPORT_CHILDREN_PER_MINUTE": "1000000"}


def list_page_p95_ms() -> Measured:
    """The 95th percentile of a list page of 50 rows, one request after another."""
    journey.ensure()
    with served() as address, httpx2.Client(base_url=address, follow_redirects=True) as client:
        _sign_in(client)
        page = client.get(f"/lists/{SERVICE}")
        rows = page.text.count("es-row-link")
        milliseconds = []
        for _ in range(WARM_UP + REQUESTS):
            started = time.perf_counter()
            client.get(f"/lists/{SERVICE}").raise_for_status()
            milliseconds.append(1000 * (time.perf_counter() - started))
    measured = milliseconds[WARM_UP:]
    p95 = float(np.percentile(measured, 95))
    details = {"rows": rows, "median_ms": round(float(np.median(measured)), 1), "requests": REQUESTS}
    return Measured(round(p95, 1), p95 <= MOST_MILLISECONDS and rows == LIST_ROWS, details)


@contextmanager
def served(**environment: str) -> Iterator[str]:
    """Serve the journey's lists on this machine, to somebody who asks faster than a person may."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'service.db'}"
        worklists = journey.WORKSPACE / "worklists"
        command = [sys.executable, "-m", "service", "serve", "--demo", "--port", str(port)]
        command += ["--worklists", str(worklists), "--database", database]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, env=os.environ | UNHURRIED | environment, **quiet) as process:
            try:
                _wait_until_ready(address)
                yield address
            finally:
                process.terminate()


def _wait_until_ready(address: str) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < give_up:
        try:
            if httpx2.get(f"{address}/readyz").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the service was not ready within {SECONDS_TO_START} s")


def _sign_in(client: httpx2.Client) -> None:
    form = client.get("/").text
    action, fields = _form_of(form, "therapist")
    client.post(action, data=fields).raise_for_status()


def _form_of(page: str, person: str) -> tuple[str, dict[str, str]]:
    """The action and hidden fields of the form whose button names a person."""
    for form in re.findall(r"<form.*?</form>", page, flags=re.DOTALL):
        if person in form:
            action = re.search(r'action="([^"]*)"', form)
            assert action is not None
            return action[1], dict(re.findall(r'name="([^"]*)"[^>]*value="([^"]*)"', form))
    raise RuntimeError(f"nobody can sign in as {person}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


FIGURES = [
    Figure(
        "list_page_p95_ms",
        f"a list page of {LIST_ROWS} rows over loopback, 95th percentile of {REQUESTS} requests",
        "ms",
        f"at most {MOST_MILLISECONDS} ms",
        list_page_p95_ms,
    ),
]
