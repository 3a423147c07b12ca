"""Which tier a child is in, which rule decided, and what it would be if everything unknown turned out to be a need."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from risk_model.features import NEED_AREAS
from risk_model.policy.document import LOWEST_TIER, Condition, Policy, Rule

NO_RULE = "none"
NO_RULE_WORDS = "No priority rule is met"


def with_tiers(table: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the table with `tier`, `best_tier`, `tier_rule`, `deciding_rule` and all `rules` tried in order.

    Reads the feature columns, `risk_low_for_place` and `risk_low_if_highest` (null where no risk is estimated).
    """
    columns = table.columns
    claims = {f"met:{rule.id}": _claim(rule.when) for rule in policy.rules}
    tiers = (
        table.with_columns(_areas_beyond(policy))
        .with_columns(**claims)
        .with_columns(
            tier=_lowest_tier(policy, unknown_is_met=False),
            best_tier=_lowest_tier(policy, unknown_is_met=True),
            tier_rule=_first_met(policy, lambda rule: pl.lit(rule.id), NO_RULE),
            deciding_rule=_first_met(policy, _words, NO_RULE_WORDS),
        )
    )
    tried = pl.concat_list(_tried(rule) for rule in policy.rules)
    return tiers.with_columns(rules=tried).select(
        *columns, "tier", "best_tier", "tier_rule", "deciding_rule", "rules"
    )


def _areas_beyond(policy: Policy) -> list[pl.Expr]:
    """Areas of need recorded, and the number not known, beyond the one that the row's service treats."""
    treated = pl.col("team_type_code").replace_strict(policy.treats, default=None, return_dtype=pl.String)
    beyond = [
        (area, pl.col(column), (treated != area).fill_null(True)) for area, column in NEED_AREAS.items()
    ]
    recorded = pl.concat_list(
        pl.when((need > 0).fill_null(False) & is_beyond).then(pl.lit(str(area)))
        for area, need, is_beyond in beyond
    )
    not_known = pl.sum_horizontal(
        (need.is_null() & is_beyond).cast(pl.Int64) for _, need, is_beyond in beyond
    )
    return [recorded.list.drop_nulls().alias("areas_beyond"), not_known.alias("areas_not_known")]


def _claim(condition: Condition) -> pl.Expr:
    """True, false or, as null, unknown."""
    if condition.areas_beyond_this_service is not None:
        recorded = pl.col("areas_beyond").list.len().cast(pl.Int64)
        is_met = recorded >= condition.areas_beyond_this_service
        may_be_met = recorded + pl.col("areas_not_known") >= condition.areas_beyond_this_service
        return pl.when(is_met).then(True).when(~may_be_met).then(False)
    if condition.risk_low is not None:
        is_met = pl.col("risk_low_for_place") >= condition.risk_low
        may_be_met = (pl.col("risk_low_if_highest") >= condition.risk_low).fill_null(False)
        return pl.when(is_met).then(True).when(~may_be_met).then(False)
    return pl.all_horizontal([pl.col(fact) >= condition.at_least for fact in condition.facts])


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
    return pl.format(rule.words.replace("{n}", "{}"), pl.col("areas_beyond").list.len())


def _tried(rule: Rule) -> pl.Expr:
    met = pl.when(_met(rule)).then(pl.lit("yes")).when(_met(rule).is_null()).then(pl.lit("unknown"))
    least = f"{rule.when.areas_beyond_this_service} or more"
    return pl.struct(
        rule=pl.lit(rule.id),
        words=pl.lit(f"Tier {rule.tier}: {rule.words.replace('{n}', least)}"),
        records_show=_records_show(rule),
        met=met.otherwise(pl.lit("no")),
        decided=pl.col("tier_rule") == rule.id,
    )


def _records_show(rule: Rule) -> pl.Expr:
    if rule.when.areas_beyond_this_service is not None:
        areas = pl.col("areas_beyond").list.join(", ")
        shown = pl.when(areas == "").then(pl.lit("No area recorded")).otherwise(areas)
        return pl.when(pl.col("areas_not_known") > 0).then(shown + "; some not known").otherwise(shown)
    if rule.when.risk_low is not None:
        hundredths = (pl.col("risk_low_for_place") * 100).floor().cast(pl.Int64)
        limit = pl.format("Lower limit {} in 100", hundredths)
        return limit.fill_null("No risk estimate is used")
    recorded = (
        pl.when(_met(rule)).then(pl.lit("Recorded")).when(_met(rule).is_null()).then(pl.lit("Not known"))
    )
    return recorded.otherwise(pl.lit("None recorded"))
