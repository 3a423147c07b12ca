"""A log with entries of every kind, its database and its keys: filled once, copied for each test that changes it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from benchmarks.tampering import Filled

FILES = ("service.db", "log.key", "log.key.vkey")


def copy_of(filled: Filled, folder: Path) -> Filled:
    """Return the same log in a folder of its own."""
    for file in FILES:
        shutil.copy2(filled.file.with_name(file), folder / file)
    return dataclasses.replace(filled, file=folder / "service.db")


def keys(filled: Filled) -> tuple[object, ...]:
    """Return the options of a command that name the database and the log's key."""
    return "--database", filled.address, "--log-key", filled.file.with_name("log.key")
