"""Which tier a child is in, which rule decided, and what it would be if everything unknown turned out to be a need."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from risk_model.features import NEED_AREAS
from risk_model.policy import sentences
from risk_model.policy.document import LOWEST_TIER, Condition, Policy, Rule

NOTHING: frozenset[str] = frozenset()
NO_RULE = "none"
NO_RULE_WORDS = "No priority rule is met"


_AREAS_IN_WORDS = {
    found: ", ".join(str(area) for bit, area in enumerate(NEED_AREAS) if found & 2**bit) or "No area recorded"
    for found in range(2 ** len(NEED_AREAS))
}


def with_tiers(table: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the table with `tier`, `best_tier`, `worst_tier` and what `with_rules` tells them from.

    The best and the worst tier are those if everything unknown turned out to be a need, or to be none. Reads
    the feature columns, `risk_low_for_place` and `risk_low_if_highest` (null where no risk is estimated).
    """
    as_it_stands = table.with_columns(areas_beyond(policy, NOTHING))
    claims = {f"met:{rule.id}": claim(rule, NOTHING) for rule in policy.rules}
    claimed = as_it_stands.with_columns(**claims).with_columns(
        best_tier=_lowest_tier(policy, unknown_is_met=True),
        worst_tier=_lowest_tier(policy, unknown_is_met=False),
    )
    if recorded := frozenset(policy.unknowns.count_as_recorded):
        counted = {f"met:{rule.id}": claim(rule, recorded) for rule in policy.rules}
        claimed = claimed.with_columns(areas_beyond(policy, recorded)).with_columns(**counted)
    return claimed.with_columns(tier=_lowest_tier(policy, unknown_is_met=False))


def with_rules(tiers: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the children of `with_tiers` with `tier_rule`, `deciding_rule`, all `rules` in order and `next_rule`."""
    decided = tiers.with_columns(
        tier_rule=_first_met(policy, lambda rule: pl.lit(rule.id), NO_RULE),
        deciding_rule=_first_met(policy, _words, NO_RULE_WORDS),
    )
    told = decided.with_columns(_all_tried(decided, policy), next_rule=sentences.next_rule(policy))
    return told.drop(pl.selectors.starts_with("met:"), "areas_beyond", "areas_not_known", "areas_found")


def areas_beyond(policy: Policy, recorded: frozenset[str]) -> list[pl.Expr]:
    """How many areas of need are recorded and how many not known, beyond the one that the row's service treats.

    `areas_found` says which are recorded, a bit for each. An unknown need of `recorded` counts as recorded.
    """
    treated = pl.col("team_type_code").replace_strict(policy.treats, default=None, return_dtype=pl.String)
    beyond = [
        (area, _value(column, recorded), (treated != area).fill_null(True))
        for area, column in NEED_AREAS.items()
    ]
    is_found = [(need > 0).fill_null(False) & is_beyond for _, need, is_beyond in beyond]
    found = pl.sum_horizontal(pl.when(met).then(2**bit).otherwise(0) for bit, met in enumerate(is_found))
    count = pl.sum_horizontal(met.cast(pl.Int64) for met in is_found)
    not_known = pl.sum_horizontal(
        (need.is_null() & is_beyond).cast(pl.Int64) for _, need, is_beyond in beyond
    )
    return [count.alias("areas_beyond"), not_known.alias("areas_not_known"), found.alias("areas_found")]


def claim(rule: Rule, recorded: frozenset[str]) -> pl.Expr:
    """Whether a rule is met: true, false or, as null, unknown; an unknown fact of `recorded` counts as recorded."""
    met = _asked(rule.when, recorded)
    return met if rule.unless is None else met & ~_asked(rule.unless, recorded)


def _asked(condition: Condition, recorded: frozenset[str]) -> pl.Expr:
    if condition.areas_beyond_this_service is not None:
        found = pl.col("areas_beyond")
        is_met = found >= condition.areas_beyond_this_service
        may_be_met = found + pl.col("areas_not_known") >= condition.areas_beyond_this_service
        return pl.when(is_met).then(True).when(~may_be_met).then(False)
    if condition.risk_low is not None:
        is_met = pl.col("risk_low_for_place") >= condition.risk_low
        may_be_met = (pl.col("risk_low_if_highest") >= condition.risk_low).fill_null(False)
        return pl.when(is_met).then(True).when(~may_be_met).then(False)
    values = [_value(fact, recorded) for fact in condition.facts]
    if condition.at_most is not None:
        asked = [value <= condition.at_most for value in values]
    else:
        asked = [value >= (condition.at_least or 1) for value in values]
    return pl.any_horizontal(asked) if condition.any_facts else pl.all_horizontal(asked)


def _value(fact: str, recorded: frozenset[str]) -> pl.Expr:
    return pl.col(fact).fill_null(float("inf")) if fact in recorded else pl.col(fact)


def _met(rule: Rule) -> pl.Expr:
    return pl.col(f"met:{rule.id}")


def _lowest_tier(policy: Policy, *, unknown_is_met: bool) -> pl.Expr:
    tiers = [
        pl.when(_met(rule).fill_null(unknown_is_met)).then(pl.lit(rule.tier, pl.Int64))
        for rule in policy.rules
    ]
    return pl.min_horizontal(*tiers, pl.lit(LOWEST_TIER, pl.Int64))


def _first_met(policy: Policy, value: Callable[[Rule], pl.Expr], otherwise: str) -> pl.Expr:
    return pl.coalesce(*(pl.when(_met(rule)).then(value(rule)) for rule in policy.rules), pl.lit(otherwise))


def _words(rule: Rule) -> pl.Expr:
    if "{n}" not in rule.words:
        return pl.lit(rule.words)
    return pl.format(rule.words.replace("{n}", "{}"), "areas_beyond")


def _all_tried(tiers: pl.DataFrame, policy: Policy) -> pl.Series:
    """Every rule in order for every child, as a list.

    Put together rule by rule and then turned about, which is a tenth of the work of `concat_list` of structs.
    """
    rules, children = len(policy.rules), tiers.height
    by_rule = pl.concat([tiers.select(_tried(rule)) for rule in policy.rules])
    row = pl.int_range(0, rules * children, dtype=pl.UInt32, eager=True)
    same = pl.DataFrame(
        {"rule": [rule.id for rule in policy.rules], "words": [_title(rule) for rule in policy.rules]}
    )
    by_child = same[row % rules].hstack(by_rule[row // rules + (row % rules) * children])
    return by_child.to_struct("rules").reshape((children, rules)).arr.to_list()


def _title(rule: Rule) -> str:
    least = f"{rule.when.areas_beyond_this_service} or more"
    return f"Tier {rule.tier}: {rule.words.replace('{n}', least)}"


def _tried(rule: Rule) -> list[pl.Expr]:
    met = pl.when(_met(rule)).then(pl.lit("yes")).when(_met(rule).is_null()).then(pl.lit("unknown"))
    return [
        _records_show(rule).alias("records_show"),
        met.otherwise(pl.lit("no")).alias("met"),
        (pl.col("tier_rule") == rule.id).alias("decided"),
    ]


def _records_show(rule: Rule) -> pl.Expr:
    if rule.when.areas_beyond_this_service is not None:
        shown = pl.col("areas_found").replace_strict(_AREAS_IN_WORDS, return_dtype=pl.String)
        return pl.when(pl.col("areas_not_known") > 0).then(shown + "; some not known").otherwise(shown)
    if rule.when.risk_low is not None:
        hundredths = (pl.col("risk_low_for_place") * 100).floor().cast(pl.Int64)
        limit = pl.format("Lower limit {} in 100", hundredths)
        return limit.fill_null("No risk estimate is used")
    recorded = (
        pl.when(_met(rule)).then(pl.lit("Recorded")).when(_met(rule).is_null()).then(pl.lit("Not known"))
    )
    return recorded.otherwise(pl.lit("None recorded"))
