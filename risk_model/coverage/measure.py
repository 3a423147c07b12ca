"""What reached us of each feed: last period, rows against the three periods before, age, share linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from risk_model import merged, services
from risk_model.coverage.feeds import ANY, FEEDS, Feed, FeedLimits
from risk_model.linkage import People

COVERED, STALE, SHRUNK, MISSING = "covered", "stale", "shrunk", "missing"
PERIODS_BEFORE = 3
LEAST_ROWS_TO_COMPARE = 20
"""Ours: below that, half as many rows as usual may be chance. A small council's children in care are such a feed."""

COUNCIL_SHARE = 0.02
"""Ours, where no policy says otherwise: one child in fifty who waits lives there."""

SCHEMA = {
    "feed": pl.String,
    "locality": pl.String,
    "last_period": pl.Date,
    "rows_last": pl.Float64,
    "rows_expected": pl.Float64,
    "share_of_expected": pl.Float64,
    "days_old": pl.Int64,
    "share_linked": pl.Float64,
    "is_expected": pl.Boolean,
    "state": pl.String,
}

Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Limits:
    """What the policy asks of the feeds; where it says nothing, what is usual for the feed."""

    council_share_that_counts: float = COUNCIL_SHARE
    feeds: Mapping[str, FeedLimits] = field(default_factory=dict)

    def of(self, feed: Feed) -> FeedLimits:
        return self.feeds.get(feed.name, feed.usual)


def of(frames: Frames, on: date, people: People | None = None, limits: Limits | None = None) -> pl.DataFrame:
    """Return a row per feed and locality as known on a day; `SCHEMA` names the columns.

    Localities are those a feed ever came from, and of a council's feed also every council that is expected to send
    it. `share_linked` is the share of the last period's children who are linked to a record of another partner; null
    without `people`.
    """
    limits = limits or Limits()
    rows = {name: _rows(frames, feed, on) for name, feed in FEEDS.items()}
    councils = _expected_councils(frames, rows, on, limits.council_share_that_counts)
    return pl.concat(
        _one_feed(feed, rows[name], councils, on, people, limits) for name, feed in FEEDS.items()
    )


def _one_feed(
    feed: Feed, rows: pl.DataFrame, councils: list[str], on: date, people: People | None, limits: Limits
) -> pl.DataFrame:
    received = _received(feed, rows)
    is_asked = not feed.is_optional or feed.name in limits.feeds
    expected = councils if feed.comes_from_councils and is_asked else received["locality"].to_list()
    nothing_at_all = received.is_empty() and not expected
    localities = pl.DataFrame(
        {"locality": [ANY] if nothing_at_all else sorted({*received["locality"], *expected})}
    )
    measured = (
        localities.cast(pl.String)
        .join(received, on="locality", how="left", maintain_order="left")
        .join(_share_linked(feed, rows, received, people), on="locality", how="left", maintain_order="left")
        .with_columns(
            feed=pl.lit(feed.name),
            share_of_expected=pl.col("rows_last") / pl.col("rows_expected"),
            days_old=(pl.lit(on) - pl.col("last_period")).dt.total_days(),
            is_expected=pl.lit(nothing_at_all and is_asked) | pl.col("locality").is_in(expected),
        )
    )
    return measured.with_columns(state=_state(limits.of(feed))).select(
        pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()
    )


def _state(limits: FeedLimits) -> pl.Expr:
    can_be_compared = pl.col("rows_expected") >= LEAST_ROWS_TO_COMPARE
    return (
        pl.when(pl.col("last_period").is_null())
        .then(pl.lit(MISSING))
        .when(pl.col("days_old") > limits.stale_after_days)
        .then(pl.lit(STALE))
        .when(can_be_compared & (pl.col("share_of_expected") < limits.shrunk_below))
        .then(pl.lit(SHRUNK))
        .otherwise(pl.lit(COVERED))
    )


def _rows(frames: Frames, feed: Feed, on: date) -> pl.DataFrame:
    """The feed's main table as known on the day, with `locality` and `period`."""
    table = frames[feed.table].filter(pl.col("known_on") <= on)
    if feed.name == merged.MHSDS:
        table = merged.keyed(table)
    if feed.name == "attendance":
        table = _with_council_of_school(table, frames)
    return table.with_columns(locality=pl.col(feed.locality), period=pl.col(feed.period)).filter(
        pl.col("locality").is_not_null(), pl.col("period") <= on
    )


def _with_council_of_school(attendance: pl.DataFrame, frames: Frames) -> pl.DataFrame:
    """Attendance may leave the council out; its schools say which it is."""
    schools = frames["school_census_pupil"].select("school_urn", of_school="la_code").drop_nulls()
    schools = schools.unique("school_urn", keep="last", maintain_order=True)
    joined = attendance.join(schools, on="school_urn", how="left")
    return joined.with_columns(la_code=pl.coalesce("la_code", "of_school"))


def _received(feed: Feed, rows: pl.DataFrame) -> pl.DataFrame:
    """The last period of each locality: its last day, its rows, and the median of the three periods before."""
    each = pl.col("period").dt.month_start() if feed.is_weekly else pl.col("period")
    periods = (
        rows.group_by("locality", each=each)
        .agg(last_period=pl.col("period").max(), rows=pl.len() / pl.col("period").n_unique())
        .sort("locality", "each", descending=[False, True])
    )
    before = pl.col("rows").slice(1, PERIODS_BEFORE)
    return periods.group_by("locality", maintain_order=True).agg(
        pl.col("last_period").first(),
        pl.col("each").first(),
        rows_last=pl.col("rows").first(),
        rows_expected=pl.when(before.len() == PERIODS_BEFORE).then(before.median()),
    )


def _share_linked(
    feed: Feed, rows: pl.DataFrame, received: pl.DataFrame, people: People | None
) -> pl.DataFrame:
    if people is None or feed.holder is None:
        return pl.DataFrame(schema={"locality": pl.String, "share_linked": pl.Float64})
    holders = people.holders[feed.holder]
    key = [name for name in holders.columns if name != "person_id"]
    at_councils = pl.concat(people.holders[name]["person_id"] for name in ("pupil", "council_child"))
    # everyone in `people` is a health person, so a council's record that has a person is linked to health
    linked = (
        holders
        if feed.comes_from_councils
        else holders.filter(pl.col("person_id").is_in(at_councils.implode()))
    )
    last = rows.join(received.select("locality", "each"), on="locality").filter(
        pl.col("period") >= pl.col("each")
    )
    children = last.select("locality", *(pl.col(name).alias(name) for name in key)).unique()
    marked = children.join(linked.select(*key, is_linked=pl.lit(True)), on=key, how="left")
    return marked.group_by("locality").agg(share_linked=pl.col("is_linked").fill_null(False).mean())


def _expected_councils(
    frames: Frames, rows: Mapping[str, pl.DataFrame], on: date, share_that_counts: float
) -> list[str]:
    """Councils that are home to enough of the children who wait; every council seen where no home is known."""
    homes = _homes(frames, on)
    if homes.is_empty():
        seen = [rows[name]["locality"] for name, feed in FEEDS.items() if feed.comes_from_councils]
        return sorted(set(pl.concat(seen)))
    shares = homes.group_by("home_la_code").agg(share=pl.len() / homes.height)
    return sorted(shares.filter(pl.col("share") >= share_that_counts)["home_la_code"])


def _homes(frames: Frames, on: date) -> pl.DataFrame:
    """The newest home council of each patient with a referral in its provider's last submission that is a wait."""
    known = {
        name: frames[name].filter(pl.col("known_on") <= on)
        for name in ("csds_referral", "csds_team", "csds_patient")
    }
    request, patient = ("provider_code", "service_request_id"), ("provider_code", "local_patient_id")
    elsewhere = known["csds_team"].filter(pl.col("team_type_code").is_in(services.NOT_WAITS))
    is_last = pl.col("period_ended_on") == pl.col("period_ended_on").max().over("provider_code")
    waiting = (
        known["csds_referral"]
        .filter(is_last, pl.col("discharged_on").is_null())
        .join(elsewhere, on=request, how="anti")
    )
    return (
        known["csds_patient"]
        .filter(pl.col("home_la_code").is_not_null())
        .join(waiting, on=patient, how="semi")
        .sort("period_ended_on", "known_on")
        .unique(patient, keep="last", maintain_order=True)
        .select("home_la_code")
    )
