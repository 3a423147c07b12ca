"""What happened after a landmark: the one place that may look past the index date, for training and evaluation only.

The event is a composite whose parts are kept apart; the route of each stands in the worklist's contract (`outcome`).
The first contact with any service waited for is censoring by decision, never "no event"; moving out of the area and
turning 18 censor, and a referral closed without a contact censors as its own exit.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from risk_model import services
from risk_model.snapshot.records import (
    REFERRAL_KEY,
    Frames,
    Gathered,
    newest,
    with_contact_outcome,
    with_legal_status,
    with_sessions_missed,
)
from risk_model.snapshot.take import CARE_STARTED_CODE, SHORT_BREAK_STATUS, Snapshot

HORIZON_DAYS = 182
"""26 weeks."""
ADULT_AGE_YEARS = 18
SEVERE_ABSENCE_SHARE = 0.5
"""DfE: severely absent is missing half of the possible sessions or more."""
SEVERE_ABSENCE_WEEKS = 4
"""Four recorded weeks in a row at half of the sessions missed or more, so that one illness is no event."""
EXCLUSION_CODES = ("SUSP", "FIXD", "PERM")

MOVED_OUT_OF_AREA = "03"
"""CSDS and MHSDS referral closure reason: moved out of the area."""

CHILD_STATE, SYSTEM_RESPONSE = "child-state", "system-response"
KINDS = {
    "urgent_care": CHILD_STATE,
    "suspension_or_exclusion": SYSTEM_RESPONSE,
    "severe_absence": SYSTEM_RESPONSE,
    "social_care_step_up": SYSTEM_RESPONSE,
}
PARTS = tuple(KINDS)
"""The parts of the event: the child's own state, or a response of the system, which also depends on who looks.

A label is something that begins: an open episode, a visit or an ordinary contact is none, so that a child who is
watched more closely has no event for that. Use or cost of a service waited for is never a label.
"""


LANDMARK_MONTHS = 3
LOOK_BACK_DAYS = 365
"""Ours: a look at every quarter, each with the year of records that features look back on."""
LABEL_LAG_DAYS = 45
"""A school census reaches us about six weeks after its day: later outcomes are not yet known."""


def landmarks(frames: Frames) -> list[date]:
    """Return the quarter days with a year of health records before them and a whole horizon after them."""
    sent = frames["csds_referral"]
    first, last = sent["period_ended_on"].min(), sent["known_on"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        return []
    since = first.replace(day=1) + timedelta(days=LOOK_BACK_DAYS)
    until = last - timedelta(days=HORIZON_DAYS + LABEL_LAG_DAYS)
    quarters = pl.date_range(date(since.year, 1, 1), until, f"{LANDMARK_MONTHS}mo", eager=True)
    return [day for day in quarters if since <= day <= until]


def outcomes(gathered: Gathered, snapshot: Snapshot) -> pl.DataFrame:
    """Return one row per child who waits: day of each part's first event, of censoring, and its reason.

    Columns: `person_id`, one column per part, `child_state_on`, `system_response_on` and `event_on` (null: none while
    the child was followed), `seen_on`, `moved_on`, `left_on`, `censored_on`, `censored_because` (seen, moved, left,
    adult, end of horizon), `days_at_risk`, and `is_observed`: a UPN is linked by now, under which an event in school
    and council records could have been seen.
    """
    ends_on = snapshot.on + timedelta(days=HORIZON_DAYS)
    linked_by_now = gathered.people.persons.select("person_id", is_observed=pl.col("is_linked_to_education"))
    table = snapshot.children.select("person_id", "born_on").join(
        linked_by_now, on="person_id", how="left", maintain_order="left"
    )
    for part, events in _events(gathered).items():
        first = (
            events.filter(pl.col("on") > snapshot.on, pl.col("on") <= ends_on)
            .group_by("person_id")
            .agg(pl.col("on").min().alias(part))
        )
        table = table.join(first, on="person_id", how="left")
    table = table.join(_exits(gathered, snapshot), on="person_id", how="left")
    return table.with_columns(
        child_state_on=_first_of(CHILD_STATE),
        system_response_on=_first_of(SYSTEM_RESPONSE),
        event_on=pl.min_horizontal(*PARTS),
        adult_on=pl.col("born_on").dt.offset_by(f"{ADULT_AGE_YEARS}y"),
    ).pipe(_censored, ends_on)


def _events(gathered: Gathered) -> dict[str, pl.DataFrame]:
    """All events ever recorded, by part: `person_id`, `on`."""
    tables = gathered.tables
    team = newest(tables["team"], (*REFERRAL_KEY, "team_id"))
    contact = newest(tables["contact"], (*REFERRAL_KEY, "care_contact_id"))
    contact = with_contact_outcome(contact, team)
    urgent = contact.filter("was_attended", pl.col("team_type_code") == services.URGENT_CARE)
    suspended = tables["exclusion"].filter(pl.col("category_code").is_in(EXCLUSION_CODES))
    care_episode = with_legal_status(tables["care_episode"], tables["legal_status"])
    care_started = care_episode.filter(
        pl.col("reason_started_code") == CARE_STARTED_CODE,
        ~pl.col("legal_status_code").is_in(SHORT_BREAK_STATUS).fill_null(False),
    )
    step_ups = (
        tables["section47"],
        tables["child_in_need_plan"],
        tables["protection_plan"],
        care_started,
    )
    return {
        "urgent_care": urgent.select("person_id", on="contact_on"),
        "suspension_or_exclusion": suspended.select("person_id", on="started_on"),
        "severe_absence": _severe_absence(tables["attendance"]),
        "social_care_step_up": pl.concat([t.select("person_id", on="started_on") for t in step_ups]),
    }


def _severe_absence(attendance: pl.DataFrame) -> pl.DataFrame:
    """The start of each run of weeks mostly missed, once the run is long enough to count."""
    mostly = pl.col("sessions_missed") >= SEVERE_ABSENCE_SHARE * pl.col("sessions_possible")
    weeks = (
        newest(with_sessions_missed(attendance), ("person_id", "week_ended_on"))
        .filter(pl.col("sessions_possible") > 0)
        .sort("person_id", "week_ended_on")
        .with_columns(is_mostly_missed=mostly)
        .with_columns(run=pl.struct("person_id", "is_mostly_missed").rle_id())
    )
    runs = weeks.group_by("person_id", "run").agg(
        pl.col("is_mostly_missed").first(), on=pl.col("week_ended_on").min(), weeks=pl.len()
    )
    return runs.filter("is_mostly_missed", pl.col("weeks") >= SEVERE_ABSENCE_WEEKS).select("person_id", "on")


def _first_of(kind: str) -> pl.Expr:
    return pl.min_horizontal(part for part, of_kind in KINDS.items() if of_kind == kind)


def _exits(gathered: Gathered, snapshot: Snapshot) -> pl.DataFrame:
    """First contact after the landmark with any service waited for, a move away, and the day the last wait closed."""
    requests = gathered.tables["referral"].select(*REFERRAL_KEY, "person_id").unique()
    waiting = requests.join(snapshot.children.select("person_id"), on="person_id", how="semi")
    team = newest(gathered.tables["team"], (*REFERRAL_KEY, "team_id"))
    served = snapshot.waits.select("person_id", "provider_code", "team_type_code").unique()
    contact = newest(gathered.tables["contact"], (*REFERRAL_KEY, "care_contact_id"))
    contact = with_contact_outcome(contact, team).join(
        served, on=("person_id", "provider_code", "team_type_code"), how="semi"
    )
    seen = (
        contact.filter("was_attended", pl.col("contact_on") > snapshot.on)
        .group_by("person_id")
        .agg(seen_on=pl.col("contact_on").min())
    )
    waits = team.join(waiting.select(*REFERRAL_KEY), on=REFERRAL_KEY, how="semi").join(
        served, on=("person_id", "provider_code", "team_type_code"), how="semi"
    )
    closed = newest(gathered.tables["referral"], REFERRAL_KEY).select(*REFERRAL_KEY, "discharged_on")
    left = (
        waits.join(closed, on=REFERRAL_KEY)
        .with_columns(out_on=pl.min_horizontal("closed_on", "rejected_on", "discharged_on"))
        .filter((pl.col("out_on") > snapshot.on).fill_null(True))
        .group_by("person_id")
        .agg(
            moved_on=pl.col("out_on").filter(pl.col("closure_reason_code") == MOVED_OUT_OF_AREA).min(),
            left_on=pl.when(pl.col("out_on").is_not_null().all()).then(pl.col("out_on").max()),
        )
    )
    return seen.join(left, on="person_id", how="full", coalesce=True)


def _censored(table: pl.DataFrame, ends_on: date) -> pl.DataFrame:
    reasons = {"seen": "seen_on", "moved": "moved_on", "left": "left_on", "adult": "adult_on"}
    end = pl.min_horizontal(*reasons.values(), pl.lit(ends_on))
    because = pl.lit("end of horizon")
    for reason, column in reversed(reasons.items()):
        because = pl.when(pl.col(column) == pl.col("censored_on")).then(pl.lit(reason)).otherwise(because)
    events = (*PARTS, "child_state_on", "system_response_on", "event_on")
    followed = table.with_columns(censored_on=end).with_columns(
        censored_because=because,
        **{event: pl.when(pl.col(event) <= pl.col("censored_on")).then(pl.col(event)) for event in events},
    )
    until = pl.coalesce("event_on", "censored_on")
    return followed.with_columns(
        days_at_risk=(HORIZON_DAYS - (pl.lit(ends_on) - until).dt.total_days()).clip(0)
    ).drop("born_on", "adult_on")
