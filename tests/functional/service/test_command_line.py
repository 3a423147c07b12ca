"""Starting the service: every mistake at the keyboard gets one sentence and no traceback."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service import store
from service.__main__ import app as command_line
from service.app import create_app, settings_from_environment
from service.settings import Settings
from tests.functional.service import worklist_folder


def run(*words: str) -> Any:
    return CliRunner().invoke(command_line, list(words))


def serve(worklists: Path, tmp_path: Path, *more: str) -> Any:
    return run("serve", "--worklists", str(worklists), "--database", f"sqlite:///{tmp_path}/s.db", *more)


def assert_one_sentence(result: Any, words: str) -> None:
    assert result.exit_code in (1, 2)
    assert words in result.output
    assert "Traceback" not in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_without_demo_it_refuses(worklists: Path, tmp_path: Path) -> None:
    result = serve(worklists, tmp_path)
    assert_one_sentence(
        result, "Without --demo people sign in with OpenID Connect, and 6 settings are missing"
    )
    assert not (tmp_path / "s.db").exists()


def test_a_missing_folder(tmp_path: Path) -> None:
    assert_one_sentence(serve(tmp_path / "none", tmp_path, "--demo"), "There is no folder")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_one_sentence(serve(tmp_path / "empty", tmp_path, "--demo"), "No worklist was found")


@pytest.mark.parametrize("file", ["list.parquet", "contributions.parquet", "policy.yaml", "provenance.json"])
def test_a_worklist_with_a_byte_changed(tmp_path: Path, file: str) -> None:
    path = worklist_folder.write(tmp_path / "worklists") / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert_one_sentence(serve(tmp_path / "worklists", tmp_path, "--demo"), "2026-11-20-r1")


def test_a_port_in_use(worklists: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_one_sentence(serve(worklists, tmp_path, "--demo", "--port", port), f"Port {port} on 127.0.0.1")


def test_a_database_address_that_is_none(worklists: Path) -> None:
    result = run("serve", "--demo", "--worklists", str(worklists), "--database", "nonsense")
    assert_one_sentence(result, "is no database address")


def test_missing_styles(worklists: Path, tmp_path: Path) -> None:
    settings = Settings(worklists=worklists, demo=True, nhsuk_frontend=tmp_path)
    with pytest.raises(Exception, match="Run `make setup`"):
        create_app(settings)


def test_migrating_twice_is_harmless(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/new/s.db"
    for _ in range(2):
        result = run("migrate", "--database", address, "--json")
        assert (result.exit_code, json.loads(result.output)) == (0, {"version": store.newest_version()})


def test_verifying_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert_one_sentence(
        run("audit", "verify", "--database", f"sqlite:///{tmp_path}/none.db"),
        "it has no tables of this version",
    )


@pytest.mark.parametrize("words", [[], ["serve"], ["migrate"], ["audit"], ["audit", "verify"]])
def test_each_command_has_help(words: list[str]) -> None:
    assert run(*words, "--help").exit_code == 0


def test_the_environment_fills_what_the_command_line_leaves_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EARLY_SUPPORT_WORKLISTS", str(tmp_path))
    monkeypatch.setenv("EARLY_SUPPORT_DATABASE", "sqlite:///elsewhere.db")
    settings = settings_from_environment(database="sqlite:///given.db")
    assert (settings.worklists, settings.database, settings.demo) == (tmp_path, "sqlite:///given.db", False)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SECRET", "", "a secret has at least 32 characters"),
        ("SECRET", "canary", "a secret has at least 32 characters"),
        ("PUBLIC_URL", "http://canary.example", "expected an address that starts with https://"),
        ("PUBLIC_URL", "https://canary.example/path", "expected an address without a path"),
        ("OIDC_ISSUER", "ftp://canary", "expected an address that starts with https://"),
        ("ROLES", "canary", "expected JSON"),
        ("ROLES", '{"S8000": "canary"}', "Input should be 'clinician'"),
        ("REQUESTS_PER_MINUTE", "0", "greater than or equal to 1"),
        ("LEAST_AUTHENTICATION_LEVEL", "1", "greater than or equal to 2"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, worklists: Path, tmp_path: Path, name: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(f"EARLY_SUPPORT_{name}", value)
    result = serve(worklists, tmp_path, "--demo")
    assert_one_sentence(result, f"1 setting is not as expected: EARLY_SUPPORT_{name}: ")
    assert rule in result.output
    assert "canary" not in result.output


def test_the_demo_is_not_served_to_other_machines(worklists: Path, tmp_path: Path) -> None:
    for host in ("0.0.0.0", "192.0.2.7", "::"):
        result = serve(worklists, tmp_path, "--demo", "--host", host)
        assert_one_sentence(result, "The demonstration answers on this machine alone")


def test_it_serves_on_loopback_and_stops_when_asked(worklists: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", "--demo", "--worklists", str(worklists), "--port", str(port)]
    command = [sys.executable, "-m", "service", *words, "--database", f"sqlite:///{tmp_path}/s.db"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith(f"Early Support is at http://127.0.0.1:{port}")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=20) as answer:
                assert json.load(answer)["status"] == "ready"
        finally:
            server.send_signal(signal.SIGINT)
        told = [json.loads(line) for line in server.stdout.read().splitlines() if line.startswith("{")]
    assert ("/readyz", 200) in [(line["route"], line["status"]) for line in told]
