"""One child's wait: what the records show, why this place, and what raises and lowers the risk."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from service.listing import Filters, accepted_gaps, apply, row_values
from service.schemas import (
    PARTNERS,
    Child,
    Contribution,
    ContributionGroup,
    Contributions,
    OtherWait,
    ReviewState,
    Risk,
    RiskReason,
    RuleTried,
)
from service.shelf import Run, ServiceList
from service.wording import risk_before

GROUPS = (*PARTNERS, "age and wait")


@dataclass(frozen=True)
class Neighbours:
    """The children before and after this one in the filter somebody came with."""

    previous: Mapping[str, Any] | None
    next: Mapping[str, Any] | None
    next_to_review: Mapping[str, Any] | None


def find(listed: ServiceList, referral_id: str) -> dict[str, Any] | None:
    """Return the row of one referral, or None when the list does not hold it."""
    found = listed.frame.filter(pl.col("referral_id") == referral_id)
    return None if found.is_empty() else found.row(0, named=True)


def child(
    run: Run, listed: ServiceList, values: Mapping[str, Any], state: ReviewState | None, last_review: int
) -> Child:
    """Return everything the run says about one child's wait."""
    states = {values["referral_id"]: state} if state else {}
    return Child(
        **row_values(values, states),
        run=run.name,
        service_id=values["service_id"],
        service_name=values["service_name"],
        provider_code=values["provider_code"],
        waiting=listed.frame.height,
        longer_waits_ahead=values["longer_waits_ahead"],
        slots_planned_until=listed.facts.get("slots_planned_until"),
        rules=[RuleTried(**rule) for rule in values["rules"] or ()],
        other_waits=[OtherWait(**wait) for wait in values["other_waits"] or ()],
        risk=_risk(run, values),
        last_review=last_review,
        accepted_gaps=accepted_gaps(run),
    )


def contributions(run: Run, values: Mapping[str, Any]) -> Contributions:
    """Return the facts behind the risk by partner, in the run's order, with the product of each group."""
    rows, reasons = (found.get(values["person_id"]) for found in (run.contributions, run.reasons))
    risk = values["risk"]
    if rows is None or reasons is None or risk is None:
        return Contributions(
            referral_id=values["referral_id"], factor=None, risk_without=None, risk=None, groups=[]
        )
    by_partner = {str(key[0]): part for key, part in rows.partition_by("partner", as_dict=True).items()}
    product = math.exp(rows["log_factor"].sum())
    return Contributions(
        referral_id=values["referral_id"],
        factor=product,
        risk_without=risk_before(risk, product),
        risk=risk,
        groups=[
            _group(partner, by_partner[partner], reasons.filter(pl.col("partner") == partner))
            for partner in GROUPS
            if partner in by_partner
        ],
    )


def neighbours(listed: ServiceList, filters: Filters, place: int, decided: Collection[str]) -> Neighbours:
    """Return who stands before and after a place among those the filters leave, and whom to see next."""
    columns = ["referral_id", "child_reference", "place"]
    left = apply(filters, listed).select(columns)
    before, after = (left.filter(pl.col("place") < place), left.filter(pl.col("place") > place))
    to_review = after.filter(~pl.col("referral_id").is_in(list(decided))) if decided else after
    return Neighbours(
        before.row(-1, named=True) if before.height else None,
        after.row(0, named=True) if after.height else None,
        to_review.row(0, named=True) if to_review.height else None,
    )


def _risk(run: Run, values: Mapping[str, Any]) -> Risk | None:
    if values["risk"] is None:
        return None
    return Risk(
        risk=values["risk"],
        low=values["risk_low"],
        high=values["risk_high"],
        across_this_list=run.provenance.get("list_risk"),
    )


def _group(partner: str, rows: pl.DataFrame, reasons: pl.DataFrame) -> ContributionGroup:
    return ContributionGroup(
        partner=partner,
        factor=math.exp(rows["log_factor"].sum()),
        reasons=[
            RiskReason(**{name: row[name] for name in RiskReason.model_fields})
            for row in reasons.sort("position").to_dicts()
        ],
        contributions=[
            Contribution(
                feature=row["feature"],
                words=row["words"],
                state=row["state"],
                factor=row["factor"],
                used_for_place=row["used_for_place"],
            )
            for row in rows.sort("position").to_dicts()
        ],
    )
