"""What happened after a landmark: the one place that may look past the index date, for training and evaluation only.

The event is a composite whose parts are kept apart; each label's route stands beside it. The first contact with any
service waited for is censoring by decision, never "no event"; turning 18 censors, and a referral closed without a
contact censors as its own exit.
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

PARTS = ("urgent_care", "suspension_or_exclusion", "severe_absence", "social_care_step_up")
"""The parts of the event; the first is the child's own state, the others are responses of the system.

Routes: urgent care is an attended contact with a CSDS team of type 49; suspensions and exclusions stand in the School
Census; severe absence is counted from weekly attendance; a step-up is a new section 47 enquiry, child in need plan,
protection plan or period of care in the CIN census, SSDA903, safeguarding dataset or Annex A.
"""


LANDMARK_MONTHS = 3
LOOK_BACK_DAYS = 365
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

    Columns: `person_id`, one column per part and `event_on` (null: none in 26 weeks), `seen_on`, `left_on`,
    `censored_on`, `censored_because` (seen, left, adult, end of horizon), and `is_observed`: a UPN is linked by now,
    under which an event in school and council records could have been seen.
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


def _exits(gathered: Gathered, snapshot: Snapshot) -> pl.DataFrame:
    """First contact with any service waited for after the landmark, and the day the last wait closed unseen."""
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
        .agg(left_on=pl.when(pl.col("out_on").is_not_null().all()).then(pl.col("out_on").max()))
    )
    return seen.join(left, on="person_id", how="full", coalesce=True)


def _censored(table: pl.DataFrame, ends_on: date) -> pl.DataFrame:
    reasons = {"seen": "seen_on", "left": "left_on", "adult": "adult_on"}
    end = pl.min_horizontal(*reasons.values(), pl.lit(ends_on))
    because = pl.lit("end of horizon")
    for reason, column in reversed(reasons.items()):
        because = pl.when(pl.col(column) == pl.col("censored_on")).then(pl.lit(reason)).otherwise(because)
    return table.with_columns(censored_on=end).with_columns(
        censored_because=because,
        **{p: pl.when(pl.col(p) <= pl.col("censored_on")).then(pl.col(p)) for p in (*PARTS, "event_on")},
    )
