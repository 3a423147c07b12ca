"""Which run is live: a recorded act of people makes it so, and one more act goes back to the run before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from risk_model import worklist
from risk_model.errors import UserError
from service import audit
from service.audit import Operator
from service.store import Publication

PUBLISHED, ROLLED_BACK, DEMO = "published", "rolled back", "demo"
FEWEST_LETTERS_OF_A_REASON = 10
DEMO_REASON = "Nobody looked at it: in use, people make a run live."
NOTHING_LIVE = (
    "No list is live yet. Expected a run that was made live with `risk-service publish RUN`. "
    "Ask who publishes lists."
)


@dataclass(frozen=True)
class Candidate:
    """A run that could become live, found to be as its run wrote it."""

    run: str
    provenance_sha256: str
    policy_sha256: str
    model_sha256: str | None


def candidate(worklists: Path, run: str) -> Candidate:
    """Return a run for publishing; one that is not there, or not as it was written, is refused."""
    folders = {folder.name: folder for folder in worklist.runs(worklists)}
    if run not in folders:
        raise UserError(
            f"There is no run {run} in {worklists}. Expected one of: {', '.join(reversed(folders)) or 'none'}."
        )
    findings = worklist.check_seal(folders[run])
    if findings:
        raise UserError(
            f"The run {run} is not as it was written: {findings[0]} It was not published, and what is live stays live. "
            "Make the list again with `risk-model prioritise`."
        )
    outputs = worklist.load(folders[run]).provenance["outputs"]
    return Candidate(
        run, provenance_sha256(folders[run]), outputs.get("policy.yaml", ""), outputs.get("scorecard.json")
    )


def provenance_sha256(folder: Path) -> str:
    """Return the digest that names a run and, by the digests in it, every file of it."""
    return hashlib.sha256((folder / worklist.PROVENANCE).read_bytes()).hexdigest()


def live(session: Session) -> Publication | None:
    """Return the act that made the live run live, or None while nothing is."""
    return session.scalars(select(Publication).order_by(Publication.publication_id.desc()).limit(1)).first()


def made_live(session: Session, run: str) -> Publication | None:
    """Return the newest act that made a run live, or None where none did."""
    mine = select(Publication).where(Publication.run == run).order_by(Publication.publication_id.desc())
    return session.scalars(mine.limit(1)).first()


def once_live(session: Session) -> set[str]:
    """Return the names of all runs that are live or ever were."""
    return set(session.scalars(select(Publication.run).distinct()))


def history(session: Session, limit: int) -> Sequence[Publication]:
    """Return the newest acts of publishing, newest first."""
    return session.scalars(select(Publication).order_by(Publication.publication_id.desc()).limit(limit)).all()


def publish(
    session: Session,
    found: Candidate,
    order: Sequence[str],
    by: str,
    second: str | None,
    reason: str,
    at: datetime,
) -> Publication:
    """Make a run live, with its entry in the log; `order` names all runs, oldest first.

    Where the policy or the model is not that of the live run, or nothing is live yet, a second person must agree.
    """
    before = live(session)
    _check_people(by, second, reason)
    if before is not None and before.run == found.run:
        raise UserError(f"The run {found.run} is live already. Nothing was changed.")
    if before is not None and before.run in order and order.index(found.run) < order.index(before.run):
        raise UserError(
            f"The run {found.run} is older than the live one, {before.run}. Nothing was changed. "
            "To go back to the run before, use `risk-service rollback`."
        )
    if second is None and (changed := _what_changed(before, found)):
        raise UserError(
            f"{changed}, so two people must agree. Nothing was changed. Name the second with --second NAME."
        )
    return _make_live(session, found, PUBLISHED, by, second, reason, at)


def roll_back(session: Session, worklists: Path, by: str, reason: str, at: datetime) -> Publication:
    """Make the run before the live one live again; people agreed to it when it was published."""
    now = live(session)
    _check_people(by, None, reason)
    target = session.get(Publication, now.before_id) if now is not None and now.before_id else None
    if target is None:
        raise UserError("There is no run to go back to: no other was live before. Nothing was changed.")
    found = candidate(worklists, target.run)
    if found.provenance_sha256 != target.provenance_sha256:
        raise UserError(
            f"The run {target.run} is not the one that was live: its provenance is another. Nothing was changed. "
            "Put the folder back from its backup."
        )
    return _make_live(session, found, ROLLED_BACK, by, None, reason, at, before_id=target.before_id)


def publish_for_demo(session: Session, found: Candidate, at: datetime) -> None:
    """Make a run live that never was, without people: the demonstration has none."""
    if made_live(session, found.run) is None:
        _make_live(session, found, DEMO, "nobody", None, DEMO_REASON, at)


def _make_live(
    session: Session,
    found: Candidate,
    kind: str,
    by: str,
    second: str | None,
    reason: str,
    at: datetime,
    *,
    before_id: int | None = None,
) -> Publication:
    before = live(session)
    made = Publication(
        made_at=at.isoformat(timespec="milliseconds"),
        run=found.run,
        provenance_sha256=found.provenance_sha256,
        policy_sha256=found.policy_sha256,
        model_sha256=found.model_sha256,
        kind=kind,
        made_by=by,
        seconded_by=second,
        reason=reason,
        before_id=before_id if kind == ROLLED_BACK else before and before.publication_id,
    )
    session.add(made)
    session.flush()
    details = {
        "publication_id": made.publication_id,
        "kind": kind,
        "seconded_by": second,
        "provenance_sha256": found.provenance_sha256,
        "digest": audit.digest(made),
    }
    action = "rolled_back" if kind == ROLLED_BACK else "published"
    audit.append(session, Operator(by), action, at, run=found.run, details=details)
    return made


def _check_people(by: str, second: str | None, reason: str) -> None:
    if not by.strip() or (second is not None and second.strip().casefold() in ("", by.strip().casefold())):
        raise UserError("One person cannot be both. Expected two names that differ. Nothing was changed.")
    if len(reason.strip()) < FEWEST_LETTERS_OF_A_REASON:
        raise UserError(
            f"The reason is too short. Expected at least {FEWEST_LETTERS_OF_A_REASON} letters. Nothing was changed."
        )


def _what_changed(before: Publication | None, found: Candidate) -> str:
    if before is None:
        return "This is the first list to be live"
    changed = {
        "policy": before.policy_sha256 != found.policy_sha256,
        "model": before.model_sha256 != found.model_sha256,
    }
    names = " and the ".join(name for name, is_other in changed.items() if is_other)
    return f"The {names} changed since the live run {before.run}" if names else ""
