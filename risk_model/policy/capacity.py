"""How many slots each review offers to a service, and how many of them its time lane keeps.

Slots come from the service's capacity calendar; where nobody gave one, from its first contacts of the last half year,
and then no date can be promised. The time lane's share is carried over from review to review (largest remainder), also
from run to run and also where the capacity changes: what it is owed is never lost, so that a service with one slot
alternates between the lanes. Parts of a slot are counted in whole millionths, so that no rounding adds up.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from risk_model.policy.document import Policy, Reviews

SLOT = 1_000_000
"""Millionths of a slot."""

LIST = "service_id"
CARRIED = (
    LIST,
    "review_on",
    "slots_planned",
    "slots_carried",
    "time_carried",
    "time_share",
    "measured_share",
)
"""What a run hands on to the next: the slots it planned from its review on, and what was carried into that review."""


def next_review(reviews: Reviews, on: date) -> date:
    """Return the day of the first review after a day.

    >>> next_review(Reviews(counted_from=date(2026, 1, 5), every_days=7, planned_ahead=52), date(2026, 11, 20))
    datetime.date(2026, 11, 23)
    """
    passed = (on - reviews.counted_from).days // reviews.every_days + 1
    return reviews.counted_from + timedelta(days=passed * reviews.every_days)


def reviews_planned(reviews: Reviews, on: date) -> pl.Series:
    """Return the days of the reviews that are planned after a day."""
    first = next_review(reviews, on)
    last = first + timedelta(days=reviews.every_days * (reviews.planned_ahead - 1))
    return pl.date_range(first, last, f"{reviews.every_days}d", eager=True)


def plan(
    services: pl.DataFrame,
    policy: Policy,
    on: date,
    *,
    calendar: pl.DataFrame | None = None,
    earlier: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the services with their slots at the next review and at those planned after it.

    Reads `service_id` and `first_contacts_per_week`, and per day the slots of a `calendar` (`service_id`, `from_on`,
    `until_on`, `slots_per_review`; of the rows that cover a day the one that starts last holds). `earlier` is what the
    run before handed on, as `CARRIED`. Adds those columns and `capacity_from` ("calendar" or "measured"),
    `slots_per_review`, `slots`, `need_slots`, `time_slots`, `slots_planned_until`.
    """
    reviews, first = policy.reviews, next_review(policy.reviews, on)
    per_review = pl.col("first_contacts_per_week") * reviews.every_days / 7
    known = services.with_columns(
        slots_per_review=per_review.round(3),
        measured_share=(per_review * SLOT).round().cast(pl.Int64),
        time_share=pl.lit(round(policy.time_share * SLOT), pl.Int64),
        review_on=pl.lit(first),
    )
    days = reviews_planned(reviews, on)
    planned = from_calendar(calendar, days).join(known.select(LIST), on=LIST, how="semi")
    known = known.join(planned.select(LIST, from_calendar="slots_planned"), on=LIST, how="left")
    known = known.join(_carried(known, policy, calendar, earlier, first), on=LIST, how="left")
    known = known.with_columns(
        slots_planned=pl.coalesce("from_calendar", _measured(reviews.planned_ahead)),
        capacity_from=pl.when(pl.col("from_calendar").is_null())
        .then(pl.lit("measured"))
        .otherwise(pl.lit("calendar")),
    ).drop("from_calendar")
    now = pl.col("slots_planned").list.first().fill_null(0)
    timed = (pl.col("time_carried") + now * pl.col("time_share")) // SLOT
    last = pl.duration(days=(pl.col("slots_planned").list.len().cast(pl.Int64) - 1) * reviews.every_days)
    return known.with_columns(
        slots=now, time_slots=timed, need_slots=now - timed, slots_planned_until=pl.col("review_on") + last
    )


def shared_under(services: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return planned services with the slots of the next review shared as another policy shares them.

    What a lane was owed before stays as it is.
    """
    share = pl.lit(round(policy.time_share * SLOT), pl.Int64)
    timed = (pl.col("time_carried") + pl.col("slots") * share) // SLOT
    return services.with_columns(time_share=share, time_slots=timed, need_slots=pl.col("slots") - timed)


def from_calendar(calendar: pl.DataFrame | None, days: pl.Series) -> pl.DataFrame:
    """Return per service of a calendar the slots of the reviews on these days, up to the first it says nothing of.

    A service whose calendar says nothing of the first day is left out: its capacity is not known.
    """
    if calendar is None:
        return pl.DataFrame(schema={LIST: pl.String, "slots_planned": pl.List(pl.Int64)})
    wanted = calendar.select(LIST).unique().join(days.to_frame("day").with_row_index("review"), how="cross")
    covering = wanted.join(calendar, on=LIST).filter(pl.col("day").is_between("from_on", "until_on"))
    holds = covering.sort("from_on").group_by(LIST, "review").agg(pl.col("slots_per_review").last())
    unbroken = holds.sort(LIST, "review").filter(
        pl.col("review") == pl.int_range(pl.len(), dtype=pl.UInt32).over(LIST)
    )
    return unbroken.group_by(LIST, maintain_order=True).agg(slots_planned=pl.col("slots_per_review"))


def slots_to_come(services: pl.DataFrame, every_days: int) -> pl.DataFrame:
    """Return a row per service and slot of its time lane that is planned: its number, its review and that review's day.

    A service of three reviews with 1, 0 and 2 slots for the longest waits has slot 1 at review 1, 2 and 3 at review 3.
    """
    reviews = (
        services.select(LIST, "review_on", "time_carried", "time_share", "slots_planned")
        .explode("slots_planned", empty_as_null=False)
        .with_columns(
            guaranteed_review=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(LIST),
            all=pl.col("slots_planned").cum_sum().over(LIST),
        )
        .with_columns(summed=(pl.col("time_carried") + pl.col("all") * pl.col("time_share")) // SLOT)
        .with_columns(before=pl.col("summed").shift(1, fill_value=0).over(LIST))
    )
    day = pl.col("review_on") + pl.duration(days=(pl.col("guaranteed_review") - 1) * every_days)
    return (
        reviews.select(
            LIST,
            "guaranteed_review",
            guaranteed_on=day,
            guaranteed_slot=pl.int_ranges(pl.col("before") + 1, pl.col("summed") + 1, dtype=pl.Int64),
        )
        .explode("guaranteed_slot", empty_as_null=False)
        .select(LIST, "guaranteed_slot", "guaranteed_review", "guaranteed_on")
    )


def draft_calendar(services: list[dict[str, Any]], every_days: int) -> pl.DataFrame:
    """Return a capacity calendar of what a run planned, for whoever plans the services to correct.

    A row per stretch of reviews with the same number of slots, from the run's own review on.
    """
    reviews = (
        pl.DataFrame(services, infer_schema_length=None)
        .select(LIST, pl.col("review_on").cast(pl.String).str.to_date(), "slots_planned")
        .explode("slots_planned", empty_as_null=False)
        .with_columns(review=pl.int_range(pl.len(), dtype=pl.Int64).over(LIST))
    )
    from_on = pl.col("review_on") + pl.duration(days=pl.col("review") * every_days)
    stretches = reviews.with_columns(from_on=from_on, stretch=pl.col("slots_planned").rle_id().over(LIST))
    return (
        stretches.group_by(LIST, "stretch", maintain_order=True)
        .agg(
            pl.col("from_on").first(),
            until_on=pl.col("from_on").last() + pl.duration(days=every_days - 1),
            slots_per_review=pl.col("slots_planned").first(),
        )
        .drop("stretch")
        .with_columns(why=pl.lit("draft"))
    )


def carried_from(services: list[dict[str, Any]]) -> pl.DataFrame | None:
    """Return what an earlier run handed on, from the services in its provenance; None where it handed on nothing."""
    table = pl.DataFrame(services, infer_schema_length=None)
    if not set(CARRIED) <= set(table.columns):
        return None
    return table.select(CARRIED).with_columns(pl.col("review_on").cast(pl.String).str.to_date())


def _measured(planned_ahead: int) -> pl.Expr:
    """Whole slots of a fractional capacity, review after review, by largest remainder."""
    reviews = pl.int_ranges(pl.lit(0), pl.lit(planned_ahead + 1), dtype=pl.Int64)
    until = (pl.col("slots_carried") + reviews * pl.col("measured_share")) // SLOT
    return until.list.diff(null_behavior="drop")


def _carried(
    services: pl.DataFrame,
    policy: Policy,
    calendar: pl.DataFrame | None,
    earlier: pl.DataFrame | None,
    first: date,
) -> pl.DataFrame:
    """What each service is owed when a review begins: by the run before or, without one, by the calendar or the
    pace."""
    reviews = policy.reviews
    passed = (first - reviews.counted_from).days // reviews.every_days
    measured = passed * pl.col("measured_share")
    past = pl.date_range(
        reviews.counted_from, first - timedelta(days=1), f"{reviews.every_days}d", eager=True
    )
    planned = _planned_before(calendar, past)
    start = services.join(planned, on=LIST, how="left").select(
        LIST,
        slots_carried=measured % SLOT,
        time_carried=pl.coalesce("planned_before", measured // SLOT) * pl.col("time_share") % SLOT,
    )
    if earlier is None:
        return start
    handed = earlier.filter(pl.col("review_on") <= first).with_columns(
        passed=((pl.lit(first) - pl.col("review_on")).dt.total_days() // reviews.every_days)
    )
    offered = pl.col("slots_planned").list.head(pl.col("passed")).list.sum()
    handed = handed.select(
        LIST,
        slots_handed=(pl.col("slots_carried") + pl.col("passed") * pl.col("measured_share")) % SLOT,
        time_handed=(pl.col("time_carried") + offered * pl.col("time_share")) % SLOT,
    )
    return start.join(handed, on=LIST, how="left").select(
        LIST,
        slots_carried=pl.coalesce("slots_handed", "slots_carried"),
        time_carried=pl.coalesce("time_handed", "time_carried"),
    )


def _planned_before(calendar: pl.DataFrame | None, past: pl.Series) -> pl.DataFrame:
    """Slots of all reviews before, per service of which a calendar tells every one; a null for the others."""
    told = from_calendar(calendar, past)
    whole = told.filter(pl.col("slots_planned").list.len() == len(past))
    return whole.select(LIST, planned_before=pl.col("slots_planned").list.sum())
