"""Where decisions and log entries are kept: SQLite by default, Postgres in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from risk_model.errors import UserError

MIGRATIONS = Path(__file__).with_name("migrations")
SECONDS_TO_WAIT_FOR_A_LOCK = 5
POSTGRES_APPEND_LOCK = 20_261_120
AT_ONE_MOMENT = {"sqlite": "BEGIN", "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"}
ANY_ROWS_OF_THE_LOG = "SELECT count(*) FROM audit_entry JOIN audit_leaf USING (sequence) WHERE sequence < 0"


class Base(DeclarativeBase):
    """The tables of the service."""


class Review(Base):
    """One decision about one child's place; never changed, a later decision is a later row."""

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("person_id", "idempotency_key", name="one_decision_per_key"),
        Index("review_by_child", "service_id", "referral_id", "review_id"),
        {"sqlite_autoincrement": True},  # the number of an erased decision is never given again
    )

    review_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    idempotency_key: Mapped[str] = mapped_column(String(64))
    request_digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[str] = mapped_column(String(32))
    run: Mapped[str] = mapped_column(String(40))
    service_id: Mapped[str] = mapped_column(String(120))
    referral_id: Mapped[str] = mapped_column(String(40))
    child_reference: Mapped[str] = mapped_column(String(16))
    place: Mapped[int] = mapped_column(Integer)
    tier: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[str] = mapped_column(String(80))
    person_name: Mapped[str] = mapped_column(String(120))
    choice: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(40))
    own_words: Mapped[str] = mapped_column(Text)
    pin_to_tier: Mapped[int | None] = mapped_column(Integer)
    ends_on: Mapped[date | None] = mapped_column(Date)
    needs_second: Mapped[bool] = mapped_column(Boolean)
    seconds_review_id: Mapped[int | None] = mapped_column(Integer)
    second_agrees: Mapped[bool | None] = mapped_column(Boolean)


class Publication(Base):
    """The act that made a run live; the newest one says which run is live."""

    __tablename__ = "publication"

    publication_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    made_at: Mapped[str] = mapped_column(String(32))
    run: Mapped[str] = mapped_column(String(40))
    provenance_sha256: Mapped[str] = mapped_column(String(64))
    policy_sha256: Mapped[str] = mapped_column(String(64))
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[str] = mapped_column(String(120))
    seconded_by: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    # The publication that is live again when this one is rolled back.
    before_id: Mapped[int | None] = mapped_column(Integer)


class AuditLeaf(Base):
    """What the log commits to; stays when the content of the entry is erased."""

    __tablename__ = "audit_leaf"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditEntry(Base):
    """The content of one entry of the log, with the key under which the log commits to it."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("audit_by_child", "service_id", "referral_id", "sequence"),
        Index("audit_by_run", "run", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(80))
    person_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    organisation_code: Mapped[str] = mapped_column(String(12))
    purpose: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40))
    run: Mapped[str | None] = mapped_column(String(40))
    service_id: Mapped[str | None] = mapped_column(String(120))
    referral_id: Mapped[str | None] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text)
    entry_key: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Base):
    """A signed head of the log; the newest carries what the next entry is added to."""

    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    is_kept: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


class Erasure(Base):
    """Which rows an entry of the log allowed to be deleted; without it the database refuses."""

    __tablename__ = "erasure"

    erased_table: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class OpenSession(Base):
    """Somebody who is signed in; the row is taken away when they sign out."""

    __tablename__ = "open_session"

    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    organisation_code: Mapped[str] = mapped_column(String(12))
    organisation_name: Mapped[str] = mapped_column(String(120))
    opened_at: Mapped[int] = mapped_column(Integer)
    seen_at: Mapped[int] = mapped_column(Integer)


class Store:
    """Opens the database for reading, or for one writing transaction at a time.

    Who writes to the log hands in its key (`service.audit.open_key`).
    """

    def __init__(self, database: str, log_key: object = None) -> None:
        self.engine = _engine(database)
        self._log_key = log_key

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self, *, at_one_moment: bool = False) -> Iterator[Session]:
        """Give a session that only reads; at one moment: every statement sees what the first one saw."""
        with Session(self.engine) as session:
            if at_one_moment:
                session.execute(text(AT_ONE_MOMENT[self.engine.dialect.name]))
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose rows are kept together or not at all, one writer after the other."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            _queue_for_writing(session)
            session.info["log_key"] = self._log_key
            yield session

    def shrink(self) -> None:
        """Leave nothing of deleted rows in the files of an SQLite database."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("VACUUM")
            self.checkpoint()

    def checkpoint(self) -> None:
        """Bring everything that was written into the one file of an SQLite database."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def answers(self) -> bool:
        """Say whether the database can be read and has its tables."""
        try:
            with self.reading() as session:
                session.execute(text(ANY_ROWS_OF_THE_LOG))
        except SQLAlchemyError:
            return False
        return True

    def is_newest_version(self) -> bool:
        """Say whether every migration has been made; raise when the database cannot be read."""
        with self.reading() as session:
            made: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return made == newest_version()


def newest_version() -> str:
    """Return the version that `migrate` brings a database to, as the first part of the newest migration's file name."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(database: str) -> str:
    """Bring the database to the newest version and return that version's name."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    engine = _engine(database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except SQLAlchemyError as error:
        raise UserError(
            "The database cannot be opened or brought up to date. Expected a database that this service may "
            "write to. Check the address given with --database and the free space on the disk."
        ) from error
    finally:
        engine.dispose()
    return str(ScriptDirectory.from_config(config).get_current_head())


def url_of(database: str) -> URL:
    """Return the address of the database, taken apart."""
    try:
        return make_url(database)
    except ArgumentError as error:
        raise UserError(
            "The address given with --database is no database address. "
            "Expected one such as sqlite:///var/demo/service.db."
        ) from error


def file_of(database: str) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    url = url_of(database)
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def _engine(database: str) -> Engine:
    url = url_of(database)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True)
    if (file := file_of(database)) is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    # What a statement was given may be about a child: no error repeats it.
    engine = create_engine(url, connect_args={"timeout": SECONDS_TO_WAIT_FOR_A_LOCK}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # No implicit BEGIN: readers never hold a lock, and a writer says BEGIN IMMEDIATE itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _queue_for_writing(session: Session) -> None:
    """Two writers at once would give two log entries the same predecessor."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("BEGIN IMMEDIATE"))
    else:
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": POSTGRES_APPEND_LOCK})
