"""The log: append-only, each entry sealed together with the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access import Person
from service.store import AuditEntry

FIRST_PREVIOUS_HASH = "0" * 64
ROWS_READ_AT_ONCE = 10_000
SEALED = (
    "sequence",
    "at",
    "person_id",
    "person_name",
    "role",
    "organisation_code",
    "action",
    "run",
    "service_id",
    "referral_id",
    "details",
)

ACTION_WORDS: Mapping[str, str] = {
    "signed_in": "signed in",
    "signed_out": "signed out",
    "read_child": "opened this page",
    "decided": "decided",
    "seconded": "answered as the second person",
    "verified_run": "checked the run",
}


@dataclass(frozen=True)
class Verdict:
    """Whether the log is whole, and where it first is not."""

    entries: int
    head: str
    first_bad_entry: int | None

    @property
    def agrees(self) -> bool:
        return self.first_bad_entry is None

    @property
    def words(self) -> str:
        if self.agrees:
            return f"The log agrees: {self.entries:,} entries, newest seal {self.head[:16]}."
        return (
            f"The log does not agree: entry {self.first_bad_entry:,} was changed, added or removed after "
            "it was written. Keep a copy of the database and tell the safety officer."
        )


def append(
    session: Session,
    person: Person,
    action: str,
    at: datetime,
    *,
    run: str | None = None,
    service_id: str | None = None,
    referral_id: str | None = None,
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Add one entry in the caller's transaction, so that it is kept exactly when what it records is kept."""
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).first()
    entry = AuditEntry(
        sequence=last.sequence + 1 if last else 1,
        at=at.isoformat(timespec="milliseconds"),
        person_id=person.person_id,
        person_name=person.name,
        role=person.role.value,
        organisation_code=person.organisation_code,
        action=action,
        run=run,
        service_id=service_id,
        referral_id=referral_id,
        details=_canonical(details or {}),
        previous_hash=last.hash if last else FIRST_PREVIOUS_HASH,
    )
    entry.hash = seal(entry)
    session.add(entry)
    return entry


def verify(session: Session) -> Verdict:
    """Recompute every seal from the first entry on."""
    expected, head = 1, FIRST_PREVIOUS_HASH
    entries = session.scalars(
        select(AuditEntry).order_by(AuditEntry.sequence).execution_options(yield_per=ROWS_READ_AT_ONCE)
    )
    for entry in entries:
        if entry.sequence != expected or entry.previous_hash != head or entry.hash != seal(entry):
            return Verdict(expected - 1, head, expected)
        expected, head = expected + 1, entry.hash
    return Verdict(expected - 1, head, None)


def of_child(session: Session, service_id: str, referral_id: str, limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries about one child's wait, newest first."""
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.service_id == service_id, AuditEntry.referral_id == referral_id)
        .order_by(AuditEntry.sequence.desc())
        .limit(limit)
    ).all()


def of_run(session: Session, run: str, limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries about one run, newest first."""
    return session.scalars(
        select(AuditEntry).where(AuditEntry.run == run).order_by(AuditEntry.sequence.desc()).limit(limit)
    ).all()


def seal(entry: AuditEntry) -> str:
    """Return the SHA-256 over the entry's canonical JSON and the seal before it."""
    content = _canonical({name: getattr(entry, name) for name in SEALED})
    return hashlib.sha256((entry.previous_hash + content).encode()).hexdigest()


def _canonical(content: Mapping[str, object]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
