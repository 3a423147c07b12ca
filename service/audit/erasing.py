"""Erases what the log and the decisions hold about one child's wait; the tree of commitments stays whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from service.audit.log import Operator, append
from service.store import AuditEntry, Erasure, Review


def erase(
    session: Session, person: Operator, service_id: str, referral_id: str, reason: str, at: datetime
) -> int:
    """Delete entries with their keys, and decisions, of one wait; return how many entries.

    An entry of its own says who erased how many and why, and names their numbers but never the child. A backup made
    before still holds them: erase there too after putting it in place.
    """
    about = (AuditEntry.service_id == service_id, AuditEntry.referral_id == referral_id)
    decided = (Review.service_id == service_id, Review.referral_id == referral_id)
    entries = session.scalars(select(AuditEntry.sequence).where(*about).order_by(AuditEntry.sequence)).all()
    reviews = session.scalars(select(Review.review_id).where(*decided)).all()
    if not entries and not reviews:
        return 0
    append(
        session,
        person,
        "erased",
        at,
        details={"entries": list(entries), "decisions": len(reviews), "reason": reason},
    )
    for table, numbers in (("audit_entry", entries), ("review", reviews)):
        for number in numbers:
            session.merge(Erasure(erased_table=table, number=number))
    session.flush()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))
    session.execute(delete(AuditEntry).where(*about))
    session.execute(delete(Review).where(*decided))
    return len(entries)
