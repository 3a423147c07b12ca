"""The order of a run: where the risk that a model estimates and the priority that a policy decides meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from risk_model import explanation, policy, scorecard
from risk_model.features import LINK_COLUMNS, if_known
from risk_model.policy import Policy
from risk_model.scorecard import Scorecard

LIST_COLUMNS = (
    "service_id",
    "service_name",
    "provider_code",
    "team_type_code",
    "referral_id",
    "person_id",
    "child_reference",
    "age_years",
    "school_year",
    "referred_on",
    "entered_on",
    "first_known_on",
    "missed_on",
    "offered_on",
    "was_offered",
    "clock_started_on",
    "days_waiting",
    "days_on_clock",
    "tier",
    "tier_rule",
    "deciding_rule",
    "rules",
    "next_rule",
    "override",
    "override_state",
    "override_words",
    "place_by_policy",
    "lane",
    "place",
    "need_place",
    "time_place",
    "band_first",
    "band_last",
    "risk",
    "risk_low",
    "risk_high",
    "probability_of_slot",
    "health_state",
    "education_state",
    "social_care_state",
    "health_facts",
    "education_facts",
    "social_care_facts",
    *LINK_COLUMNS,
    "unknown_facts",
    "best_place",
    "worst_place",
    "unknown_decides_slot",
    "longer_waits_ahead",
    "guaranteed_slot",
    "guaranteed_review",
    "latest_on",
    "no_date_reason",
    "other_waits",
)


@dataclass(frozen=True)
class Ordered:
    """The four tables that follow from features, scorecard and policy alone."""

    list: pl.DataFrame
    contributions: pl.DataFrame
    reasons: pl.DataFrame
    measures: pl.DataFrame


def order(
    features: pl.DataFrame,
    card: Scorecard | None,
    rules: Policy,
    services: pl.DataFrame,
    on: date,
    decisions: pl.DataFrame | None = None,
) -> Ordered:
    """Return the list, its contributions and reasons, and its measures: the one place where risk and policy meet.

    Without a scorecard the list is policy-only: no risk, one band, no contributions. `decisions` are those of
    reviewers.
    """
    estimated = with_risk(features, card)
    ranked = policy.rank(estimated, rules, services, on, decisions=decisions)
    if card is None:
        contributions = pl.DataFrame(schema=explanation.SCHEMA)
    else:
        contributions = explanation.explain(
            card, features.unique("person_id", keep="first", maintain_order=True), on
        )
    ranked = _with_other_waits(ranked).sort("service_id", "place")
    listed = ranked.select(LIST_COLUMNS).with_columns(pl.col("age_years").cast(pl.Int64))
    return Ordered(listed, contributions, explanation.reasons.of_children(contributions), _measures(ranked))


def with_risk(features: pl.DataFrame, card: Scorecard | None) -> pl.DataFrame:
    """Return the open referrals with their risk and what `policy.rank` reads of it; null without a scorecard."""
    if card is None:
        return features.with_columns(
            pl.lit(None, pl.Float64).alias(name) for name in ("risk", "risk_low", "risk_high")
        )
    highest, lowest = (scorecard.predict(card, if_known(features, as_need=need)) for need in (True, False))
    return features.hstack(scorecard.predict(card, features)).with_columns(
        risk_low_if_highest=highest["risk_low_for_place"],
        risk_band_if_highest=highest["risk_band"],
        risk_band_if_lowest=lowest["risk_band"],
    )


def _with_other_waits(ranked: pl.DataFrame) -> pl.DataFrame:
    """Waiting time belongs to the referral; the other lists a child is on are shown beside it."""
    wait = pl.struct("service_name", "referred_on", "service_id")
    waits = ranked.sort("service_id").group_by("person_id", maintain_order=True).agg(all_waits=wait)
    joined = ranked.join(waits, on="person_id", how="left", maintain_order="left")
    others = (
        joined.select("service_id", "referral_id", "all_waits")
        .explode("all_waits")
        .filter(pl.col("all_waits").struct.field("service_id") != pl.col("service_id"))
        .group_by("service_id", "referral_id", maintain_order=True)
        .agg(
            other_waits=pl.struct(
                pl.col("all_waits").struct.field("service_name"),
                pl.col("all_waits").struct.field("referred_on"),
            )
        )
    )
    return joined.drop("all_waits").join(others, on=("service_id", "referral_id"), how="left")


def _measures(ranked: pl.DataFrame) -> pl.DataFrame:
    """Children waiting and their waits, by service and tier."""
    return (
        ranked.group_by("service_id", "service_name", "provider_code", "tier")
        .agg(
            waiting=pl.len(),
            median_weeks_waiting=pl.col("days_waiting").median() / 7,
            longest_weeks_waiting=pl.col("days_waiting").max() / 7,
            with_unknown_facts=(pl.col("unknown_facts").list.len() > 0).sum(),
            without_date=pl.col("latest_on").is_null().sum(),
        )
        .sort("service_id", "tier")
    )
