"""What a policy must prove before it is used: that no need can lower a child, and that neither lane can starve.

Each rule is tried, by the expressions that rank, on every combination of the facts it reads: recorded, not
recorded, not known, and on both sides of its limits. A rule of which one more need, or "not known" in place of
"no", makes a met rule unmet is refused with such a child in words. The tier is that of the highest rule met, so
what holds for each rule holds for the tier.
"""

from __future__ import annotations

from itertools import product
from math import ceil
from typing import Any

import polars as pl

from risk_model.features import NEED_AREAS
from risk_model.policy import tiers
from risk_model.policy.document import NEEDS, Policy, Rule
from risk_model.policy.sentences import FACT_WORDS

MOST_COMBINATIONS = 400_000
"""Ours: a rule that reads more than this is too much for a reader, too."""

ENTRY = "entry on the register"
COUNTER_EXAMPLES = {
    "referral date": "a child who transfers in tomorrow with an older date would stand ahead of a child who was "
    "already given a latest date, and so could any number after it",
    "clock start": "a child who is not brought starts a new clock and falls to the end of the lane, again and again",
    "tier": "children of tier 0 who come every week would always stand ahead of a child of tier 2",
}
AGE, RISK = "age_years", "risk_low_for_place"


def refusals(policy: Policy) -> list[str]:
    """Return a sentence for everything that cannot be proved of a policy; none for a policy that may be used."""
    found = [_lanes_starve(policy), *(_lowers(rule, policy) for rule in policy.rules)]
    return [sentence for sentence in found if sentence]


def combinations(rule: Rule, policy: Policy) -> pl.DataFrame:
    """Return a row for every combination of the facts that a rule reads, under every kind of service that it
    tells apart."""
    values: dict[str, list[Any]] = {fact: _values(rule, fact) for fact in sorted(set(rule.facts))}
    conditions = [c for c in (rule.when, rule.unless) if c is not None]
    if any(c.areas_beyond_this_service is not None for c in conditions):
        values |= {column: [None, 0.0, 1.0] for column in NEED_AREAS.values()}
        areas = {area: team for team, area in policy.treats.items()}
        values["team_type_code"] = [*areas.values(), "no team"]
    if any(c.risk_low is not None for c in conditions):
        limits = sorted({c.risk_low for c in conditions if c.risk_low is not None})
        values["risk_low_for_place"] = [None, *(limit - 0.001 for limit in limits), *limits]
    count = 1
    for tried in values.values():
        count *= len(tried)
    if count > MOST_COMBINATIONS:
        return pl.DataFrame()
    table = pl.DataFrame(list(product(*values.values())), schema=_schema(values), orient="row")
    absent = {name: pl.lit(0.0) for name in NEED_AREAS.values() if name not in values}
    if "risk_low_for_place" not in values:
        absent["risk_low_for_place"] = pl.lit(None, pl.Float64)
    if "team_type_code" not in values:
        absent["team_type_code"] = pl.lit("no team")
    return table.with_columns(**absent).with_columns(risk_low_if_highest=pl.col("risk_low_for_place"))


def _lowers(rule: Rule, policy: Policy) -> str | None:
    table = combinations(rule, policy)
    if table.is_empty():
        return f"Rule {rule.id} reads too many facts: not every combination of them can be tried. Split it."
    recorded = frozenset(policy.unknowns.count_as_recorded)
    met = (
        table.with_columns(tiers.areas_beyond(policy, recorded))
        .with_columns(met=tiers.claim(rule, recorded).fill_null(False))
        .select(*table.columns, "met")
    )
    for fact in (name for name in table.columns if name in {*NEEDS, RISK} and table[name].n_unique() > 1):
        others = [name for name in table.columns if name not in (fact, "risk_low_if_highest")]
        known = met.drop_nulls(fact).sort(fact)
        lost = known.with_columns(was_met=pl.col("met").shift(1).over(others)).filter(
            "was_met", ~pl.col("met")
        )
        if lost.height:
            return _counter_example(rule, fact, lost.row(0, named=True), "recorded as well, or more of it,")
        no, unknown = met.filter(pl.col(fact) == 0), met.filter(pl.col(fact).is_null())
        lost = no.join(unknown, on=others, nulls_equal=True).filter("met", ~pl.col("met_right"))
        if lost.height:
            return _counter_example(
                rule, fact, lost.row(0, named=True), "not known instead of “none recorded”"
            )
    return None


def _counter_example(rule: Rule, fact: str, row: dict[str, Any], change: str) -> str:
    """Such a child in words: what is recorded of it, and the change by which it loses the rule."""
    told = [(name, row[name]) for name in row if name in {*NEEDS, AGE, RISK} - {fact}]
    shown = [f"{_name(name)} {_state(name, value)}" for name, value in told if name in rule.facts or value]
    child = f"a child with {', '.join(shown)}" if shown else "a child of whom nothing is recorded"
    return (
        f"Rule {rule.id} could lower a child: {child} meets it, and the same child with {_name(fact)} {change} "
        "does not."
    )


def _lanes_starve(policy: Policy) -> str | None:
    order, share = policy.lanes.time_lane_order, round(policy.time_share, 6)
    if order != ENTRY:
        why = COUNTER_EXAMPLES[order]
        return f"lanes.time_lane_order: by {order} the time lane can starve: {why}. Expected: {ENTRY}."
    if share <= 0:
        return (
            "lanes.need_lane_share: with all slots in the need lane the time lane starves: a child of tier 2 waits for "
            "ever while children of higher tiers come every week. Expected a share below 1."
        )
    reviews = ceil(round(1 / share, 6))
    if reviews > policy.reviews.planned_ahead:
        return (
            "lanes.need_lane_share: a service of one slot a review would offer its longest wait the first one after "
            f"{reviews} reviews, later than the {policy.reviews.planned_ahead} planned. Expected a lower share."
        )
    return None


def _values(rule: Rule, fact: str) -> list[float | None]:
    """Not known, nothing, and both sides of every limit."""
    conditions = [c for c in (rule.when, rule.unless) if c is not None and fact in c.facts]
    limits = {c.at_most if c.at_most is not None else c.at_least or 1.0 for c in conditions}
    around = {limit + step for limit in limits for step in (-1.0, 0.0, 1.0)}
    return [None, *sorted({0.0, *(value for value in around if value >= 0)})]


def _schema(values: dict[str, list[Any]]) -> dict[str, type[pl.DataType]]:
    return {name: pl.String if name == "team_type_code" else pl.Float64 for name in values}


def _name(fact: str) -> str:
    if fact == AGE:
        return "age"
    if fact == RISK:
        return "a lower limit of risk"
    return f"“{FACT_WORDS[fact]}”"


def _state(name: str, value: float | None) -> str:
    if value is None:
        return "not known"
    if name in (AGE, RISK) or value > 1:
        return f"{value:g}"
    return "recorded" if value else "not recorded"
