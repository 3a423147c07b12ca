"""The log: whole when nothing was touched, and the first touched entry named when something was."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from service.__main__ import app as command_line
from tests.functional.service.conftest import Visitor, child_address


def verify(database: str) -> Any:
    return CliRunner().invoke(command_line, ["audit", "verify", "--database", database])


def fill(clinician: Visitor) -> None:
    for place in (1, 2, 3):
        clinician.decide(child_address(place), choice="agree")


def touch(database: str, statement: str) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_entry_no_{verb}"))
        connection.execute(text(statement))
    engine.dispose()


def test_an_untouched_log_agrees(clinician: Visitor, database: str) -> None:
    fill(clinician)
    result = verify(database)
    assert result.exit_code == 0
    assert "The log agrees: 7 entries" in result.output


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit_entry SET person_name = 'T. Demo' WHERE sequence = 3", 3),
        ("UPDATE audit_entry SET at = '2020-01-01T00:00:00.000+00:00' WHERE sequence = 1", 1),
        ("UPDATE audit_entry SET details = '{}' WHERE sequence = 5", 5),
        ("DELETE FROM audit_entry WHERE sequence = 4", 4),
        ("DELETE FROM audit_entry WHERE sequence = 1", 1),
        ("UPDATE audit_entry SET sequence = 99 WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET hash = previous_hash WHERE sequence = 7", 7),
    ],
)
def test_a_touched_log_names_the_first_bad_entry(
    clinician: Visitor, database: str, statement: str, first_bad: int
) -> None:
    fill(clinician)
    touch(database, statement)
    result = verify(database)
    assert result.exit_code == 1
    assert f"entry {first_bad} was changed, added or removed" in result.output


@pytest.mark.parametrize("table", ["audit_entry", "review"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET run = 'x'", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(
    clinician: Visitor, app: Any, table: str, statement: str
) -> None:
    fill(clinician)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        app.state.parts.store.engine.connect() as connection,
    ):
        connection.exec_driver_sql(statement.format(table))


def test_no_reviewers_words_enter_the_log(clinician: Visitor, app: Any) -> None:
    clinician.decide(child_address(2), choice="up", reason="other", own_words="canary words")
    with app.state.parts.store.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT details FROM audit_entry").scalars().all()
    assert "canary" not in "".join(entries)
