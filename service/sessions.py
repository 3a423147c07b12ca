"""Who is signed in, kept in the database: a session ends when its row is taken away, whoever still holds its cookie.

The cookie carries a random key; the database keeps only its SHA-256, so that a copy of the database opens no session.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.access import Person, Role
from service.store import OpenSession, Store

IDLE_SECONDS = 30 * 60
"""A session that nobody uses for half an hour is over."""
LONGEST_SECONDS = 12 * 60 * 60
"""One shift: after it everybody signs in anew, however busy the session was."""
SEEN_EVERY_SECONDS = 60


def open_session(session: Session, person: Person, now: datetime) -> str:
    """Open a session in the caller's transaction and return its key; sessions that are over are cleared away."""
    at = int(now.timestamp())
    session.execute(
        delete(OpenSession).where(
            or_(OpenSession.seen_at <= at - IDLE_SECONDS, OpenSession.opened_at <= at - LONGEST_SECONDS)
        )
    )
    key = secrets.token_urlsafe(32)
    session.add(
        OpenSession(
            key_sha256=_digest(key),
            person_id=person.person_id,
            name=person.name,
            title=person.title,
            role=person.role.value,
            organisation_code=person.organisation_code,
            organisation_name=person.organisation_name,
            opened_at=at,
            seen_at=at,
        )
    )
    return key


def close_session(session: Session, key: str) -> None:
    """End a session in the caller's transaction."""
    session.execute(delete(OpenSession).where(OpenSession.key_sha256 == _digest(key)))


def person_of(store: Store, key: str, now: datetime) -> Person | None:
    """Return who opened the session of this key, or None when it is over; being used keeps it open."""
    at = int(now.timestamp())
    with store.reading() as session:
        found = session.get(OpenSession, _digest(key))
    if found is None or at - found.seen_at >= IDLE_SECONDS or at - found.opened_at >= LONGEST_SECONDS:
        return None
    if at - found.seen_at >= SEEN_EVERY_SECONDS:
        # A list is read and printed even where nothing can be written: so must be known who reads it.
        with suppress(SQLAlchemyError), store.writing() as session:
            session.execute(
                update(OpenSession).where(OpenSession.key_sha256 == found.key_sha256).values(seen_at=at)
            )
    return Person(
        found.person_id,
        found.name,
        found.title,
        Role(found.role),
        found.organisation_code,
        found.organisation_name,
    )


def count_open(session: Session, now: datetime) -> int:
    """Return how many sessions are open."""
    at = int(now.timestamp())
    is_open = (OpenSession.seen_at > at - IDLE_SECONDS, OpenSession.opened_at > at - LONGEST_SECONDS)
    return session.scalar(select(func.count()).select_from(OpenSession).where(*is_open)) or 0


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
