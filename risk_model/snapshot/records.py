"""Every record under the child's pseudonym: which contract table it comes from, its key, its date, who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from risk_model import merged
from risk_model.linkage import People

Frames = dict[str, pl.DataFrame]
"""The accepted rows of every contract table by name; each row says when it was known (`known_on`)."""

REFERRAL_KEY = ("provider_code", "service_request_id")
COUNCIL_CHILD = ("la_code", "la_child_id")

ATTENDED = ("5", "6")
WAS_NOT_BROUGHT = ("3", "7")


@dataclass(frozen=True)
class Record:
    """How one table, of one contract or merged of several, becomes a table of persons."""

    source: str
    holder: str
    key: tuple[str, ...]
    event_on: str
    ends: tuple[str, ...] = ()


HOLDER_KEYS = {
    "patient": ("provider_code", "local_patient_id"),
    "pupil": ("upn",),
    "council_child": COUNCIL_CHILD,
}
RECORDS = {
    "patient": Record("patient_note", "patient", HOLDER_KEYS["patient"], "period_ended_on"),
    "referral": Record("referral", "patient", REFERRAL_KEY, "received_on", ("discharged_on",)),
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
    "ehc_plan": Record("ehc_plan", "pupil", ("person_id", "started_on"), "started_on", ("ceased_on",)),
    "episode": Record(
        "episode", "council_child", (*COUNCIL_CHILD, "episode_key"), "referred_on", ("closed_on",)
    ),
    "child_in_need_plan": Record(
        "child_in_need_plan", "council_child", (*COUNCIL_CHILD, "started_on"), "started_on", ("ended_on",)
    ),
    "section47": Record("section47", "council_child", (*COUNCIL_CHILD, "started_on"), "started_on"),
    "protection_plan": Record(
        "protection_plan", "council_child", (*COUNCIL_CHILD, "started_on"), "started_on", ("ended_on",)
    ),
    "assessment_factor": Record(
        "cin_assessment_factor",
        "council_child",
        (*COUNCIL_CHILD, "episode_key", "started_on", "factor_code"),
        "started_on",
    ),
    "care_episode": Record(
        "care_episode", "council_child", ("person_id", "started_on"), "started_on", ("ended_on",)
    ),
    "legal_status": Record(
        "safeguarding_legal_status",
        "council_child",
        (*COUNCIL_CHILD, "started_on", "legal_status_code"),
        "started_on",
        ("ended_on",),
    ),
    "care_missing": Record("care_missing", "council_child", ("person_id", "started_on"), "started_on"),
    "care_outcome": Record("care_outcome", "council_child", ("person_id",), "known_on"),
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
        name: _join(
            merged.table(frames, record.source), people.holders[record.holder], HOLDER_KEYS[record.holder]
        )
        for name, record in RECORDS.items()
    }
    referrals = tables["referral"].select(*REFERRAL_KEY, "person_id").unique()
    tables |= {
        name: _join(merged.table(frames, name), referrals, REFERRAL_KEY)
        for name in ("team", "clock", "contact")
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


def last_known_on(frames: Frames) -> date:
    """Return the day on which the newest of all records became known; the first of days where there is no record."""
    days = [frame["known_on"].max() for frame in frames.values()]
    return max((day for day in days if isinstance(day, date)), default=date.min)


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


def with_legal_status(care_episode: pl.DataFrame, legal_status: pl.DataFrame) -> pl.DataFrame:
    """Return episodes of care with the last legal status during each, where the episode itself names none.

    The SSDA903 names it in the episode; the safeguarding dataset keeps it in a table of its own.
    """
    numbered = care_episode.with_row_index("episode")
    in_words = {"status": "legal_status_code", "status_from": "started_on", "status_until": "ended_on"}
    during = (
        numbered.filter(pl.col("legal_status_code").is_null())
        .select("episode", *COUNCIL_CHILD, "started_on", "ended_on")
        .join(legal_status.select(*COUNCIL_CHILD, **in_words), on=COUNCIL_CHILD)
        .filter(
            (pl.col("status_from") < pl.col("ended_on")).fill_null(True),
            (pl.col("status_until") > pl.col("started_on")).fill_null(True),
        )
        .sort("status_from", "status")
        .unique("episode", keep="last")
    )
    if during.is_empty():
        return care_episode
    return (
        numbered.join(during.select("episode", "status"), on="episode", how="left", maintain_order="left")
        .with_columns(legal_status_code=pl.coalesce("legal_status_code", "status"))
        .drop("episode", "status")
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
