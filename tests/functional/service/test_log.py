"""The log: whole when nothing was touched, and the first touched entry named when something was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from benchmarks import tampering
from benchmarks.tampering import ENTRIES, TAMPERINGS, Filled, Tampering
from risk_model.errors import UserError
from service import audit
from service.__main__ import app as command_line
from service.audit import verify_audit
from service.store import Store
from tests.functional.service.conftest import Visitor, child_address
from tests.functional.service.filled_log import keys

REASON = "The family asked for it in writing"


def run(*words: object) -> Any:
    return CliRunner().invoke(command_line, [str(word) for word in words])


def offline(*words: object) -> subprocess.CompletedProcess[str]:
    """The one file alone, from another place, as an auditor runs it."""
    command = [sys.executable, "-I", str(Path(verify_audit.__file__)), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def held(filled: Filled) -> Path:
    path = filled.file.with_name("held.note")
    path.write_text(run("audit", "checkpoint", "--database", filled.address).output, newline="\n")
    return path


def test_an_untouched_log_agrees(filled: Filled) -> None:
    result = run("audit", "verify", *keys(filled), "--checkpoint", held(filled))
    assert result.exit_code == 0
    assert f"The log agrees: {ENTRIES} entries, 0 erased, root " in result.output


def test_looks_and_decisions_through_the_front_door_agree(clinician: Visitor, database: str) -> None:
    for place in (1, 2, 3):
        clinician.decide(child_address(place), choice="agree")
    result = run("audit", "verify", "--database", database, "--json")
    assert (result.exit_code, json.loads(result.output)["agrees"]) == (0, True)


@pytest.mark.parametrize("tried", TAMPERINGS, ids=lambda tried: tried.name)
def test_every_tampering_is_found_and_the_first_bad_entry_named(filled: Filled, tried: Tampering) -> None:
    verdict = tampering.tamper(filled, tried)
    assert not verdict.agrees
    assert verdict.first_bad_entry is not None
    assert verdict.first_bad_entry <= tried.at <= (verdict.last_bad_entry or 0)


def test_two_heads_for_one_size_are_both_shown(filled: Filled, tmp_path: Path) -> None:
    other = tampering.fill(tmp_path_with(tmp_path, "other"))
    seen = audit.VerifierKey(filled.key.name, filled.key.public.public)
    forged = tmp_path / "forged.note"
    forged.write_text(filled.key.sign(ENTRIES, other.held.root), newline="\n")
    result = run("audit", "verify", *keys(filled), "--checkpoint", forged)
    assert result.exit_code == 1
    for root in (filled.held.root, audit.open_checkpoint(forged.read_text(), seen).root):
        assert verify_audit.to_text(root) in result.output


def tmp_path_with(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


@pytest.mark.parametrize("table", ["audit_entry", "audit_leaf", "review"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(filled: Filled, table: str, statement: str) -> None:
    column = {"audit_leaf": "commitment"}.get(table, "run")
    store = Store(filled.address)
    with pytest.raises(DatabaseError, match="append-only"), store.engine.connect() as connection:
        connection.exec_driver_sql(statement.format(table, column))
    store.close()


def test_no_reviewers_words_enter_the_log(clinician: Visitor, app: Any) -> None:
    clinician.decide(child_address(2), choice="up", reason="other", own_words="canary words")
    with app.state.parts.store.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT details FROM audit_entry").scalars().all()
    assert "canary" not in "".join(entries)


def test_a_log_goes_on_with_the_key_that_began_it_and_no_other(filled: Filled, tmp_path: Path) -> None:
    store = Store(filled.address, audit.open_key(tmp_path / "another.key"))
    with pytest.raises(UserError, match="begun with another key"), store.writing() as session:
        audit.append(session, tampering.CLINICIAN, "signed_in", tampering.STARTED)
    store.close()
    assert filled.verify().agrees


def test_an_auditor_checks_an_export_elsewhere(filled: Filled, tmp_path: Path) -> None:
    key, note, out = filled.file.with_name("log.key.vkey"), held(filled), tmp_path / "log.export"
    assert run("audit", "export", out, "--database", filled.address).exit_code == 0
    checked = offline(out, "--key", key, "--checkpoint", note)
    assert (checked.returncode, checked.stdout.partition(",")[0]) == (
        0, f"The log agrees: {ENTRIES} entries",
    )  # fmt: skip
    out.write_text(out.read_text().replace("R. Demo", "T. Demo", 1))
    checked = offline(out, "--key", key)
    assert checked.returncode == 1
    assert "first at entry 2: its content is not what was committed to" in checked.stdout


def test_proofs_hold_elsewhere(filled: Filled, tmp_path: Path) -> None:
    key, note = filled.file.with_name("log.key.vkey"), held(filled)
    entry = tmp_path / "entry.tlog-proof"
    assert run("audit", "proof", entry, "--entry", 57, *keys(filled)).exit_code == 0
    shown = offline("--proof", entry, "--key", key)
    assert (shown.returncode, '"referral_id": "nr5ref0000018"' in shown.stdout) == (0, True)
    store = Store(filled.address, filled.key)
    with store.writing() as session:
        audit.append(session, tampering.CLINICIAN, "signed_out", tampering.STARTED)
    store.close()
    grown = tmp_path / "grown.tlog-consistency"
    assert run("audit", "proof", grown, "--since", note, *keys(filled)).exit_code == 0
    shown = offline("--consistency", grown, "--checkpoint", note, "--key", key)
    assert shown.stdout.strip() == f"The log only grew, from {ENTRIES} to {ENTRIES + 1} entries."
    grown.write_text(grown.read_text().replace("old ", "old 1", 1))
    assert offline("--consistency", grown, "--checkpoint", note, "--key", key).returncode == 1


def test_erasing_leaves_nothing_of_the_child_and_the_log_still_agrees(filled: Filled) -> None:
    gone = tampering.child(6).referral_id
    note = held(filled)
    words = ("--by", "I. Governance", "--reason", REASON)
    result = run("audit", "erase", tampering.SERVICE, gone, *words, *keys(filled), "--json")
    assert json.loads(result.output) == {"entries": 6}
    assert gone.encode() not in filled.file.read_bytes()
    result = run("audit", "verify", *keys(filled), "--checkpoint", note)
    assert (result.exit_code, "231 entries, 6 erased" in result.output) == (0, True)
    again = run("audit", "erase", tampering.SERVICE, gone, *words, *keys(filled))
    assert "Nothing is kept about this wait" in again.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("erase", "a", "b", "--by", "X", "--reason", "short"), "The reason is too short."),
        (("proof", "out"), "Say what to prove"),
        (("proof", "out", "--entry", "9999"), "The log holds no content of an entry 9999"),
        (("verify", "--key", "none.vkey"), "holds no key of a log"),
        (("verify", "--checkpoint", "none.note"), "is no checkpoint of this log: it cannot be read"),
        (("export", "no/such/place"), "cannot be written: No such file or directory."),
    ],
)
def test_wrong_use_gets_one_sentence(filled: Filled, words: tuple[str, ...], said: str) -> None:
    options = keys(filled) if words[0] != "export" else keys(filled)[:2]
    result = run("audit", *words, *options)
    assert (result.exit_code, said in result.output) == (2, True)
    assert len(result.output.strip().splitlines()) == 1
