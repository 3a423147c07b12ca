"""Every record under the child's pseudonym: which contract table it comes from, its key, its date, who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from risk_model.linkage import People

Frames = dict[str, pl.DataFrame]
"""The accepted rows of every contract table by name; each row says when it was known (`known_on`)."""

REFERRAL_KEY = ("provider_code", "service_request_id")
EPISODE_KEY = ("la_code", "la_child_id", "episode_key")

ATTENDED = ("5", "6")
WAS_NOT_BROUGHT = ("3", "7")


@dataclass(frozen=True)
class Record:
    """How one contract table becomes a table of persons."""

    source: str
    holder: str
    key: tuple[str, ...]
    event_on: str
    ends: tuple[str, ...] = ()


HOLDER_KEYS = {
    "patient": ("provider_code", "local_patient_id"),
    "pupil": ("upn",),
    "council_child": ("la_code", "la_child_id"),
}
RECORDS = {
    "patient": Record("csds_patient", "patient", HOLDER_KEYS["patient"], "period_ended_on"),
    "referral": Record("csds_referral", "patient", REFERRAL_KEY, "received_on", ("discharged_on",)),
    "disability": Record("csds_disability", "patient", ("person_id", "disability_code"), "period_ended_on"),
    "pupil": Record("school_census_pupil", "pupil", ("person_id", "census_on", "school_urn"), "census_on"),
    "exclusion": Record(
        "school_census_exclusion", "pupil", ("person_id", "started_on", "category_code"), "started_on"
    ),
    "attendance": Record(
        "attendance_week", "pupil", ("person_id", "school_urn", "week_ended_on"), "week_ended_on"
    ),
    "ehc_request": Record(
        "sen2_request", "pupil", ("person_id", "received_on"), "received_on", ("outcome_on",)
    ),
    "ehc_plan": Record("sen2_plan", "pupil", ("person_id", "started_on"), "started_on", ("ceased_on",)),
    "episode": Record("cin_episode", "council_child", EPISODE_KEY, "referred_on", ("closed_on",)),
    "child_in_need_plan": Record(
        "cin_plan", "council_child", (*EPISODE_KEY, "started_on"), "started_on", ("ended_on",)
    ),
    "section47": Record("cin_section47", "council_child", (*EPISODE_KEY, "started_on"), "started_on"),
    "protection_plan": Record(
        "cin_protection_plan", "council_child", (*EPISODE_KEY, "started_on"), "started_on", ("ended_on",)
    ),
    "assessment_factor": Record(
        "cin_assessment_factor", "council_child", (*EPISODE_KEY, "started_on", "factor_code"), "started_on"
    ),
    "care_episode": Record(
        "looked_after_episode", "council_child", ("person_id", "started_on"), "started_on", ("ended_on",)
    ),
    "care_missing": Record(
        "looked_after_missing", "council_child", ("person_id", "started_on"), "started_on"
    ),
    "care_outcome": Record("looked_after_outcome", "council_child", ("person_id",), "known_on"),
}


@dataclass(frozen=True)
class Gathered:
    """The records of every linked person, not yet cut at any date."""

    people: People
    tables: dict[str, pl.DataFrame]
    frames: Frames


def gather(frames: Frames, people: People) -> Gathered:
    """Return every table under `person_id`; made once, cut as often as there are landmarks."""
    tables = {
        name: _join(frames[record.source], people.holders[record.holder], HOLDER_KEYS[record.holder])
        for name, record in RECORDS.items()
    }
    referrals = tables["referral"].select(*REFERRAL_KEY, "person_id").unique()
    tables |= {
        name: _join(frames[source], referrals, REFERRAL_KEY)
        for name, source in (("team", "csds_team"), ("clock", "csds_clock"), ("contact", "csds_contact"))
    }
    contact_key = ("provider_code", "care_contact_id")
    contacts = tables["contact"].select(*contact_key, "person_id", "contact_on").unique()
    tables["activity"] = _join(frames["csds_activity"], contacts, contact_key)
    activity_key = ("provider_code", "care_activity_id")
    activities = tables["activity"].select(*activity_key, "person_id", "contact_on").unique()
    tables["score"] = _join(frames["csds_assessment"], activities, activity_key)
    pupils = tables["pupil"].select("pupil_id", "person_id").unique()
    tables["school_need"] = _join(frames["school_census_need"], pupils, ("pupil_id",))
    return Gathered(people, tables, frames)


def known(table: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return the rows that were known on a day."""
    return table.filter(pl.col("known_on") <= on)


def known_frames(frames: Frames, on: date) -> Frames:
    """Return every contract table as it was known on a day."""
    return {name: known(table, on) for name, table in frames.items()}


def newest(table: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Return the newest version of each record.

    CSDS is resubmitted every month and councils resend their extracts, so a record comes many times.
    """
    order = [c for c in ("period_ended_on", "known_on", "source_file", "source_row") if c in table.columns]
    return table.sort(order).unique(key, keep="last", maintain_order=True)


def blank_later(table: pl.DataFrame, ends: tuple[str, ...], on: date) -> pl.DataFrame:
    """Return the table without end dates that still lay ahead."""
    return table.with_columns(pl.when(pl.col(end) <= on).then(pl.col(end)).alias(end) for end in ends)


def with_contact_outcome(contact: pl.DataFrame, team: pl.DataFrame) -> pl.DataFrame:
    """Return contacts with their team type, whether the child was seen, and whether it was not brought.

    Contact ids are reused across referrals, so a contact joins its referral on both ids. A referral may wait for two
    teams: a contact belongs to the team it names, and to the referral's first team only where it names none.
    """
    named = team.select(*REFERRAL_KEY, "team_id", "team_type_code").unique(
        (*REFERRAL_KEY, "team_id"), keep="first", maintain_order=True
    )
    first = named.unique(REFERRAL_KEY, keep="first", maintain_order=True)
    return (
        contact.join(named, on=(*REFERRAL_KEY, "team_id"), how="left", maintain_order="left")
        .join(first.drop("team_id"), on=REFERRAL_KEY, how="left", suffix="_of_first", maintain_order="left")
        .with_columns(
            team_type_code=pl.coalesce("team_type_code", "team_type_code_of_first"),
            was_attended=pl.col("attendance_code").is_in(ATTENDED).fill_null(False),
            was_not_brought=pl.col("attendance_code").is_in(WAS_NOT_BROUGHT).fill_null(False),
        )
        .drop("team_type_code_of_first")
    )


def with_sessions_missed(attendance: pl.DataFrame) -> pl.DataFrame:
    """Return attendance with the sessions missed; a week that tells of no absence at all tells of no sessions."""
    absences = ("sessions_authorised", "sessions_unauthorised")
    is_told = pl.any_horizontal(pl.col(absences).is_not_null())
    return attendance.with_columns(
        sessions_missed=pl.sum_horizontal(absences, ignore_nulls=True),
        sessions_possible=pl.when(is_told).then(pl.col("sessions_possible")),
    )


def _join(table: pl.DataFrame, holders: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    return table.join(holders, on=key, how="inner", maintain_order="left")
