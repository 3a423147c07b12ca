"""Who waits on a day: the rules that read CSDS and MHSDS as one waiting list, each a function with its reason."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from risk_model import merged, services
from risk_model.snapshot.entries import SUBMITTER, register_entries
from risk_model.snapshot.records import REFERRAL_KEY, Gathered, known, newest

FLOW_WEEKS = 26
"""Referrals and first contacts are counted over half a year, so that one holiday does not decide a capacity."""

SERVICE_CODES = ("provider_code", "team_type_code")
DECLINED = "2"
"""Attendance status of the NHS Data Dictionary: cancelled by, or on behalf of, the patient."""

PATHWAY_KEY = ("pathway_id", "pathway_issuer_code")
CLOCK_KEY = (*REFERRAL_KEY, "measurement_type_code", "clock_started_on")


def open_waits(
    gathered: Gathered, referral: pl.DataFrame, team: pl.DataFrame, contact: pl.DataFrame, on: date
) -> pl.DataFrame:
    """Return one row per child and service: still sent by the provider, open, and not yet seen by that team."""
    team_key = (*REFERRAL_KEY, "team_type_code")
    seen = contact.filter("was_attended").select(team_key).unique()
    service = {"provider_code": pl.col("provider_code"), "team_type_code": pl.col("team_type_code")}
    waiting = (
        still_sent(referral, gathered, on)
        .filter(pl.col("received_on") <= on, pl.col("discharged_on").is_null())
        .join(open_teams(referral, team, on), on=REFERRAL_KEY, how="inner")
        .join(seen, on=team_key, how="anti", nulls_equal=True)
        .join(clock_starts(gathered, on), on=REFERRAL_KEY, how="left")
        .join(last_missed(contact), on=team_key, how="left", nulls_equal=True)
        .with_columns(
            service_id=services.service_id(**service),
            service_name=services.service_name(service["team_type_code"]),
        )
    )
    entries = register_entries(gathered, waiting, on)
    return _one_wait_each(waiting.join(entries, on=team_key, how="left", nulls_equal=True))


def _one_wait_each(waiting: pl.DataFrame) -> pl.DataFrame:
    """A child referred twice to one service waits once: under the referral that came onto the register first.

    It keeps the oldest referral date, the first entry and the most urgent priority of all of them, so that a second
    referral can neither cost a place nor be lost.
    """
    wait = ("person_id", "service_id")
    return (
        waiting.with_columns(
            received_on=pl.col("received_on").min().over(wait),
            priority_code=pl.col("priority_code").max().over(wait),
        )
        .sort("first_known_on", "entered_on", "service_request_id")
        .unique(wait, keep="first", maintain_order=True)
    )


def last_missed(contact: pl.DataFrame) -> pl.DataFrame:
    """Return the last day of a contact that a child was offered and did not come to, per referral and team.

    The child was not brought, came too late to be seen, or the family could not make the day: none of these costs a
    place. What the provider cancelled was no offer.
    """
    missed = contact.filter(
        pl.col("was_not_brought") | (pl.col("attendance_code") == DECLINED).fill_null(False)
    )
    return missed.group_by(*REFERRAL_KEY, "team_type_code").agg(missed_on=pl.col("contact_on").max())


def still_sent(referral: pl.DataFrame, gathered: Gathered, on: date) -> pl.DataFrame:
    """Keep the referrals in their provider's last submission: one that is no longer sent counts as closed.

    The last submission is the provider's own, so that a provider that went silent keeps its list.
    """
    submissions = known(merged.table(gathered.frames, "referral"), on)
    last = submissions.group_by(SUBMITTER).agg(last_ended_on=pl.col("period_ended_on").max())
    return referral.join(last, on=SUBMITTER).filter(pl.col("period_ended_on") == pl.col("last_ended_on"))


def open_teams(referral: pl.DataFrame, team: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return the teams that neither closed nor rejected a referral and that children wait for.

    A referral for which no team was ever sent stays open, under a service that is not recorded. In MHSDS the referral's
    team stands on the referral: one that a newer submission no longer names was replaced.
    """
    sent_last = referral.select(*REFERRAL_KEY, last_period="period_ended_on", last_known="known_on")
    team = team.join(sent_last, on=REFERRAL_KEY, how="left", maintain_order="left")
    is_older = (pl.col("period_ended_on") < pl.col("last_period")) | (
        pl.col("known_on") < pl.col("last_known")
    )
    was_replaced = (pl.col("dataset") == merged.MHSDS) & is_older
    closed = (pl.col("closed_on") <= on).fill_null(False) | (pl.col("rejected_on") <= on).fill_null(False)
    opened = (
        team.filter(
            ~closed,
            ~was_replaced.fill_null(False),
            ~pl.col("team_type_code").is_in(services.NOT_WAITS).fill_null(False),
        )
        .select(*REFERRAL_KEY, "team_type_code")
        .unique(maintain_order=True)
    )
    without_team = referral.join(team, on=REFERRAL_KEY, how="anti").select(
        *REFERRAL_KEY, pl.lit(None, pl.String).alias("team_type_code")
    )
    return pl.concat([opened, without_team])


def clock_starts(gathered: Gathered, on: date) -> pl.DataFrame:
    """Return the start of the newest open clock per referral, from CSDS or MHSDS or, by pathway, from the WLMDS.

    The clock restarts when a child was not brought (status 33, then 10); it is shown and never earns a place. A clock
    that the WLMDS reports as stopped is not open, whoever else still shows it. A clock is a referral, a measurement and
    a start.
    """
    clock = newest(known(gathered.tables["clock"], on), CLOCK_KEY)
    weekly = known(gathered.frames["wlmds_open_pathway"], on)
    weekly = weekly.sort("week_ended_on", "source_row").unique(PATHWAY_KEY, keep="last", maintain_order=True)
    pathways = clock.select(*REFERRAL_KEY, *PATHWAY_KEY).drop_nulls().unique()
    from_wlmds = pathways.join(weekly.select(*PATHWAY_KEY, "clock_started_on"), on=PATHWAY_KEY)
    still_open = clock.filter((pl.col("clock_ended_on") > on).fill_null(True))
    columns = (*REFERRAL_KEY, *PATHWAY_KEY, "clock_started_on")
    starts = pl.concat([t.select(columns) for t in (still_open, from_wlmds)])
    return (
        starts.filter(pl.col("clock_started_on") <= on)
        .join(_stopped(starts, gathered, on), on=(*PATHWAY_KEY, "clock_started_on"), how="anti")
        .group_by(REFERRAL_KEY)
        .agg(pl.col("clock_started_on").max())
    )


def _stopped(starts: pl.DataFrame, gathered: Gathered, on: date) -> pl.DataFrame:
    """The clocks of pathways that stopped on their first day of waiting or later; one that started since runs."""
    stops = known(gathered.frames["wlmds_clock_stop"], on).filter(pl.col("clock_ended_on") <= on)
    stops = stops.select(*PATHWAY_KEY, "clock_ended_on", of_clock="clock_started_on")
    started = pl.col("clock_started_on")
    is_this_clock = (pl.col("of_clock") == started).fill_null(False)
    return (
        starts.select(*PATHWAY_KEY, "clock_started_on")
        .join(stops, on=PATHWAY_KEY)
        .filter(is_this_clock | (pl.col("clock_ended_on") > started))
    )


def weekly_flow(referral: pl.DataFrame, team: pl.DataFrame, contact: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return each service's demand and capacity: referrals and first attended contacts a week over half a year.

    Both end with the newest contact known, since providers tell weeks later.
    """
    newest_contact = contact["contact_on"].max()
    until = newest_contact if isinstance(newest_contact, date) else on
    since = until - timedelta(weeks=FLOW_WEEKS)
    team_types = team.select(*REFERRAL_KEY, "team_type_code").unique(maintain_order=True)
    referred = referral.join(team_types, on=REFERRAL_KEY).select("received_on", *SERVICE_CODES)
    first = (
        contact.filter("was_attended")
        .group_by(*REFERRAL_KEY, "team_type_code")
        .agg(pl.col("contact_on").min())
        .select("contact_on", *SERVICE_CODES)
    )
    counted = [
        _per_week(referred, "received_on", since, until, "referrals_per_week"),
        _per_week(first, "contact_on", since, until, "first_contacts_per_week"),
    ]
    return (
        counted[0]
        .join(counted[1], on="service_id", how="full", coalesce=True)
        .fill_null(0.0)
        .sort("service_id")
    )


def _per_week(events: pl.DataFrame, event_on: str, since: date, until: date, name: str) -> pl.DataFrame:
    service = services.service_id(pl.col("provider_code"), pl.col("team_type_code"))
    return (
        events.filter(
            pl.col(event_on) > since,
            pl.col(event_on) <= until,
            ~pl.col("team_type_code").is_in(services.NOT_WAITS).fill_null(False),
        )
        .group_by(service_id=service)
        .agg((pl.len() / FLOW_WEEKS).alias(name))
    )


def monthly_flow(referral: pl.DataFrame, team: pl.DataFrame, contact: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return `referrals`, `first_contacts` and `left_unseen` of each service and whole month, oldest first.

    Who left unseen was discharged without an attended contact of that team. The last month is the last that ended
    before the newest contact known; a month without any stands with 0 between a service's first and last.
    """
    newest_contact = contact["contact_on"].max()
    until = (newest_contact if isinstance(newest_contact, date) else on).replace(day=1)
    team_key = (*REFERRAL_KEY, "team_type_code")
    team_types = team.select(team_key).unique(maintain_order=True)
    referred = referral.join(team_types, on=REFERRAL_KEY)
    seen = contact.filter("was_attended").group_by(team_key).agg(pl.col("contact_on").min())
    unseen = referred.join(seen, on=team_key, how="anti", nulls_equal=True)
    counted = [
        _per_month(referred, "received_on", until, "referrals"),
        _per_month(seen, "contact_on", until, "first_contacts"),
        _per_month(unseen, "discharged_on", until, "left_unseen"),
    ]
    known_months = pl.concat([each.select("service_id", "month") for each in counted])
    every_month = (
        known_months.group_by("service_id")
        .agg(pl.date_ranges(pl.col("month").min(), pl.col("month").max(), "1mo").explode().alias("month"))
        .explode("month", empty_as_null=False)
    )
    for each in counted:
        every_month = every_month.join(each, on=("service_id", "month"), how="left")
    return every_month.with_columns(pl.exclude("service_id", "month").fill_null(0)).sort(
        "service_id", "month"
    )


def _per_month(events: pl.DataFrame, event_on: str, until: date, name: str) -> pl.DataFrame:
    service = services.service_id(pl.col("provider_code"), pl.col("team_type_code"))
    return (
        events.filter(
            pl.col(event_on) < until,
            ~pl.col("team_type_code").is_in(services.NOT_WAITS).fill_null(False),
        )
        .group_by(service_id=service, month=pl.col(event_on).dt.truncate("1mo"))
        .agg(pl.len().alias(name))
    )
