"""What the log says of the rows that it records: their digest, by which a changed row is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import inspect

from service.audit.log import canonical
from service.store import Base, Publication, Review

RECORDED_BY: Mapping[type[Base], tuple[tuple[str, ...], str]] = {
    Review: (("decided", "seconded"), "review_id"),
    Publication: (("published", "rolled_back"), "publication_id"),
}
"""The tables whose every row has an entry: its actions, and the detail that names the row."""


def digest(row: Base) -> str:
    """Return the SHA-256 of everything that a stored row says."""
    columns = inspect(type(row)).columns.keys()
    told = {name: _plain(getattr(row, name)) for name in columns}
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | None) else str(value)
