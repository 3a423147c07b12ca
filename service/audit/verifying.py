"""Holds the log in the database against its signed heads, and what is stored against the log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.audit.log import content
from service.audit.records import RECORDED_BY, digest
from service.audit.verify_audit import Checkpoint, Entry, Verdict, VerifierKey, examine
from service.store import AuditCheckpoint, AuditEntry, AuditLeaf

ROWS_READ_AT_ONCE = 10_000


def verify(session: Session, key: VerifierKey, held: Sequence[Checkpoint] = ()) -> Verdict:
    """Return whether the log is whole, and decisions and publications are as it recorded them."""
    verdict = examine(entries(session), notes(session), key, held)
    if not verdict.agrees:
        return verdict
    stray = session.scalar(
        select(func.min(AuditEntry.sequence)).where(AuditEntry.sequence.not_in(select(AuditLeaf.sequence)))
    )
    if stray is not None:
        return _bad(verdict, stray, "it was added without a commitment.")
    return _compare(session, verdict)


def entries(session: Session) -> Iterator[Entry]:
    """Return every entry in its order; without key and content where it was erased."""
    rows = session.execute(
        select(AuditLeaf, AuditEntry)
        .outerjoin(AuditEntry, AuditEntry.sequence == AuditLeaf.sequence)
        .order_by(AuditLeaf.sequence)
        .execution_options(yield_per=ROWS_READ_AT_ONCE)
    )
    with closing(rows):
        for leaf, entry in rows:
            kept = (None, None) if entry is None else (entry.entry_key, _content(entry))
            yield Entry(leaf.sequence, leaf.commitment, *kept)


def notes(session: Session) -> Sequence[str]:
    """Return the signed heads that are kept, oldest first."""
    return session.scalars(select(AuditCheckpoint.note).order_by(AuditCheckpoint.size)).all()


def _content(entry: AuditEntry) -> bytes:
    """Details that are no JSON any more are no content that anybody committed to."""
    try:
        return content(entry)
    except ValueError:
        return b""


def _compare(session: Session, verdict: Verdict) -> Verdict:
    """Every stored row must be as the entry recorded it, and every recorded row must be stored."""
    for kind, (actions, identity) in RECORDED_BY.items():
        recorded: dict[int, tuple[int, str]] = {}
        found = session.execute(
            select(AuditEntry.sequence, AuditEntry.details).where(AuditEntry.action.in_(actions))
        )
        for sequence, details in found:
            told = json.loads(details)
            recorded[told[identity]] = (sequence, told["digest"])
        for row in session.scalars(select(kind)).all():
            number = getattr(row, identity)
            name = f"{kind.__tablename__} {number}"
            if number not in recorded:
                return _bad(verdict, verdict.entries + 1, f"{name} is stored and no entry recorded it.")
            sequence, told_digest = recorded.pop(number)
            if digest(row) != told_digest:
                return _bad(verdict, sequence, f"{name} is not stored as the entry recorded it.")
        if recorded:
            sequence, number = min((sequence, number) for number, (sequence, _) in recorded.items())
            name = f"{kind.__tablename__} {number}"
            return _bad(verdict, sequence, f"{name} was recorded and is stored no more.")
    return verdict


def _bad(verdict: Verdict, sequence: int, problem: str) -> Verdict:
    return verdict._replace(first_bad_entry=sequence, last_bad_entry=sequence, problem=problem)
