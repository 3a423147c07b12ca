"""The order of every list: tier, lane, place, band, the range of places if more were known, and the guarantee."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from risk_model.errors import UserError
from risk_model.policy.document import Policy
from risk_model.policy.lanes import Queue, Slots, Whole, need_key, slots
from risk_model.policy.tiers import with_tiers

ONE_BAND = ("risk_band", "risk_band_if_highest", "risk_band_if_lowest")
NO_RISK = ("risk_low_for_place", "risk_low_if_highest")
"""Without a model every child is in one band, and the referral date decides within the tier."""


def services_at_review(table: pl.DataFrame, flow: pl.DataFrame, policy: Policy, on: date) -> pl.DataFrame:
    """Return a row per service that children wait for: how many wait, and its slots at the next review.

    `flow` gives the measured referrals and first contacts a week; a service without first contacts has no slots.
    """
    waiting = table.group_by("service_id", "service_name", "provider_code").agg(waiting=pl.len())
    named = waiting.join(flow, on="service_id", how="left").sort("service_id")
    rates = ("referrals_per_week", "first_contacts_per_week")
    named = named.with_columns(pl.col(rates).fill_null(0.0).round(3))
    per_review = (pl.col("first_contacts_per_week") * policy.reviews.every_days / 7).round(3)
    named = named.with_columns(slots_per_review=per_review)
    planned = [slots(policy, row["slots_per_review"], on) for row in named.iter_rows(named=True)]
    last_review = timedelta(days=policy.reviews.every_days * (policy.reviews.planned_ahead - 1))
    return named.with_columns(
        slots=pl.Series([s.all for s in planned], dtype=pl.Int64),
        need_slots=pl.Series([s.need_lane for s in planned], dtype=pl.Int64),
        time_slots=pl.Series([s.time_lane for s in planned], dtype=pl.Int64),
        review_on=pl.Series([s.review_on for s in planned], dtype=pl.Date),
        slots_planned_until=pl.Series([s.review_on + last_review for s in planned], dtype=pl.Date),
    )


def rank(table: pl.DataFrame, policy: Policy, services: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return the table with its tiers, lanes, places and guarantees, sorted by service and place.

    Reads the features, `referred_on`, `entered_on`, `referral_id` and, where a risk is estimated, `risk_low_for_place`,
    `risk_low_if_highest`, `risk_band`, `risk_band_if_highest`, `risk_band_if_lowest` and `risk_band_draws` (bands drawn
    from the estimate's uncertainty). Adds `tier`, `best_tier`, `tier_rule`, `deciding_rule`, `rules`, `lane`, `place`,
    `need_place`, `time_place`, `band_first`, `band_last`, `best_place`, `worst_place`, `unknown_decides_slot`,
    `probability_of_slot`, `longer_waits_ahead`, `guaranteed_review`, `latest_on` and `no_date_reason`.
    """
    if table.is_empty():
        raise UserError(
            f"Nobody waits for any service on {on} in these extracts. Expected open referrals that were known on that "
            "day. Check the index date, and what `risk-model check` says of the files."
        )
    bands = [pl.lit(0, pl.Int64).alias(name) for name in ONE_BAND if name not in table.columns]
    limits = [pl.lit(None, pl.Float64).alias(name) for name in NO_RISK if name not in table.columns]
    tiers = with_tiers(table.with_columns(*bands, *limits), policy).with_columns(
        stable=pl.col("referral_id").rank("ordinal").cast(pl.Int64)
    )
    ranked = []
    for (service_id,), waiting in tiers.sort("service_id", "referral_id").group_by(
        "service_id", maintain_order=True
    ):
        row = services.row(by_predicate=pl.col("service_id") == service_id, named=True)
        planned = slots(policy, row["slots_per_review"], on)
        ranked.append(_placed(waiting, _queue(waiting, waiting["risk_band"].to_numpy(), planned)))
    placed = pl.concat(ranked).join(
        services.select("service_id", "slots_per_review", "review_on"), on="service_id", how="left"
    )
    return _with_guarantee(_with_bands(placed), policy).drop(
        "stable", *ONE_BAND, *NO_RISK, "slots_per_review", "review_on", "risk_band_draws", strict=False
    )


def _need(waiting: pl.DataFrame, tier: str, band: Whole) -> Whole:
    referred = waiting.select(_days("referred_on")).to_series().to_numpy()
    return need_key(waiting[tier].to_numpy(), band, referred, waiting["stable"].to_numpy())


def _queue(waiting: pl.DataFrame, band: Whole, planned: Slots) -> Queue:
    return Queue(_need(waiting, "tier", band), _time(waiting), planned)


def _time(waiting: pl.DataFrame) -> Whole:
    entered = waiting.select(_days("entered_on")).to_series().to_numpy()
    return need_key(np.zeros_like(entered), np.zeros_like(entered), entered, waiting["stable"].to_numpy())


def _days(column: str) -> pl.Expr:
    return pl.col(column).to_physical().cast(pl.Int64)


def _placed(waiting: pl.DataFrame, queue: Queue) -> pl.DataFrame:
    place = queue.places()
    highest, lowest = (waiting[f"risk_band_if_{limit}"].to_numpy() for limit in ("highest", "lowest"))
    best = queue.place_at(queue.position_of(_need(waiting, "best_tier", highest)))
    worst = queue.place_at(queue.position_of(_need(waiting, "tier", lowest)))
    planned = queue.slots
    return waiting.with_columns(
        place=pl.Series(place),
        need_place=pl.Series(queue.need_order() + 1),
        time_place=pl.Series(queue.longer_waits_ahead() + 1),
        longer_waits_ahead=pl.Series(queue.longer_waits_ahead()),
        best_place=pl.Series(np.minimum(best, place)),
        worst_place=pl.Series(np.maximum(worst, place)),
        unknown_decides_slot=pl.Series((best <= planned.all) & (np.maximum(worst, place) > planned.all)),
        guaranteed_review=pl.Series(queue.guaranteed_review()).fill_nan(None).cast(pl.Int64),
        lane=pl.Series(_lanes(place, planned)),
        probability_of_slot=_probability_of_slot(waiting, planned),
        time_slots_planned=pl.lit(int(planned.time_lane_summed[-1])),
    ).sort("place")


def _probability_of_slot(waiting: pl.DataFrame, planned: Slots) -> pl.Series:
    """The share of the draws of risk bands under which each child is offered a slot at this review."""
    if "risk_band_draws" not in waiting.columns:
        return pl.Series([None] * len(waiting), dtype=pl.Float64)
    draws = np.array(waiting["risk_band_draws"].to_list(), dtype=np.int64).T
    return pl.Series(
        np.mean([_queue(waiting, band, planned).places() <= planned.all for band in draws], axis=0)
    )


def _lanes(place: Whole, planned: Slots) -> list[str]:
    lanes = np.array(["need", "time", "next"])
    lane: list[str] = lanes[np.searchsorted([planned.need_lane, planned.all], place, side="left")].tolist()
    return lane


def _with_bands(placed: pl.DataFrame) -> pl.DataFrame:
    """The places between which the estimate cannot tell children of one tier apart."""
    if placed["probability_of_slot"].is_null().all():
        none = pl.lit(None, pl.Int64)
        return placed.with_columns(band_first=none, band_last=none)
    band = ("service_id", "tier", "risk_band")
    return placed.with_columns(
        band_first=pl.col("place").min().over(band), band_last=pl.col("place").max().over(band)
    )


def _with_guarantee(placed: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    days = (pl.col("guaranteed_review") - 1) * policy.reviews.every_days
    latest_on = pl.col("review_on") + pl.duration(days=days)
    return placed.with_columns(
        latest_on=latest_on,
        no_date_reason=pl.when(pl.col("guaranteed_review").is_null()).then(_no_date_reason(policy)),
    ).drop("time_slots_planned")


def _no_date_reason(policy: Policy) -> pl.Expr:
    ahead = pl.col("longer_waits_ahead")
    planned = f"the {policy.reviews.planned_ahead} reviews planned keep "
    return (
        pl.when(pl.col("slots_per_review") == 0)
        .then(pl.lit("no first contacts were made in half a year, so no slots are planned"))
        .otherwise(
            pl.concat_str(
                ahead,
                pl.when(ahead == 1).then(pl.lit(" child has")).otherwise(pl.lit(" children have")),
                pl.lit(" waited longer; " + planned),
                pl.col("time_slots_planned"),
                pl.lit(" slots for the longest waits"),
            )
        )
    )
