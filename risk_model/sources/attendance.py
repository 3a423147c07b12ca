"""Attendance by pupil and week; a file of single sessions is added up to weeks ending on Friday."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import of, text_as_date, together
from risk_model.sources.extracts import Part

CONTRACT = "attendance"
KNOWN_AFTER = "3d"
# Meanings of the marks: DfE statutory guidance of August 2024, as the contract's README lists them.
AUTHORISED = ["C", "C1", "C2", "E", "I", "J", "J1", "M", "R", "S", "T", "H"]
UNAUTHORISED = ["G", "N", "O", "U"]
PRESENT = ["/", "\\", "L", "K", "V", "P", "W", "B"]
SUSPENDED, PART_TIME_TIMETABLE = "E", "C2"


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """The weeks, sent as such or made from sessions; a week is known three days after it ended."""
    table = contracts.tables()["attendance_week"]
    known_on = text_as_date("week_ended_on", table).dt.offset_by(KNOWN_AFTER).alias("known_on")
    weeks = [part.frame for part in of(parts, "attendance_week")]
    weeks += [_weeks(part) for part in of(parts, "attendance_session")]
    return {table.name: together(table, [week.with_columns(known_on) for week in weeks])}, {}


def _weeks(part: Part) -> pl.LazyFrame:
    """Sessions counted by pupil, school and week; one without a readable date is left for the check."""
    session = contracts.tables()["attendance_session"]
    day = text_as_date("session_on", session)
    mark = pl.col("mark_code").str.strip_chars().str.to_uppercase()
    marked = part.frame.with_columns(
        day.dt.truncate("1w").dt.offset_by("4d").alias("week_ended_on"),
        mark.alias("mark"),
    )
    who = [name for name in ("upn", "school_urn", "la_code") if part.has(name)]
    counts = {
        "sessions_possible": [*PRESENT, *AUTHORISED, *UNAUTHORISED],
        "sessions_authorised": AUTHORISED,
        "sessions_unauthorised": UNAUTHORISED,
        "sessions_suspended": [SUSPENDED],
        "sessions_part_time_timetable": [PART_TIME_TIMETABLE],
    }
    return (
        marked.group_by(*who, "week_ended_on", "source_file", "source_fault", maintain_order=True)
        .agg(
            pl.col("source_row").min(),
            *(pl.col("mark").is_in(marks).sum().cast(pl.Int64).alias(name) for name, marks in counts.items()),
        )
        .with_columns(pl.col("week_ended_on").cast(pl.String))
    )
