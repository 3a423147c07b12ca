"""Patient index of a provider: names, addresses and numbers of its patients, one row per change of details."""

from __future__ import annotations

from collections.abc import Sequence

from risk_model.sources.assembly import Frames, all_rows
from risk_model.sources.extracts import Part


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """The details of all patients; a row is known from the day on which it was recorded."""
    details = all_rows(parts, "patient_details").with_columns(known_on="recorded_on")
    return {"patient_details": details}, {}
