"""Writes the log for the offline verifier: every entry, then the signed heads, as lines of text."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.orm import Session

from risk_model.errors import UserError
from service.audit.verify_audit import EXPORT_FORMAT, Entry, to_text
from service.audit.verifying import entries, notes

OWNER_ONLY = 0o600
"""An export tells who looked at which child's wait, under pseudonyms."""


def export(session: Session, out: Path) -> int:
    """Write the log to a file that appears whole or not at all; return how many entries it holds."""
    return write(out, entries(session), notes(session))


def write(out: Path, written: Iterable[Entry], signed: Iterable[str]) -> int:
    """Write entries and signed heads to a file beside its place and rename it in one step."""
    beside = out.with_name(f".writing-{out.name}")
    count = 0
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(f"{EXPORT_FORMAT}\n")
            for entry in written:
                key, content = entry.key or b"", entry.content or b""
                line = f"entry\t{entry.sequence}\t{entry.commitment.hex()}\t{key.hex()}\t{content.decode()}\n"
                file.write(line)
                count += 1
            for note in signed:
                file.write(f"checkpoint\t{to_text(note.encode())}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.rename(out)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written: {error.strerror}. Expected a place with room. Name another one."
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return count
