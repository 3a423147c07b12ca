"""Writing that outlives a crash: a file that appears once and whole, and bytes that have reached the disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_once(path: Path, text: str, mode: int) -> None:
    """Write a file beside its place and link it there, which only the first of several processes can do."""
    handle, beside = tempfile.mkstemp(prefix=".making-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(beside)


def write_through(path: Path) -> None:
    """Come back only once the disk has what was written to a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
