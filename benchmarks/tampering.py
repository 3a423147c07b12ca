"""Ways to tamper with the log, of somebody who may write to the database, to its backups, or holds its key.

`fill` makes a log with decisions in it; each tampering changes a copy, and what must be found is said beside it. The
tests run them one by one, the figure `tampers_found` counts them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, select, text

from service import audit, publishing, reviews, store
from service.access import DEMO_PEOPLE
from service.audit.log import content
from service.audit.proofs import Tree
from service.audit.signing import LogKey
from service.audit.verify_audit import commit
from service.schemas import Child, Choice, ReviewIn
from service.store import AuditEntry, AuditLeaf, Store

ENTRIES = 230
CHILDREN = 40
EVERY_FIFTH_LOOK = 5
STARTED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
RUN, SERVICE = "2026-11-20-r1", "nr5-speech-and-language-therapy"
INVENTED = publishing.Candidate(RUN, *("0" * 64,) * 3)
CLINICIAN = DEMO_PEOPLE["r-demo"]
SIGN_AGAIN = text("UPDATE audit_checkpoint SET note = :note WHERE size = :size")
BOTH = ("audit_entry", "audit_leaf")
LAST_KEPT = 181
"""The heads kept before the newest are those of the entries 1, 61, 121 and 181: one a minute."""


@dataclass(frozen=True)
class Filled:
    """A database, the log's key, and the checkpoint that the auditor took at its end."""

    file: Path
    key: LogKey
    held: audit.Checkpoint

    @property
    def address(self) -> str:
        return f"sqlite:///{self.file}"

    def verify(self) -> audit.Verdict:
        """Verify a database with what the auditor holds."""
        opened = Store(self.address)
        try:
            with opened.reading() as session:
                return audit.verify(session, self.key.public, [self.held])
        finally:
            opened.close()


@dataclass(frozen=True)
class Tampering:
    """One way to tamper, and the entry that must be named: the first bad one lies at it or in a range around it."""

    name: str
    at: int
    do: Callable[[Connection, LogKey], None]


def child(place: int) -> Child:
    """Return an invented child as far as a decision reads it."""
    return Child.model_construct(
        run=RUN,
        service_id=SERVICE,
        referral_id=f"nr5ref{place:07d}",
        child_reference="2345-678",
        place=place,
        tier=2,
    )


def fill(folder: Path, entries: int = ENTRIES) -> Filled:
    """Write a log of looks and decisions, one a second."""
    file = folder / "service.db"
    address = f"sqlite:///{file}"
    store.migrate(address)
    key = audit.open_key(folder / "log.key")
    opened = Store(address, key)
    with opened.writing() as session:
        # One transaction: the entries are those of many, and only the time to wait for the disk is saved.
        for number in range(1, entries + 1):
            at, seen = STARTED + timedelta(seconds=number), child(number % CHILDREN + 1)
            if number == 1:
                publishing.publish(session, INVENTED, [RUN], "A. Demo", "B. Demo", "For the tests", at)
                continue
            if number % EVERY_FIFTH_LOOK:
                about = {"run": RUN, "service_id": SERVICE, "referral_id": seen.referral_id}
                audit.append(session, CLINICIAN, "read_child", at, **about)
                continue
            last = reviews.newest(session, SERVICE, seen.referral_id)
            sent = ReviewIn(choice=Choice.AGREE, last_review=last.review_id if last else 0)
            reviews.decide(session, CLINICIAN, seen, sent, f"key-{number:06d}", at)
        head = audit.head(session)
        assert head is not None
        held = audit.open_checkpoint(head.note, key.public)
    opened.shrink()
    opened.close()
    return Filled(file, key, held)


def tamper(filled: Filled, tampering: Tampering) -> audit.Verdict:
    """Tamper with a filled database, then verify it."""
    engine = create_engine(filled.address)
    with engine.begin() as connection:
        # Triggers stop accidents, not somebody who may change tables: they go first.
        for name in (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        ):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        tampering.do(connection, filled.key)
    engine.dispose()
    return filled.verify()


def _sql(*statements: str) -> Callable[[Connection, LogKey], None]:
    def do(connection: Connection, _key: LogKey) -> None:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount, statement

    return do


def _deleted(sequence: int) -> Callable[[Connection, LogKey], None]:
    return _sql(*(f"DELETE FROM {table} WHERE sequence = {sequence}" for table in BOTH))


def _commit_again(connection: Connection, first: int) -> None:
    """Give every entry from `first` on the commitment that its changed content asks for."""
    with store.Session(bind=connection) as session:
        for entry in session.scalars(select(AuditEntry).where(AuditEntry.sequence >= first)):
            leaf = session.get(AuditLeaf, entry.sequence)
            assert leaf is not None
            leaf.commitment = commit(entry.entry_key, content(entry))
        session.flush()


def _changed_and_committed(connection: Connection, _key: LogKey) -> None:
    connection.exec_driver_sql("UPDATE audit_entry SET person_name = 'T. Demo' WHERE sequence = 57")
    _commit_again(connection, 57)


def _deleted_and_renumbered(connection: Connection, _key: LogKey) -> None:
    for table in ("audit_entry", "audit_leaf"):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE sequence = 57")
        for sequence in range(58, ENTRIES + 1):
            connection.exec_driver_sql(
                f"UPDATE {table} SET sequence = {sequence - 1} WHERE sequence = {sequence}"
            )
    _commit_again(connection, 57)


def _swapped(connection: Connection, _key: LogKey) -> None:
    for old, new in ((57, -1), (58, 57), (-1, 58)):
        connection.exec_driver_sql(f"UPDATE audit_entry SET sequence = {new} WHERE sequence = {old}")
    _commit_again(connection, 57)


def _end_said_twice(connection: Connection, _key: LogKey) -> None:
    for table in ("audit_leaf", "audit_entry"):
        columns = connection.exec_driver_sql(f"PRAGMA table_info({table})").all()
        names = ", ".join(column[1] for column in columns if column[1] != "sequence")
        connection.exec_driver_sql(
            f"INSERT INTO {table} (sequence, {names}) "
            f"SELECT sequence + 1, {names} FROM {table} WHERE sequence = {ENTRIES}"
        )
    _commit_again(connection, ENTRIES + 1)


def _cut_to_a_kept_head(connection: Connection, _key: LogKey) -> None:
    """An end that was cut where an older signed head is kept, with all that was decided since."""
    kept = connection.exec_driver_sql(
        f"SELECT max(size) FROM audit_checkpoint WHERE size < {ENTRIES}"
    ).scalar_one()
    later = _decided_after(connection, kept)
    connection.exec_driver_sql(f"DELETE FROM review WHERE review_id IN ({later})")
    for table, column in (
        ("audit_entry", "sequence"),
        ("audit_leaf", "sequence"),
        ("audit_checkpoint", "size"),
    ):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE {column} > {kept}")


def _decided_after(connection: Connection, after: int) -> str:
    """The numbers of the decisions that were recorded after an entry, as SQL wants them."""
    found = connection.exec_driver_sql(
        f"SELECT details FROM audit_entry WHERE action = 'decided' AND sequence > {after}"
    ).scalars()
    return ", ".join(str(json.loads(details)["review_id"]) for details in found)


def _written_anew(key_of: Callable[[LogKey], LogKey]) -> Callable[[Connection, LogKey], None]:
    """The whole log with one entry changed, all commitments and heads made again and signed."""

    def do(connection: Connection, key: LogKey) -> None:
        _changed_and_committed(connection, key)
        leaves = (
            connection.exec_driver_sql("SELECT commitment FROM audit_leaf ORDER BY sequence").scalars().all()
        )
        for size in connection.exec_driver_sql("SELECT size FROM audit_checkpoint").scalars().all():
            note = key_of(key).sign(size, Tree(leaves[:size]).root())
            connection.execute(SIGN_AGAIN, {"note": note, "size": size})

    return do


def _head_moved(connection: Connection, _key: LogKey) -> None:
    note = connection.exec_driver_sql(
        f"SELECT note FROM audit_checkpoint WHERE size = {ENTRIES}"
    ).scalar_one()
    origin, _size, *rest = note.split("\n")
    moved = "\n".join([origin, str(ENTRIES - 1), *rest])
    connection.execute(SIGN_AGAIN, {"note": moved, "size": ENTRIES})


_FIRST_DECISION = EVERY_FIFTH_LOOK
TAMPERINGS = (
    Tampering("a name is changed", 57, _sql("UPDATE audit_entry SET person_name = 'T. Demo' WHERE sequence = 57")),
    Tampering("a time is changed", 1, _sql("UPDATE audit_entry SET at = '2020-01-01' WHERE sequence = 1")),
    Tampering("a purpose is changed", 3, _sql("UPDATE audit_entry SET purpose = 'audit' WHERE sequence = 3")),
    Tampering("details are changed", 60, _sql("UPDATE audit_entry SET details = '{}' WHERE sequence = 60")),
    Tampering("details are no JSON", 60, _sql("UPDATE audit_entry SET details = '{' WHERE sequence = 60")),
    Tampering("an entry is moved", 2, _sql("UPDATE audit_entry SET sequence = 999 WHERE sequence = 2")),
    Tampering("an entry is changed and committed to again", 57, _changed_and_committed),
    Tampering("an entry is deleted", 57, _deleted(57)),
    Tampering("an entry is deleted and the rest renumbered", 57, _deleted_and_renumbered),
    Tampering("two entries change places", 57, _swapped),
    Tampering("the end is said twice", ENTRIES + 1, _end_said_twice),
    Tampering("the end is cut", ENTRIES, _deleted(ENTRIES)),
    Tampering("the end is cut where an older head is kept", ENTRIES, _cut_to_a_kept_head),
    Tampering("content is erased in silence", 57, _sql("DELETE FROM audit_entry WHERE sequence = 57")),
    Tampering("a decision is changed", _FIRST_DECISION, _sql("UPDATE review SET choice = 'hold' WHERE review_id = 1")),
    Tampering("a publication is changed", 1, _sql("UPDATE publication SET run = '2026-11-20-r9'")),
    Tampering("a decision is deleted", _FIRST_DECISION, _sql("DELETE FROM review WHERE review_id = 1")),
    Tampering(
        "a decision is added",
        ENTRIES + 1,
        _sql(
            "CREATE TABLE more AS SELECT * FROM review WHERE review_id = 1",
            "UPDATE more SET review_id = 900, idempotency_key = 'another-key'",
            "INSERT INTO review SELECT * FROM more",
        ),
    ),
    Tampering("a head is taken away", ENTRIES, _sql(f"DELETE FROM audit_checkpoint WHERE size = {ENTRIES}")),
    Tampering("a head is moved", LAST_KEPT + 1, _head_moved),
    Tampering("all is written anew with another key", 1, _written_anew(lambda key: LogKey(key.name, b"x" * 32))),
    Tampering("all is written anew by who holds the log's key", 57, _written_anew(lambda key: key)),
)  # fmt: skip
"""With the two last ones the whole log is self-consistent: the key or the checkpoint that the auditor holds tells."""
