"""Adds entries to the log, in the same transaction as what they record, and signs each new head there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from risk_model.errors import UserError
from service.access import Person, Role
from service.audit.signing import LogKey
from service.audit.verify_audit import HASH_BYTES, KEY_BYTES, Frontier, commit, leaf_hash
from service.store import AuditCheckpoint, AuditEntry, AuditLeaf

ENTRIES_BETWEEN_KEPT = 100
"""The newest head is always kept; of older ones, one per so many entries or seconds, whichever comes first (ours)."""
SECONDS_BETWEEN_KEPT = 60
HEADS_ALWAYS_KEPT = ("published", "rolled_back", "erased", "restored")
COMMITTED = (
    "sequence", "at", "person_id", "person_name", "role", "organisation_code", "purpose", "action", "run",
    "service_id", "referral_id",
)  # fmt: skip

ACTION_WORDS: Mapping[str, str] = {
    "signed_in": "signed in",
    "signed_out": "signed out",
    "read_list": "opened this list",
    "read_child": "opened this page",
    "read_marks": "read what is marked as wrong",
    "decided": "decided",
    "seconded": "answered as the second person",
    "verified_run": "checked the run",
    "published": "made this run live",
    "rolled_back": "made this earlier run live again",
    "erased": "erased entries",
    "restored": "put a backup in place",
}


@dataclass(frozen=True)
class Operator:
    """Somebody at the command line of the machine, under the name they gave; the machine says who can be there."""

    name: str
    person_id: str = "command-line"
    role: str = "operator"
    organisation_code: str = ""


class Purpose(StrEnum):
    """Why somebody looks or acts (Caldicott: every use of confidential information has a purpose)."""

    DIRECT_CARE = "direct care"
    PLANNING = "planning"
    AUDIT = "audit"
    DATA_QUALITY = "data quality"
    ADMINISTRATION = "running the service"


PURPOSE_OF_ROLE: Mapping[str, Purpose] = {
    Role.CLINICIAN: Purpose.DIRECT_CARE,
    Role.COMMISSIONER: Purpose.PLANNING,
    Role.AUDITOR: Purpose.AUDIT,
    Role.DATA_STEWARD: Purpose.DATA_QUALITY,
    Operator.role: Purpose.ADMINISTRATION,
}


def append(
    session: Session,
    person: Person | Operator,
    action: str,
    at: datetime,
    *,
    run: str | None = None,
    service_id: str | None = None,
    referral_id: str | None = None,
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Add one entry and sign the new head in the caller's transaction: kept exactly when what it records is kept.

    The session must come from `Store.writing` of a store that has the log's key. Details hold no floats.
    """
    frontier, newest, last_kept = _frontier(session)
    entry = AuditEntry(
        sequence=frontier.size + 1,
        at=at.isoformat(timespec="milliseconds"),
        person_id=person.person_id,
        person_name=person.name,
        role=str(person.role),
        organisation_code=person.organisation_code,
        purpose=PURPOSE_OF_ROLE[person.role].value,
        action=action,
        run=run,
        service_id=service_id,
        referral_id=referral_id,
        details=canonical(details or {}),
        entry_key=secrets.token_bytes(KEY_BYTES),
    )
    leaf = AuditLeaf(sequence=entry.sequence, commitment=commit(entry.entry_key, content(entry)))
    session.add_all([entry, leaf])
    frontier.push(leaf_hash(leaf.commitment))
    if newest is not None and not newest.is_kept:
        session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size == newest.size))
    session.add(_head(session, frontier, action, at, last_kept))
    session.flush()
    return entry


def content(entry: AuditEntry) -> bytes:
    """Return the bytes that an entry commits to: canonical JSON of everything it says, in UTF-8."""
    told = {name: getattr(entry, name) for name in COMMITTED} | {"details": json.loads(entry.details)}
    return canonical(told).encode()


def canonical(told: Mapping[str, object]) -> str:
    """Return JSON with sorted names and no spaces, so that equal contents are equal bytes."""
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def head(session: Session) -> AuditCheckpoint | None:
    """Return the newest signed head, or None while the log is empty."""
    return session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1)).first()


def of_child(session: Session, service_id: str, referral_id: str, limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries about one child's wait, newest first."""
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.service_id == service_id, AuditEntry.referral_id == referral_id)
        .order_by(AuditEntry.sequence.desc())
        .limit(limit)
    ).all()


def of_run(session: Session, run: str, services: Collection[str], limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries about one run as a whole or about some of its services, newest first."""
    shown = or_(AuditEntry.service_id.is_(None), AuditEntry.service_id.in_(services))
    newest_first = select(AuditEntry).where(AuditEntry.run == run, shown).order_by(AuditEntry.sequence.desc())
    return session.scalars(newest_first.limit(limit)).all()


def _frontier(session: Session) -> tuple[Frontier, AuditCheckpoint | None, AuditCheckpoint | None]:
    """Return the tree so far with its newest head and the newest kept one; heads between them are gone."""
    newest, before = (
        *session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(2)),
        None,
        None,
    )[:2]
    if newest is None:
        return Frontier(), None, None
    hashes = [
        newest.frontier[start : start + HASH_BYTES] for start in range(0, len(newest.frontier), HASH_BYTES)
    ]
    return Frontier(newest.size, hashes), newest, newest if newest.is_kept else before


def _head(
    session: Session, frontier: Frontier, action: str, at: datetime, last_kept: AuditCheckpoint | None
) -> AuditCheckpoint:
    key = session.info.get("log_key")
    assert isinstance(key, LogKey), "only a store with the log's key writes to the log"
    if last_kept is not None and not last_kept.note.startswith(f"{key.name}\n"):
        raise UserError(
            "The log was begun with another key. Nothing was saved. Expected the key that signed it so far: put it "
            "back from the backup of the keys, or name it with --log-key."
        )
    is_kept = (
        last_kept is None
        or action in HEADS_ALWAYS_KEPT
        or frontier.size - last_kept.size >= ENTRIES_BETWEEN_KEPT
        or at - datetime.fromisoformat(last_kept.at) >= timedelta(seconds=SECONDS_BETWEEN_KEPT)
    )
    return AuditCheckpoint(
        size=frontier.size,
        at=at.isoformat(timespec="milliseconds"),
        is_kept=is_kept,
        note=key.sign(frontier.size, frontier.root()),
        frontier=b"".join(frontier.hashes),
    )
