"""What the policy says about a place, as sentences: the next rule that would have moved it, and why there is no
date."""

from __future__ import annotations

import polars as pl

from risk_model.features import FEATURES
from risk_model.policy.document import LOWEST_TIER, Condition, Policy, Rule

FACT_WORDS = {feature.name: feature.label for feature in FEATURES} | {"marked_urgent_here": "marked urgent"}


def next_rule(policy: Policy) -> pl.Expr:
    """Return the sentence on the next rule that would have moved the child.

    That is, of the rules of a higher tier, the first that something not known could still meet; else the first of which
    one fact alone is missing; else the first. Reads `tier` and the columns that `with_tiers` makes on its way.
    """
    not_known = [_unless_met(rule, _met(rule).is_null(), _if_known(rule)) for rule in policy.rules]
    one_short = [_unless_met(rule, _is_one_short(rule.when), _if_recorded(rule)) for rule in policy.rules]
    others = [_unless_met(rule, pl.lit(True), _if_met(rule)) for rule in policy.rules]
    return pl.coalesce(
        *_nearest_tier(not_known, policy),
        *_nearest_tier(one_short, policy),
        *_nearest_tier(others, policy),
        _within(),
    )


def _nearest_tier(sentences: list[pl.Expr], policy: Policy) -> list[pl.Expr]:
    """The sentences of the rules of the next tier up first: a child of tier 2 is nearer to tier 1 than to tier 0."""
    return [
        sentence
        for tier in range(LOWEST_TIER, -1, -1)
        for sentence, rule in zip(sentences, policy.rules, strict=True)
        if rule.tier == tier
    ]


def _unless_met(rule: Rule, is_next: pl.Expr, sentence: pl.Expr) -> pl.Expr:
    return pl.when((pl.col("tier") > rule.tier) & is_next).then(sentence)


def _met(rule: Rule) -> pl.Expr:
    return pl.col(f"met:{rule.id}")


def _title(rule: Rule) -> str:
    least = f"{rule.when.areas_beyond_this_service} or more"
    return f"“{rule.words.replace('{n}', least)}”"


def _is_one_short(condition: Condition) -> pl.Expr:
    if condition.areas_beyond_this_service is not None:
        return pl.col("areas_beyond") == condition.areas_beyond_this_service - 1
    if condition.all_facts is None or len(condition.all_facts) == 1:
        return pl.lit(False)
    short = [
        (pl.col(fact) >= (condition.at_least or 1)).fill_null(False).not_() for fact in condition.all_facts
    ]
    return pl.sum_horizontal(s.cast(pl.Int64) for s in short) == 1


def _if_known(rule: Rule) -> pl.Expr:
    words = f"Next: tier {rule.tier} by {_title(rule)}, if what is not known were recorded"
    return pl.lit(f"{words}.")


def _if_recorded(rule: Rule) -> pl.Expr:
    more = "area of need" if rule.when.areas_beyond_this_service is not None else "fact"
    return pl.lit(f"Next: tier {rule.tier} by {_title(rule)}, with one more {more} recorded.")


def _if_met(rule: Rule) -> pl.Expr:
    return pl.lit(f"Next: tier {rule.tier} by {_title(rule)}, if that were recorded.")


def _within() -> pl.Expr:
    return pl.lit("No rule stands above tier 0: within it the risk band and then the referral date decide.")


def no_date_reason() -> pl.Expr:
    """Return why no date can be promised, as a clause; reads the bound and the facts of its list."""
    above = pl.col("demand_above_capacity").round(1)
    demand = pl.when(above > 0).then(pl.format("demand is above capacity by {} a week", above))
    ahead = pl.col("longer_waits_ahead")
    children = pl.when(ahead == 1).then(pl.lit("1 child")).otherwise(pl.format("{} children", ahead))
    cause = (
        pl.when("was_offered")
        .then(pl.lit("a slot was offered before and not taken up; the next is offered out of the need lane"))
        .when(pl.col("time_slots_planned") == 0)
        .then(pl.lit("no slots are planned for the longest waits"))
        .when(pl.col("guaranteed_review").is_null())
        .then(
            pl.format(
                "{} waited longer and the {} reviews planned keep {} slots for the longest waits",
                children,
                "reviews_planned",
                "time_slots_planned",
            )
        )
    )
    unknown = pl.when(pl.col("capacity_from") == "measured").then(
        pl.lit("no capacity calendar says how many slots are to come")
    )
    return pl.concat_str(demand, unknown, cause, separator="; ", ignore_nulls=True)
