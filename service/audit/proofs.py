"""Makes proofs for auditors: that an entry is in the log, and that the log only grew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from risk_model.errors import UserError
from service.audit import log
from service.audit.verify_audit import (
    CONSISTENCY_FORMAT,
    PROOF_FORMAT,
    Checkpoint,
    leaf_hash,
    node_hash,
    to_text,
)
from service.store import AuditEntry, AuditLeaf


class Tree:
    """A Merkle tree with all its full subtrees, from which paths are read."""

    def __init__(self, commitments: Iterable[bytes]) -> None:
        self._levels = [[leaf_hash(commitment) for commitment in commitments]]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([node_hash(left, right) for left, right in pairs])

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def root(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the root of the leaves from `start` up to and without `end` (RFC 6962 2.1)."""
        end = self.size if end is None else end
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _widest_full(count)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def inclusion(self, index: int) -> list[bytes]:
        """Return the path of the leaf at `index`, counted from 0 (RFC 6962 2.1.1)."""
        start, end, path = 0, self.size, list[bytes]()
        while end - start > 1:
            middle = start + _widest_full(end - start)
            if index < middle:
                path.append(self.root(middle, end))
                end = middle
            else:
                path.append(self.root(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Return the path from the tree of the first `old` leaves to this one (RFC 6962 2.1.2)."""
        start, end, path = 0, self.size, list[bytes]()
        if old in (0, end):
            return []
        while old != end:
            middle = start + _widest_full(end - start)
            if old <= middle:
                path.append(self.root(middle, end))
                end = middle
            else:
                path.append(self.root(start, middle))
                start = middle
        return [*([self.root(start, end)] if start else []), *path[::-1]]


def tree(session: Session) -> Tree:
    """Return the tree of the log as stored."""
    return Tree(session.scalars(select(AuditLeaf.commitment).order_by(AuditLeaf.sequence)))


def inclusion(session: Session, sequence: int, grown: Tree) -> str:
    """Return the proof that one entry is in the log, with the entry itself (c2sp.org/tlog-proof)."""
    entry, head = session.get(AuditEntry, sequence), log.head(session)
    if entry is None or head is None:
        raise UserError(
            f"The log holds no content of an entry {sequence}: it was never written, or it was erased. "
            "Expected the number of an entry that a page or an export shows."
        )
    return inclusion_text(entry.entry_key + log.content(entry), sequence - 1, grown, head.note)


def inclusion_text(extra: bytes, index: int, grown: Tree, note: str) -> str:
    """Return a proof as text; `extra` is the key of the entry and its content."""
    path = [to_text(step) for step in grown.inclusion(index)]
    return "\n".join([PROOF_FORMAT, f"extra {to_text(extra)}", f"index {index}", *path, "", note])


def consistency(session: Session, held: Checkpoint, grown: Tree) -> str:
    """Return the proof that the log only grew since a checkpoint that an auditor holds."""
    head = log.head(session)
    if head is None or held.size > grown.size:
        raise UserError(
            f"The log ends at entry {grown.size} and the checkpoint covers {held.size}: entries were lost, or an "
            "older copy was put in its place. There is no proof to give. Tell the safety officer."
        )
    return consistency_text(held.size, grown.consistency(held.size), head.note)


def consistency_text(old: int, path: Sequence[bytes], note: str) -> str:
    """Return a proof of consistency as text."""
    return "\n".join([CONSISTENCY_FORMAT, f"old {old}", *map(to_text, path), "", note])


def _widest_full(count: int) -> int:
    """The largest power of two below a number above 1."""
    return int(1 << ((count - 1).bit_length() - 1))
