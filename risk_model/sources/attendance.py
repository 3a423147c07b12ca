"""Attendance by pupil and week; a file of single sessions is added up to weeks ending on Friday."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model.contracts import BROKEN
from risk_model.sources.assembly import Frames, of
from risk_model.sources.extracts import Part

KNOWN_AFTER = "3d"
# Meanings of the marks: DfE statutory guidance of August 2024, as the contract's README lists them.
AUTHORISED = ["C", "C1", "C2", "E", "I", "J", "J1", "M", "R", "S", "T", "H"]
UNAUTHORISED = ["G", "N", "O", "U"]
PRESENT = ["/", "\\", "L", "K", "V", "P", "W", "B"]
SUSPENDED, PART_TIME_TIMETABLE = "E", "C2"


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """The weeks, sent as such or made from sessions; a week is known three days after it ended."""
    weeks = [part.rows for part in of(parts, f"{contract}_week")]
    weeks += [_weeks(part) for part in of(parts, f"{contract}_session")]
    known_on = pl.col("week_ended_on").dt.offset_by(KNOWN_AFTER)
    together = pl.concat(weeks, how="diagonal").with_columns(known_on=known_on)
    return {f"{contract}_week": together}, {}


def _weeks(part: Part) -> pl.DataFrame:
    """The accepted sessions, counted by pupil, school and week; one that was sent twice counts as it was sent last."""
    who = [name for name in ("upn", "school_urn", "la_code") if part.has(name)]
    marked = part.rows.filter(pl.col(BROKEN).is_null()).with_columns(
        pl.col("session_on").dt.truncate("1w").dt.offset_by("4d").alias("week_ended_on"),
        pl.col("mark_code").str.to_uppercase().alias("mark"),
        pl.col("session_code").str.to_uppercase(),
    )
    marked = marked.unique([*who, "session_on", "session_code"], keep="last", maintain_order=True)
    counts = {
        "sessions_possible": [*PRESENT, *AUTHORISED, *UNAUTHORISED],
        "sessions_authorised": AUTHORISED,
        "sessions_unauthorised": UNAUTHORISED,
        "sessions_suspended": [SUSPENDED],
        "sessions_part_time_timetable": [PART_TIME_TIMETABLE],
    }
    return marked.group_by(*who, "week_ended_on", "source_file", BROKEN, maintain_order=True).agg(
        pl.col("source_row").min(),
        *(pl.col("mark").is_in(marks).sum().cast(pl.Int64).alias(name) for name, marks in counts.items()),
    )
