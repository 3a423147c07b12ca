"""A backup is taken while people work, and put back only where its log verifies."""

from __future__ import annotations

import dataclasses
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from benchmarks import tampering
from benchmarks.tampering import ENTRIES, Filled
from service import audit
from service.__main__ import app as command_line
from service.store import Store
from tests.functional.service.filled_log import keys

BY = ("--by", "O. Perator")


def run(*words: object) -> Any:
    return CliRunner().invoke(command_line, [str(word) for word in words])


def add(filled: Filled, count: int, stop: threading.Event | None = None) -> int:
    """Add looks, each in a transaction of its own, until told to stop; return how many."""
    store, added = Store(filled.address, filled.key), 0
    while added < count and not (stop and stop.is_set()):
        with store.writing() as session:
            at = tampering.STARTED + timedelta(minutes=added)
            audit.append(session, tampering.CLINICIAN, "signed_in", at)
        added += 1
    store.close()
    return added


def test_a_backup_taken_while_others_write_verifies_and_holds_no_key(filled: Filled, tmp_path: Path) -> None:
    stop, added = threading.Event(), list[int]()
    writer = threading.Thread(target=lambda: added.append(add(filled, 10_000, stop)))
    writer.start()
    out = tmp_path / "copy.backup"
    assert run("backup", out, "--database", filled.address).exit_code == 0
    stop.set()
    writer.join()
    assert filled.key.seed not in out.read_bytes()
    copied = dataclasses.replace(filled, file=out)
    verdict = copied.verify()
    assert verdict.agrees, verdict.words
    assert ENTRIES <= verdict.entries <= ENTRIES + added[0]


def test_a_backup_comes_back_on_an_empty_machine_and_says_so_in_its_log(
    filled: Filled, tmp_path: Path
) -> None:
    run("backup", tmp_path / "copy.backup", "--database", filled.address)
    elsewhere = dataclasses.replace(filled, file=tmp_path / "new" / "service.db")
    result = run("restore", tmp_path / "copy.backup", *BY, *keys(elsewhere)[:2], *keys(filled)[2:], "--json")
    assert json.loads(result.output) == {"entries": ENTRIES, "entries_lost_at_least": 0}
    verdict = elsewhere.verify()
    assert (verdict.agrees, verdict.entries) == (True, ENTRIES + 1)


def test_an_older_backup_is_seen_as_such_and_only_put_back_when_told(filled: Filled, tmp_path: Path) -> None:
    run("backup", tmp_path / "old.backup", "--database", filled.address)
    add(filled, 3)
    held = tmp_path / "held.note"
    held.write_text(run("audit", "checkpoint", "--database", filled.address).output, newline="\n")
    before = filled.file.read_bytes()
    restoring = ("restore", tmp_path / "old.backup", *BY, *keys(filled), "--checkpoint", held)
    refused = run(*restoring)
    assert (refused.exit_code, "exists. Nothing was changed." in refused.output) == (2, True)
    assert filled.file.read_bytes() == before
    elsewhere = dataclasses.replace(filled, file=tmp_path / "new.db")
    refused = run(*restoring[:4], *keys(elsewhere)[:2], *restoring[6:])
    assert (refused.exit_code, "The backup was not put in place." in refused.output) == (2, True)
    assert not elsewhere.file.exists()
    told = run(*restoring, "--replace")
    assert "At least 3 later entries are lost, and the log says so." in told.output
    checked = run("audit", "verify", *keys(filled), "--checkpoint", held)
    assert (checked.exit_code, "the end was cut off, or an older copy" in checked.output) == (1, True)


def test_a_tampered_backup_and_a_file_that_is_none_are_refused(filled: Filled, tmp_path: Path) -> None:
    tampering.tamper(filled, tampering.TAMPERINGS[0])
    run("backup", tmp_path / "bad.backup", "--database", filled.address)
    (tmp_path / "none.backup").write_bytes(b"no database at all" * 100)
    for name, said in (
        ("bad", "The log does not agree"),
        ("none", "is no backup"),
        ("missing", "is no backup"),
    ):
        database = ("--database", f"sqlite:///{tmp_path}/new.db", *keys(filled)[2:])
        result = run("restore", tmp_path / f"{name}.backup", *BY, *database)
        assert (result.exit_code, said in result.output) == (2, True), result.output
        assert not (tmp_path / "new.db").exists()


def test_a_backup_that_a_held_checkpoint_contradicts_is_refused_however_old_it_is(
    filled: Filled, tmp_path: Path
) -> None:
    run("backup", tmp_path / "old.backup", "--database", filled.address)
    add(filled, 3)
    newer, contradicts = tmp_path / "newer.note", tmp_path / "contradicts.note"
    newer.write_text(run("audit", "checkpoint", "--database", filled.address).output, newline="\n")
    contradicts.write_text(filled.key.sign(2, b"x" * 32), newline="\n")
    restoring = ("restore", tmp_path / "old.backup", *BY, *keys(filled), "--replace", "--checkpoint", newer)
    refused = run(*restoring, "--checkpoint", contradicts)
    assert (refused.exit_code, "The backup was not put in place." in refused.output) == (2, True)


def test_the_database_is_no_place_for_its_backup(filled: Filled) -> None:
    refused = run("backup", filled.file, "--database", filled.address)
    assert (refused.exit_code, "is the database itself" in refused.output) == (2, True)
    assert filled.verify().agrees


def test_a_log_that_grows_while_it_is_checked_agrees(filled: Filled) -> None:
    stop = threading.Event()
    writer = threading.Thread(target=add, args=(filled, 10_000, stop))
    writer.start()
    try:
        told = [run("audit", "verify", *keys(filled)) for _ in range(10)]
    finally:
        stop.set()
        writer.join()
    assert [result.output for result in told if result.exit_code] == []


def test_a_backup_that_cannot_be_written(filled: Filled, tmp_path: Path) -> None:
    result = run("backup", tmp_path / "no" / "such", "--database", filled.address)
    assert (result.exit_code, "cannot be written: No such file or directory." in result.output) == (2, True)
