"""Copies of the database that can be put back: taken while people work, and checked before they replace anything."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, inspect
from sqlalchemy.exc import SQLAlchemyError

from risk_model.durable import write_through
from risk_model.errors import UserError
from service import audit
from service.audit import Checkpoint, LogKey, Operator, Verdict
from service.store import OpenSession, Store, file_of, url_of

PAGES_COPIED_AT_ONCE = 256
"""Between two steps of a copy writers get their turn."""
SECONDS_BETWEEN_STEPS = 0.001
OWNER_ONLY = 0o600
NO_BACKUP = (
    "is no backup of a database of this service. Expected a file that `risk-service backup` wrote with this version. "
    "Nothing was changed."
)


def backup(database: str, out: Path) -> None:
    """Write a copy of the database as it is at one moment, while others go on reading and writing.

    The copy appears whole or not at all. It holds no key: the log's key and the keys of pseudonyms are backed up apart.
    """
    file = file_of(database)
    if file is not None and out.exists() and out.samefile(file):
        raise UserError(f"{out} is the database itself. Nothing was written. Name another file.")
    if not _answers(database):
        raise UserError("The database cannot be read, or has no tables of this version. Nothing was written.")
    try:
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=out.parent)
        os.close(handle)
        beside = Path(name)
        try:
            _copy(database, beside)
            beside.chmod(OWNER_ONLY)
            write_through(beside)
            beside.rename(out)
            write_through(out.parent)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(
            f"{out} cannot be written: {reason}. Expected a place with room. Name another one."
        ) from error


def restore(
    backup_file: Path,
    database: str,
    key: LogKey,
    held: Sequence[Checkpoint],
    by: str,
    at: datetime,
    *,
    replace: bool,
) -> Verdict:
    """Put a backup in place of the database, and write into its log that this was done; the service must not run.

    The log of the backup must verify, also against the checkpoints that are held elsewhere: so a backup that is
    older than one of them is refused unless `replace` says that what came after is given up.
    """
    if not backup_file.is_file():
        raise UserError(f"{backup_file} {NO_BACKUP}")
    file = file_of(database)
    if file is None:
        return _restore_postgres(backup_file, database, key, held, by, at, replace=replace)
    if file.exists() and not replace:
        raise UserError(f"{file} exists. Nothing was changed. To put the backup in its place, add --replace.")
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".restoring-{file.name}")
    try:
        shutil.copyfile(backup_file, beside)
        beside.chmod(OWNER_ONLY)
        verdict = _take_over(f"sqlite:///{beside}", key, held, by, at, gives_up=replace)
        write_through(beside)
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        beside.rename(file)
        write_through(file.parent)
    except OSError as error:
        raise UserError(
            f"{file} cannot be written: {error.strerror}. Expected a place with room. Nothing was changed."
        ) from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            beside.with_name(beside.name + suffix).unlink(missing_ok=True)
    return verdict


def _take_over(
    address: str, key: LogKey, held: Sequence[Checkpoint], by: str, at: datetime, *, gives_up: bool
) -> Verdict:
    """Verify the log of a copy, and add the entry that says it was put in place."""
    store = Store(address, key)
    try:
        if not store.answers():
            raise UserError(f"The file {NO_BACKUP}")
        with store.reading() as session:
            verdict = audit.verify(session, key.public, held)
            covered = [checkpoint for checkpoint in held if checkpoint.size <= verdict.entries]
            kept = audit.verify(session, key.public, covered) if len(covered) < len(held) else verdict
        is_older = len(covered) < len(held)
        if not kept.agrees or (is_older and not gives_up):
            raise UserError(f"The backup was not put in place. {(verdict if kept.agrees else kept).words}")
        lost = max((checkpoint.size - verdict.entries for checkpoint in held), default=0)
        details = {"entries": verdict.entries, "entries_lost_at_least": max(lost, 0)}
        with store.writing() as session:
            session.execute(delete(OpenSession))  # whoever signed out since must not be signed in again
            audit.append(session, Operator(by), "restored", at, details=details)
        store.checkpoint()
    except SQLAlchemyError as error:
        raise UserError(f"The file {NO_BACKUP}") from error
    finally:
        store.close()
    return verdict


def _answers(database: str) -> bool:
    with Store(database) as store:
        return store.answers()


def _holds_tables(database: str) -> bool:
    """Whether there are tables of this service, of whatever version."""
    with Store(database) as store:
        try:
            return inspect(store.engine).has_table("review")
        except SQLAlchemyError:
            return False


def _copy(database: str, out: Path) -> None:
    file = file_of(database)
    if file is None:
        _run_postgres("pg_dump", "--format=custom", f"--file={out}", f"--dbname={_plain(database)}")
        return
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(out)) as copy:
        source.backup(copy, pages=PAGES_COPIED_AT_ONCE, sleep=SECONDS_BETWEEN_STEPS)
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise UserError(
            "The copy is damaged, and so may be the database. Nothing was written. Check the disk."
        )


def _restore_postgres(
    backup_file: Path,
    database: str,
    key: LogKey,
    held: Sequence[Checkpoint],
    by: str,
    at: datetime,
    *,
    replace: bool,
) -> Verdict:
    if _holds_tables(database) and not replace:
        raise UserError(
            "The database holds tables. Nothing was changed. To put the backup in place, add --replace."
        )
    _run_postgres(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error",
        f"--dbname={_plain(database)}", str(backup_file),
    )  # fmt: skip
    try:
        return _take_over(database, key, held, by, at, gives_up=replace)
    except UserError as error:
        raise UserError(
            f"What the backup holds is in the database now, and must not be used. {error} "
            "Put back another backup with --replace."
        ) from error


def _run_postgres(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise UserError(
            f"{program} was not found. Expected the client programs of Postgres, of the server's version or newer. "
            "Install them, then try again. Nothing was changed."
        )
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(
            f"{program} ended with an error. Nothing was changed. Check the address given with --database, that the "
            "server can be reached, and that its version is not newer than that of the program."
        )


def _plain(database: str) -> str:
    """The address as the programs of Postgres know it, without the name of the driver."""
    return url_of(database).set(drivername="postgresql").render_as_string(hide_password=False)
