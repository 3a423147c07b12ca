#!/usr/bin/env python3
"""Checks an export of the log, and proofs about single entries, without the service.

One file that needs Python and `cryptography` alone, so that an auditor can read it whole and run it elsewhere:

    python verify_audit.py EXPORT --key LOG.vkey [--checkpoint HELD.note ...]
    python verify_audit.py --proof ENTRY.tlog-proof --key LOG.vkey
    python verify_audit.py --consistency NEW.tlog-consistency --checkpoint HELD.note --key LOG.vkey

The key and the checkpoints must come from the auditor's own safe, never from the machine that is audited: whoever
holds the log's private key can write a whole new log, and only a checkpoint kept elsewhere shows it.

The log is a Merkle tree (RFC 6962). A leaf is a commitment, HMAC-SHA-256 under a random key of its own over the
entry's bytes; so the content of an entry can be erased with its key while the tree still agrees. Heads of the tree are
checkpoints as signed notes (c2sp.org/tlog-checkpoint, c2sp.org/signed-note), proofs are c2sp.org/tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LEAF, NODE, ED25519 = b"\x00", b"\x01", b"\x01"
HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES, KEY_ID_BYTES = 32, 32, 64, 4
EMPTY_ROOT = hashlib.sha256().digest()
EXPORT_FORMAT, PROOF_FORMAT = "early-support-log 1", "c2sp.org/tlog-proof@v1"
CONSISTENCY_FORMAT = "early-support/consistency@v1"
WHAT_TO_DO = "Keep a copy of the database and tell the safety officer."
HELD, OWN = "the checkpoint held by the auditor", "its signed checkpoint"
NUMBER, SIGNATURE = re.compile(r"0|[1-9][0-9]{0,18}"), re.compile(r"— \S+ \S+$")


class NotProvenError(Exception):
    """What was handed in does not prove what it says."""


class VerifierKey(NamedTuple):
    """The public key that the log signs its checkpoints with."""

    name: str
    public: bytes


class Checkpoint(NamedTuple):
    """The head of the log at one size, signed."""

    size: int
    root: bytes


class Entry(NamedTuple):
    """One entry as the log keeps it; key and content are gone once it was erased."""

    sequence: int
    commitment: bytes
    key: bytes | None
    content: bytes | None


class Verdict(NamedTuple):
    """Whether the log is whole; if not, the first entry in doubt, the last one that could be it, and what is wrong."""

    entries: int
    root: bytes
    first_bad_entry: int | None = None
    last_bad_entry: int | None = None
    problem: str = ""
    erased: int = 0

    @property
    def agrees(self) -> bool:
        return self.first_bad_entry is None

    @property
    def words(self) -> str:
        if self.agrees:
            return f"The log agrees: {self.entries:,} entries, {self.erased:,} erased, root {to_text(self.root)}."
        first, last = self.first_bad_entry, self.last_bad_entry
        where = f"entry {first:,}" if first == last else f"one of the entries {first:,} to {last:,}"
        return f"The log does not agree, first at {where}: {self.problem} {WHAT_TO_DO}"


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def commit(key: bytes, content: bytes) -> bytes:
    """Return the commitment to an entry: it gives nothing of the content away, not even to who guesses it."""
    return hmac.digest(key, content, "sha256")


def leaf_hash(commitment: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962 2.1)."""
    return hashlib.sha256(LEAF + commitment).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962 2.1)."""
    return hashlib.sha256(NODE + left + right).digest()


@dataclass
class Frontier:
    """The roots of the full subtrees of a growing tree, widest first: all that is needed to add leaves."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def push(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        full = self.size
        while full & 1:
            leaf, full = node_hash(self.hashes.pop(), leaf), full >> 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        narrow_first = self.hashes[::-1] or [EMPTY_ROOT]
        return reduce(lambda right, left: node_hash(left, right), narrow_first)


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raise unless the path leads from the leaf at `index`, counted from 0, to the root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        raise NotProvenError("the entry lies outside the log")
    if _climb(index, size - 1, leaf, path)[1] != root:
        raise NotProvenError("the path does not lead to the root of the checkpoint")


def check_consistency(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> None:
    """Raise unless the new head only adds to the old one (RFC 9162 2.1.4.2); both sizes must be used up."""
    if old.size > new.size:
        raise NotProvenError(f"entries that were signed are gone: {old.size} before, {new.size} now")
    if old.size == new.size and old.root != new.root:
        roots = f"{to_text(old.root)} and {to_text(new.root)}"
        raise NotProvenError(f"two heads were signed for {old.size} entries, with roots {roots}")
    if bool(path) == (old.size in (0, new.size)):
        raise NotProvenError("the path has another length than the two sizes ask for")
    if not path:
        return
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first, rest = (path[0], path[1:]) if at else (old.root, path)
    if _climb(at, last, first, rest) != (old.root, new.root):
        raise NotProvenError("the log was rewritten: the new head does not contain the old one")


def _climb(at: int, last: int, first: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the tree up to `at` and of the whole tree that a path leads to."""
    old = new = first
    for step in path:
        if last == 0:
            raise NotProvenError("the path is too long")
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise NotProvenError("the path is too short")
    return old, new


def read_key(text: str) -> VerifierKey:
    """Return the key of a line `name+id+key`, as c2sp.org/signed-note writes it."""
    parts = text.strip().split("+", 2)
    encoded = from_text(parts[2]) if len(parts) == 3 else b""
    if len(encoded) != 1 + KEY_BYTES or encoded[:1] != ED25519:
        raise NotProvenError("the key is no verifier key: expected one line `name+id+key` of an Ed25519 key")
    key = VerifierKey(parts[0], encoded[1:])
    if key_id(*key).hex() != parts[1]:
        raise NotProvenError("the key does not agree with its own id")
    return key


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """Return what a checkpoint says, once its signature agrees."""
    checkpoint, body, signature = _take_apart(note, key)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, body)
    except InvalidSignature as error:
        raise NotProvenError("the signature of the checkpoint does not agree") from error
    return checkpoint


def open_proof(text: str, key: VerifierKey) -> tuple[Checkpoint, Mapping[str, Any]]:
    """Return the checkpoint and the entry of a proof of inclusion, once everything in it agrees."""
    lines, note = _lines(text, PROOF_FORMAT, ("extra ", "index "))
    extra, index = from_text(lines[0]), _number(lines[1])
    event_key, content = extra[:KEY_BYTES], extra[KEY_BYTES:]
    if (entry := _content(content)).get("sequence") != index + 1:
        raise NotProvenError("the entry carries another number than its place in the log")
    claimed, leaf = _take_apart(note, key)[0], leaf_hash(commit(event_key, content))
    check_inclusion(index, claimed.size, leaf, _hashes(lines[2:]), claimed.root)
    return open_checkpoint(note, key), entry


def open_consistency(text: str, held: Checkpoint, key: VerifierKey) -> Checkpoint:
    """Return the new checkpoint of a proof that the log only grew since the one that the auditor holds."""
    lines, note = _lines(text, CONSISTENCY_FORMAT, ("old ",))
    new = open_checkpoint(note, key)
    if _number(lines[0]) != held.size:
        raise NotProvenError("the proof starts from another size than the checkpoint that is held")
    check_consistency(held, new, _hashes(lines[1:]))
    return new


def examine(
    entries: Iterable[Entry], notes: Iterable[str], key: VerifierKey, held: Sequence[Checkpoint] = ()
) -> Verdict:
    """Return whether the entries are what the log's own signed heads, and those held elsewhere, cover."""
    frontier, good, gone, erased = Frontier(), {HELD: 0, OWN: 0}, set[int](), set[int]()
    heads: dict[int, list[tuple[Checkpoint, str]]] = {}
    for checkpoint in held:
        heads.setdefault(checkpoint.size, []).append((checkpoint, HELD))
    newest = 0

    def bad(first: int, problem: str, last: int | None = None) -> Verdict:
        return Verdict(frontier.size, frontier.root(), first, last or first, problem)

    for note in notes:
        try:
            checkpoint = open_checkpoint(note, key)
        except NotProvenError as error:
            return bad(newest + 1, f"a checkpoint cannot be trusted: {error}.")
        heads.setdefault(checkpoint.size, []).append((checkpoint, OWN))
        newest = max(newest, checkpoint.size)
    for entry in entries:
        number = frontier.size + 1
        if entry.sequence != number:
            return bad(number, f"it is missing; entry {entry.sequence:,} follows where it should be.")
        if entry.key is None or entry.content is None:
            gone.add(number)
        else:
            content = _content(entry.content)
            is_its_own = len(entry.key) == KEY_BYTES and commit(entry.key, entry.content) == entry.commitment
            if not is_its_own or content.get("sequence") != number:
                return bad(number, "its content is not what was committed to when it was written.")
            if content.get("action") == "erased":
                erased.update(content["details"].get("entries", ()))
        frontier.push(leaf_hash(entry.commitment))
        if number in heads:
            root = frontier.root()
            for head, whose in heads[number]:
                if head.root != root:
                    problem = f"up to entry {number:,} the root is {to_text(root)}, in {whose} {to_text(head.root)}."
                    return bad(good[whose] + 1, f"an entry was changed, added or removed: {problem}", number)
                good[whose] = number
    size = max(heads, default=0)
    if size > frontier.size:
        problem = f"the log ends before it and {heads[size][0][1]} covers {size:,} entries: the end was cut off, or an "
        return bad(frontier.size + 1, f"{problem}older copy was put in its place.", size)
    if newest != frontier.size:
        return bad(newest + 1, "no signed checkpoint covers it.", frontier.size)
    if gone - erased:
        return bad(min(gone - erased), "its content is gone and no entry says that it was erased.")
    return Verdict(frontier.size, frontier.root(), erased=len(gone))


def read_export(path: Path) -> tuple[Iterator[Entry], Iterator[str]]:
    """Return the entries and the checkpoints of an export, each read as it is asked for."""

    def lines(wanted: str) -> Iterator[list[str]]:
        with path.open(encoding="utf-8", newline="\n") as file:
            if next(file, "") != f"{EXPORT_FORMAT}\n":
                raise NotProvenError(f"{path.name} is no export of a log")
            for line in file:
                kind, *parts = line.rstrip("\n").split("\t")
                if kind == wanted:
                    yield parts
                elif kind not in ("entry", "checkpoint"):
                    raise NotProvenError(f"{path.name} is damaged: it holds a line of no known kind")

    return map(_entry, lines("entry")), (from_text(note).decode() for (note,) in lines("checkpoint"))


def _entry(parts: Sequence[str]) -> Entry:
    kept = (bytes.fromhex(parts[2]), parts[3].encode()) if parts[2] else (None, None)
    return Entry(_number(parts[0]), bytes.fromhex(parts[1]), *kept)


def to_text(content: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(content).decode()


def from_text(text: str) -> bytes:
    """Read base64 in its one canonical form: no second spelling of a proof is accepted."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = b""
    if to_text(content) != text:
        raise NotProvenError("it holds what is not base64 in its one form")
    return content


def _hashes(lines: Sequence[str]) -> list[bytes]:
    hashes = [from_text(line) for line in lines]
    if any(len(each) != HASH_BYTES for each in hashes):
        raise NotProvenError("a hash has another length than 32 bytes")
    return hashes


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise NotProvenError("it holds no whole number where one is expected")
    return int(text)


def _lines(text: str, form: str, named: Sequence[str]) -> tuple[list[str], str]:
    """Return the lines after the one that names the form, the first ones without their names, and the checkpoint."""
    head, _, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    if first != form or len(lines) < len(named) or not all(map(str.startswith, lines, named)):
        raise NotProvenError(f"it is no proof of this kind: expected {form}")
    return [*map(str.removeprefix, lines, named), *lines[len(named) :]], note


def _take_apart(note: str, key: VerifierKey) -> tuple[Checkpoint, bytes, bytes]:
    """Return what a checkpoint says, the bytes that are signed, and the signature of this very key."""
    body, separator, signatures = note.partition("\n\n")
    lines = body.split("\n")
    signed = signatures.split("\n")
    if not separator or signed.pop() or len(lines) != 3 or not all(map(SIGNATURE.match, signed)):
        raise NotProvenError("it is no checkpoint: expected origin, size and root, then signatures")
    size, root = _number(lines[1]), _hashes(lines[2:])[0]
    if lines[0] != key.name:
        raise NotProvenError("the checkpoint is of another log than the key")
    expected = f"— {key.name} "
    mine = [line[len(expected) :] for line in signed if line.startswith(expected)]
    signature = from_text(mine[0]) if len(mine) == 1 else b""
    if len(signature) != KEY_ID_BYTES + SIGNATURE_BYTES or signature[:KEY_ID_BYTES] != key_id(*key):
        raise NotProvenError("the checkpoint is not signed with this key")
    return Checkpoint(size, root), f"{body}\n".encode(), signature[KEY_ID_BYTES:]


def _content(content: bytes) -> Mapping[str, Any]:
    """Return what an entry says, and nothing of bytes that are no entry."""
    try:
        entry = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) and isinstance(entry.get("details"), dict) else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names; 0 when it agrees, 1 when it does not, 2 on wrong use."""
    parser = argparse.ArgumentParser(description="Checks an export of the log, or proofs about it.")
    parser.add_argument("export", nargs="?", type=Path, help="what `risk-service audit export` wrote")
    parser.add_argument("--key", type=Path, required=True, help="the log's verifier key, from your own safe")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="one that you hold")
    parser.add_argument("--proof", type=Path, action="append", default=[], help="that an entry is in the log")
    parser.add_argument("--consistency", type=Path, help="proof that the log only grew since yours")
    asked = parser.parse_args(arguments)
    if len(asked.checkpoint) != 1 if asked.consistency else not (asked.export or asked.proof):
        parser.error("name an export, a --proof, or --consistency with the one --checkpoint that you hold")
    try:
        key = read_key(asked.key.read_text())
        held = [open_checkpoint(path.read_bytes().decode(), key) for path in asked.checkpoint]
        for path in asked.proof:
            checkpoint, entry = open_proof(path.read_bytes().decode(), key)
            print(f"Entry {entry['sequence']:,} is in the log of {checkpoint.size:,} entries:")
            print(json.dumps(entry, indent=1, ensure_ascii=False, sort_keys=True))
        if asked.consistency:
            new = open_consistency(asked.consistency.read_bytes().decode(), held[0], key)
            print(f"The log only grew, from {held[0].size:,} to {new.size:,} entries.")
        if asked.export:
            verdict = examine(*read_export(asked.export), key, held)
            print(verdict.words)
            return 0 if verdict.agrees else 1
    except NotProvenError as error:
        print(f"Not proven: {error}.", file=sys.stderr)
        return 1
    except (OSError, ValueError, IndexError):
        print("A file cannot be read. Expected each as the service wrote it.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
