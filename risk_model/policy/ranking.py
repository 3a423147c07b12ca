"""The order of every list: tier, lane, place, band, the range of places if more were known, and the guarantee."""

from __future__ import annotations

from datetime import date

import polars as pl

from risk_model.errors import UserError
from risk_model.policy import capacity, lanes, sentences
from risk_model.policy.document import Policy
from risk_model.policy.lanes import LIST, need_key
from risk_model.policy.overrides import IN_FORCE, with_overrides
from risk_model.policy.tiers import with_rules, with_tiers

ONE_BAND = ("risk_band", "risk_band_if_highest", "risk_band_if_lowest")
NO_RISK = ("risk_low_for_place", "risk_low_if_highest")
"""Without a model every child is in one band, and the referral date decides within the tier."""

ROW = "row"
PLACES = (
    "place", "lane", "need_place", "time_place", "place_by_policy", "best_place", "worst_place", "unknown_decides_slot",
    "probability_of_slot", "band_first", "band_last", "longer_waits_ahead", "guaranteed_slot", "guaranteed_review",
    "latest_on", "no_date_reason",
)  # fmt: skip
MARKS = ("was_offered", "is_moved_up", "is_held")
OF_LIST = ("need_slots", "time_slots")
READ_FOR_PLACES = (
    LIST, "tier", "tier_for_place", "risk_band", "referred_on", "stable", "override", "override_state", "need_key",
    "best_key", "worst_key", "time_key", *MARKS, *OF_LIST,
)  # fmt: skip


def services_at_review(
    table: pl.DataFrame,
    flow: pl.DataFrame,
    policy: Policy,
    on: date,
    *,
    calendar: pl.DataFrame | None = None,
    earlier: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return a row per service that children wait for: how many wait, its slots at the next review and those planned.

    `flow` gives the measured referrals and first contacts a week; `calendar` and `earlier` are as `capacity.plan` reads
    them. A service without first contacts and without a calendar has no slots.
    """
    waiting = table.group_by(LIST, "service_name", "provider_code").agg(waiting=pl.len())
    named = waiting.join(flow, on=LIST, how="left").sort(LIST)
    rates = ("referrals_per_week", "first_contacts_per_week")
    named = named.with_columns(pl.col(rates).fill_null(0.0).round(3))
    return capacity.plan(named, policy, on, calendar=calendar, earlier=earlier)


def rank(
    table: pl.DataFrame,
    policy: Policy,
    services: pl.DataFrame,
    on: date,
    *,
    decisions: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the table with its tiers, lanes, places and guarantees, sorted by service and place.

    Reads the features, `referred_on`, `entered_on`, `referral_id`; where they are there `first_known_on` and
    `was_offered` (offered a slot before and not brought); and, where a risk is estimated, `risk_low_for_place`,
    `risk_low_if_highest`, `risk_band`, `risk_band_if_highest`, `risk_band_if_lowest` and `risk_band_draws` (bands drawn
    from the estimate's uncertainty). `decisions` are those of reviewers, as `read_decisions` gives them. Adds `tier`,
    `best_tier`, `worst_tier`, `tier_rule`, `deciding_rule`, `rules`, `next_rule`, `override`, `override_state`,
    `override_words`, `place_by_policy`, `lane`, `place`, `need_place`, `time_place`, `band_first`, `band_last`,
    `best_place`, `worst_place`, `unknown_decides_slot`, `probability_of_slot`, `longer_waits_ahead`, `guaranteed_slot`,
    `guaranteed_review`, `latest_on` and `no_date_reason`.
    """
    if table.is_empty():
        raise UserError(
            f"Nobody waits for any service on {on} in these extracts. Expected open referrals that were known on that "
            "day. Check the index date, and what `risk-model check` says of the files."
        )
    tiers = with_tiers(with_defaults(table, policy), policy)
    listed = tiers.join(
        services.select(LIST, "review_on", *OF_LIST), on=LIST, how="left", maintain_order="left"
    )
    decided = with_overrides(listed.with_columns(decided_until=pl.lit(on)), decisions, policy)
    draws = decided["risk_band_draws"] if "risk_band_draws" in decided.columns else None
    # places are worked out on the few columns that they need; every other column is put in order once, at the end
    lists = pl.Enum(services[LIST].sort())
    services = services.with_columns(pl.col(LIST).cast(lists))
    keyed = _with_keys(decided.with_row_index(ROW)).select(ROW, *READ_FOR_PLACES)
    placed = lanes.place(keyed.with_columns(pl.col(LIST).cast(lists)))
    slots = pl.col("need_slots") + pl.col("time_slots")
    placed = placed.with_columns(
        best_place=lanes.place_if(placed, "best_key"), worst_place=lanes.place_if(placed, "worst_key")
    ).with_columns(
        best_place=pl.min_horizontal("best_place", "place"),
        worst_place=pl.max_horizontal("worst_place", "place"),
    )
    placed = placed.with_columns(
        unknown_decides_slot=(pl.col("best_place") <= slots) & (pl.col("worst_place") > slots),
        probability_of_slot=_probability_of_slot(placed, draws),
    )
    ranked = _with_guarantee(_with_bands(_with_place_by_policy(placed)), policy, services).sort(LIST, "place")
    in_order = with_rules(decided[ranked[ROW]], policy)
    told = in_order.drop(
        "decided_until", "review_on", "is_moved_up", "is_held", "pinned_to", "risk_band_draws", *ONE_BAND,
        *NO_RISK, *OF_LIST, strict=False,
    )  # fmt: skip
    return told.hstack(ranked.select(PLACES))


def with_defaults(table: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the table with one band, no estimate and no marks where it tells none, or the policy uses no bands."""
    if policy.bands == "none":
        table = table.drop(*ONE_BAND, "risk_band_draws", strict=False)
    absent = {name: pl.lit(0, pl.Int64) for name in ONE_BAND}
    absent |= {name: pl.lit(None, pl.Float64) for name in NO_RISK}
    absent["was_offered"] = pl.lit(False)
    absent["first_known_on"] = pl.col("entered_on")
    return table.with_columns(**{n: value for n, value in absent.items() if n not in table.columns})


def _with_keys(decided: pl.DataFrame) -> pl.DataFrame:
    """The keys of both lanes; a child pinned to a tier is of that tier, whatever is learned."""
    keyed = decided.with_columns(stable=lanes.stable(), tier_for_place=pl.coalesce("pinned_to", "tier"))
    return keyed.with_columns(
        need_key=need_key(pl.col("tier_for_place"), pl.col("risk_band")),
        best_key=need_key(pl.coalesce("pinned_to", "best_tier"), pl.col("risk_band_if_highest")),
        worst_key=need_key(pl.coalesce("pinned_to", "worst_tier"), pl.col("risk_band_if_lowest")),
        time_key=lanes.time_key(),
    )


def _with_place_by_policy(placed: pl.DataFrame) -> pl.DataFrame:
    """The place that each child would have if nobody had decided anything."""
    if not (placed["override_state"] == IN_FORCE).any():
        return placed.with_columns(place_by_policy=pl.col("place"))
    alone = placed.with_columns(is_moved_up=pl.lit(False), is_held=pl.lit(False))
    alone = alone.with_columns(need_key=need_key(pl.col("tier"), pl.col("risk_band")))
    by_policy = lanes.place(alone.select(ROW, *READ_FOR_PLACES)).select(ROW, place_by_policy="place")
    return placed.join(by_policy, on=ROW, how="left", maintain_order="left")


def _probability_of_slot(placed: pl.DataFrame, bands: pl.Series | None) -> pl.Series:
    """The share of the draws of risk bands under which each child is offered a slot at this review.

    Only who could come into the need lane under any draw, and the longest waits, can be offered one; the draws
    are ranked among these.
    """
    if bands is None:
        return pl.Series([None] * placed.height, dtype=pl.Float64)
    draws = pl.col("risk_band_draws")
    first, timed = pl.col("lanes:first"), pl.col("lanes:timed")
    drawn = placed.with_columns(bands[placed[ROW]].alias("risk_band_draws")).with_columns(
        lowest=need_key(pl.col("tier_for_place"), draws.list.min()),
        highest=need_key(pl.col("tier_for_place"), draws.list.max()),
    )
    reach = drawn.group_by(LIST).agg(reach=pl.col("highest").sort().head(first.first()).last())
    near = (pl.col("lowest") <= pl.col("reach")) & (first > 0)
    oldest = pl.col("time_place") <= first + timed + pl.col("was_offered").sum().over(LIST)
    few = drawn.join(reach, on=LIST).filter(near | oldest)
    few = few.select(
        ROW, LIST, "tier_for_place", "referred_on", "stable", "time_key", *MARKS, "risk_band_draws",
        need_slots=first, time_slots=timed,
    ).explode("risk_band_draws")  # fmt: skip
    each = few.with_columns(draw=pl.int_range(pl.len()).over(ROW))
    each = each.with_columns(
        pl.concat_str(pl.col(LIST).cast(pl.String), "draw", separator="|").alias(LIST),
        need_key=need_key(pl.col("tier_for_place"), draws),
    )
    offered = lanes.place(each).group_by(ROW).agg(share=(pl.col("lane") != "next").mean())
    return drawn.join(offered, on=ROW, how="left", maintain_order="left")["share"].fill_null(0.0)


def _with_bands(placed: pl.DataFrame) -> pl.DataFrame:
    """The places between which the estimate cannot tell children of one tier apart; none for whom a person placed."""
    if placed["probability_of_slot"].is_null().all():
        none = pl.lit(None, pl.Int64)
        return placed.with_columns(band_first=none, band_last=none)
    band = (LIST, "tier", "risk_band", "is_decided")
    decided = (pl.col("override_state") == IN_FORCE) & (pl.col("override") != "wrong")
    marked = placed.with_columns(is_decided=decided.fill_null(False))
    ends = {"band_first": pl.col("place").min().over(band), "band_last": pl.col("place").max().over(band)}
    return marked.with_columns(
        **{name: pl.when(~pl.col("is_decided")).then(end) for name, end in ends.items()}
    ).drop("is_decided")


def _with_guarantee(placed: pl.DataFrame, policy: Policy, services: pl.DataFrame) -> pl.DataFrame:
    """The bound in slots and reviews; as a date only where a capacity calendar says how many slots there will be."""
    to_come = capacity.slots_to_come(services, policy.reviews.every_days)
    facts = services.select(
        LIST,
        "capacity_from",
        reviews_planned=pl.col("slots_planned").list.len(),
        time_slots_planned=(
            pl.col("time_carried") + pl.col("slots_planned").list.sum() * pl.col("time_share")
        )
        // capacity.SLOT,
        demand_above_capacity=_demand_above_capacity(policy),
    )
    promised = lanes.first_review(placed, to_come).join(facts, on=LIST, how="left", maintain_order="left")
    latest_on = pl.when(pl.col("capacity_from") == "calendar").then("guaranteed_on")
    return (
        promised.with_columns(latest_on=latest_on)
        .with_columns(no_date_reason=pl.when(pl.col("latest_on").is_null()).then(sentences.no_date_reason()))
        .drop("guaranteed_on", *facts.columns[1:])
    )


def _demand_above_capacity(policy: Policy) -> pl.Expr:
    """Referrals a week beyond the slots a week that are planned."""
    planned = pl.col("slots_planned").list.mean() * 7 / policy.reviews.every_days
    return pl.col("referrals_per_week") - planned.fill_null(0.0)
