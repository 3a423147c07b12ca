"""When each child came onto a service's register, as everybody could know it: the order of the time lane.

A date given to a child must never be broken by what becomes known later, so a place in this order is fixed on
the day it becomes known and never moves forward. Whoever transfers in with an older clock, whose first row
comes late, who is passed on to another team, or who comes back after the provider had closed or stopped sending
the referral, stands by the delivery that told it. A date that is corrected afterwards changes nothing.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from risk_model import merged
from risk_model.snapshot.records import REFERRAL_KEY, Gathered, known

SUBMITTER = ("provider_code", "dataset")
"""A provider of community and mental health care submits twice, and may fall silent with one of the two."""

TEAM_KEY = (*REFERRAL_KEY, "team_type_code")


def register_entries(gathered: Gathered, waiting: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return per waiting referral and team `first_known_on`, the delivery that told it, and `entered_on`.

    `entered_on` is the day of referral as that delivery had it. A referral that first appears in the submission of a
    later month than it was received in was transferred in or recorded late, and stands by the start of that month; what
    was open before a provider's own first submission did not.
    """
    waits = waiting.select(*TEAM_KEY).unique()
    sent = known(merged.table(gathered.frames, "referral"), on)
    providers_first = sent.group_by(SUBMITTER).agg(providers_first=pl.col("period_ended_on").min())
    deliveries = sent.group_by(*SUBMITTER, "period_ended_on").agg(delivered_on=pl.col("known_on").min())
    rows = sent.join(waits, on=REFERRAL_KEY, how="semi")
    is_open = (pl.col("discharged_on") > pl.col("period_ended_on")).fill_null(True)
    order = ("known_on", "period_ended_on", "source_file", "source_row")
    since = (
        rows.filter(is_open)
        .join(_gone_until(rows, is_open, deliveries), on=REFERRAL_KEY, how="left")
        .filter((pl.col("known_on") > pl.col("gone_until")).fill_null(True))
    )
    first = since.sort(order).unique(REFERRAL_KEY, keep="first", maintain_order=True)
    first = first.join(providers_first, on=SUBMITTER, how="left", nulls_equal=True)
    by_referral = first.select(
        *REFERRAL_KEY, "received_on", "providers_first", "gone_until", referral_known_on="known_on",
        referral_period="period_ended_on",
    )  # fmt: skip
    team = known(gathered.tables["team"], on).join(waits, on=TEAM_KEY, how="semi")
    team = team.join(by_referral.select(*REFERRAL_KEY, "gone_until"), on=REFERRAL_KEY, how="left")
    team = team.filter((pl.col("known_on") > pl.col("gone_until")).fill_null(True))
    by_team = team.group_by(TEAM_KEY).agg(
        team_known_on=pl.col("known_on").min(), team_period=pl.col("period_ended_on").min()
    )
    entered = waits.join(by_referral, on=REFERRAL_KEY, how="left").join(
        by_team, on=TEAM_KEY, how="left", nulls_equal=True
    )
    period = pl.max_horizontal("referral_period", "team_period")
    is_late = (period > pl.col("providers_first")).fill_null(False)
    late_on = pl.when(is_late).then(period.dt.month_start())
    return entered.select(
        *TEAM_KEY,
        first_known_on=pl.max_horizontal("referral_known_on", "team_known_on"),
        entered_on=pl.max_horizontal("received_on", late_on),
    )


def _gone_until(rows: pl.DataFrame, is_open: pl.Expr, deliveries: pl.DataFrame) -> pl.DataFrame:
    """The last delivery, per referral, that was to hold it after it had been sent once, and did not hold it as open."""
    began = rows.group_by(*REFERRAL_KEY, *SUBMITTER[1:]).agg(
        pl.col("known_on").min(), first_period=pl.col("period_ended_on").min()
    )
    due = began.join(deliveries, on=SUBMITTER, nulls_equal=True).filter(
        pl.col("delivered_on") > pl.col("known_on"), pl.col("period_ended_on") > pl.col("first_period")
    )
    held = rows.filter(is_open).select(*REFERRAL_KEY, "period_ended_on", delivered_on=pl.col("known_on"))
    missed = due.join(held, on=(*REFERRAL_KEY, "period_ended_on", "delivered_on"), how="anti")
    return missed.group_by(REFERRAL_KEY).agg(gone_until=pl.col("delivered_on").max())
