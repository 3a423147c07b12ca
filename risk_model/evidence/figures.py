"""The measured figures, read from the table of a README."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from risk_model.errors import UserError

ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|(.*?)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    measures: str
    value: str
    target: str
    holds: str


def read(readme: Path | None) -> dict[str, Figure]:
    """Return the figures by name; none without a README."""
    if readme is None:
        return {}
    try:
        text = readme.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"The figures in {readme} cannot be read. Expected the README of Early Support. Name it with --figures."
        ) from error
    found = {name: Figure(*map(str.strip, cells)) for name, *cells in ROW.findall(text)}
    if not found:
        raise UserError(
            f"{readme} holds no table of figures. Expected the README of Early Support. Name it with --figures."
        )
    return found
