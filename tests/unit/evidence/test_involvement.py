"""What reviewers did is counted from the service's own tables, and nobody is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.schema import CreateTable

from risk_model.errors import UserError
from risk_model.evidence import involvement
from service.store import AuditEntry, Review

RUN = "2026-11-20-r1"
DECISIONS = [  # reviewer, referral, choice, second of the decision, second of the look before it
    ("a", "one", "agree", 5, 0),
    ("a", "two", "agree", 40, 0),
    ("b", "three", "up", 30, None),
    ("b", "four", "agree", 3, 20),
]


def moment(second: int) -> str:
    return f"2026-11-23T09:00:{second:02}.000+00:00"


def filled(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert a row; columns that say nothing here are empty."""
    needed = connection.execute(f"select name from pragma_table_info('{table}') where \"notnull\" and not pk")
    row = {name: "" for (name,) in needed} | values
    marks = ", ".join("?" * len(row))
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "reviews.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        for table in (Review.__table__, AuditEntry.__table__):
            connection.execute(str(CreateTable(table)))
        sequence = 0
        for person, referral, choice, decided, looked in [*DECISIONS, ("c", "other", "hold", 1, 0)]:
            run = RUN if person != "c" else "2026-11-13-r1"
            about = {"person_id": person, "service_id": "s", "referral_id": referral, "run": run}
            filled(
                connection,
                "review",
                **about,
                choice=choice,
                made_at=moment(decided),
                idempotency_key=referral,
                review_id=len(referral) * 100 + decided,
            )
            if looked is not None:
                sequence += 1
                filled(
                    connection,
                    "audit_entry",
                    **about,
                    action="read_child",
                    at=moment(looked),
                    sequence=sequence,
                )
        second = {"person_id": "d", "service_id": "s", "referral_id": "three", "run": RUN, "choice": "up"}
        second |= {
            "made_at": moment(50),
            "idempotency_key": "second",
            "review_id": 900,
            "seconds_review_id": 530,
        }
        filled(connection, "review", **second)
        connection.commit()
    return file


def test_decisions_of_the_run_are_counted_with_how_they_were_made(database: Path) -> None:
    assert involvement.read(database, RUN) == {
        "decisions": 4,
        "by_choice": {"agree": 3, "up": 1},
        "overruled": 1,
        "without_a_look": 2,
        "agreed_quickly": 1,
        "reviewers": 2,
        "reviewers_who_overruled_none": 0,
    }


@pytest.mark.parametrize(
    "content", [None, b"", b"no database at all, but some text of more than a few bytes"]
)
def test_a_file_that_is_not_the_services_database_is_refused_and_not_made(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "other.sqlite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match="--database"):
        involvement.read(file, RUN)
    assert file.exists() == (content is not None)
