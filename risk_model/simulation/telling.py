"""What a run of the laboratory found, as the tables and sentences that a clinical lead reads before signing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from risk_model.disclosure import NHS_ENGLAND
from risk_model.simulation import measuring
from risk_model.simulation.laboratory import (
    EVERY_LIST,
    LONGEST_WAIT,
    MULTIPLE_NEEDS,
    SHARE_THAT_KEEPS_A_STANDARD,
    TRUE_RISK,
    WITH_OVERRIDES,
    Result,
    lanes_name,
)
from risk_model.simulation.measuring import (
    ALL,
    CHILDREN_JUDGED,
    EVENTS,
    GAP,
    HIGH,
    IN_STANDARD,
    LONGEST,
    MEAN,
    MEDIAN,
    TIERS,
)
from risk_model.simulation.slots import AS_PLANNED, CAPACITIES

TOO_FEW: Final = "too few to tell"
TIER_NAMES: Final = dict(zip(TIERS, ("safety", "multiple needs", "everybody else"), strict=True))


@dataclass(frozen=True)
class Told:
    """`sentences` first; then a table for each question, its columns named as a reader reads them; and the `figures`
    behind them, empty where a group has too few children to tell.

    `orders`: what each order does. `shares`: what each share of the need lane does. `price`: what the shown policy
    takes from whom, against longest wait first, over all lists; `price_by_list` the same by list and tier.
    `capacities`: the same policy with other slots. `equity`: each group's median wait minus that of all children.
    `overrides`: what reviewers' overrides change.
    """

    figures: pl.DataFrame
    sentences: list[str]
    orders: pl.DataFrame
    shares: pl.DataFrame
    price: pl.DataFrame
    price_by_list: pl.DataFrame
    capacities: pl.DataFrame
    equity: pl.DataFrame
    overrides: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        return {
            "What each order does": self.orders,
            "What each share of the need lane does": self.shares,
            "The price: weeks against longest wait first": self.price,
            "The price by list": self.price_by_list,
            "The same policy with other slots": self.capacities,
            "Gaps between groups: median wait minus that of all children, in weeks": self.equity,
            "What overrides change": self.overrides,
        }


def tell(result: Result) -> Told:
    """Return a result in words and tables; a group of too few children is left out, as a result of its own."""
    figures = _without_few(result.figures)
    whole = figures.filter(service_id=EVERY_LIST)
    planned = whole.filter(capacity=AS_PLANNED)
    lanes = pl.col("order").str.starts_with("lanes") & ~pl.col("order").str.ends_with(WITH_OVERRIDES)
    compared = ~pl.col("order").str.starts_with("lanes") | (pl.col("order") == result.shown)
    orders = _orders(planned.filter(compared), result)
    return Told(
        figures=figures,
        sentences=_sentences(planned, result),
        orders=orders,
        shares=_orders(planned.filter(lanes), result),
        price=_price(planned.filter(order=result.shown), ["group"]),
        price_by_list=_price(
            figures.filter(
                pl.col("service_id") != EVERY_LIST,
                pl.col("capacity") == AS_PLANNED,
                pl.col("order") == result.shown,
                pl.col("group") != ALL,
            ).sort("service_name", maintain_order=True),
            ["service_name", "group"],
        ),
        capacities=_capacities(whole.filter(order=result.shown)),
        equity=_equity(planned, result),
        overrides=_price(planned.filter(order=result.shown + WITH_OVERRIDES), ["group"]),
    )


def events_avoided(result: Result) -> pl.DataFrame:
    """Return by order the serious events a year that it avoids against longest wait, and its share of what knowing the
    true risk would avoid.

    A child who was seen has `measuring.SEEN_FACTOR` times the hazard of one who was not.
    """
    carried = result.figures.filter(capacity=AS_PLANNED, service_id=EVERY_LIST, group=ALL, measure=EVENTS)
    carried = carried.filter(pl.col("against") == LONGEST_WAIT)
    avoided = {
        "avoided": 0.0 - pl.col("change"),
        "avoided_low": 0.0 - pl.col("change_high"),
        "avoided_high": 0.0 - pl.col("change_low"),
    }
    told = carried.select(
        "order",
        events_while_waiting="value",
        **{name: (1 - measuring.SEEN_FACTOR) * value for name, value in avoided.items()},
    )
    best = told.filter(pl.col("order") == TRUE_RISK)["avoided"]
    share = pl.col("avoided") / best.item() if best.len() and best.item() else pl.lit(None, pl.Float64)
    return told.with_columns(share_of_best=share)


def _without_few(figures: pl.DataFrame) -> pl.DataFrame:
    """The figures, empty for groups of so few children that they would tell of some of them, or of chance."""
    number = figures.filter(pl.col("measure") == CHILDREN_JUDGED, pl.col("capacity") == AS_PLANNED)
    fewest = number.group_by("service_id", "group").agg(pl.col("value").min())
    few = fewest.select(
        "service_id",
        "group",
        is_few=(pl.col("value") < NHS_ENGLAND.smallest_group) & (pl.col("group") != ALL),
    )
    joined = figures.join(few, on=("service_id", "group"), how="left", maintain_order="left")
    shown = pl.when(~pl.col("is_few")).then(pl.selectors.float())
    return joined.with_columns(shown).drop("is_few")


def _orders(figures: pl.DataFrame, result: Result) -> pl.DataFrame:
    waits = {
        f"{tier}, {'median' if measure == MEDIAN else '95 %'} weeks": _value(tier, measure)
        for tier in TIERS
        for measure in (MEDIAN, HIGH)
    }
    told = figures.group_by("order", maintain_order=True).agg(
        **waits,
        **{f"{MULTIPLE_NEEDS} in standard %": 100 * _value(MULTIPLE_NEEDS, IN_STANDARD)},
        **{"longest weeks": _value(ALL, LONGEST)},
    )
    avoided = events_avoided(result).select(
        "order",
        **{
            "events avoided a year": _with_limits("avoided", "avoided_low", "avoided_high"),
            "% of what true risk avoids": (100 * pl.col("share_of_best")).round(0),
        },
    )
    return told.join(avoided, on="order", how="left", maintain_order="left").with_columns(
        pl.selectors.float().round(1)
    )


def _price(figures: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    def change(measure: str) -> pl.Expr:
        return (
            _with_limits("change", "change_low", "change_high").filter(pl.col("measure") == measure).first()
        )

    before = (pl.col("value") - pl.col("change")).filter(pl.col("measure") == MEDIAN).first()
    after = pl.col("value").filter(pl.col("measure") == MEDIAN).first()
    told = figures.group_by(by, maintain_order=True).agg(
        **{
            "median weeks before": before.round(1),
            "median weeks": after.round(1),
            "added to the median": change(MEDIAN),
            "added on average": change(MEAN),
            "added to the 95th percentile": change(HIGH),
            "added to the longest": change(LONGEST),
        }
    )
    return told.rename({"service_name": "list"}, strict=False)


def _capacities(figures: pl.DataFrame) -> pl.DataFrame:
    columns = {f"{tier}, median weeks": _value(tier, MEDIAN).round(1) for tier in TIERS}
    columns |= {f"{tier} in standard %": (100 * _value(tier, IN_STANDARD)).round(0) for tier in TIERS}
    place = pl.col("capacity").replace_strict({name: n for n, name in enumerate(CAPACITIES)})
    return figures.group_by("capacity", maintain_order=True).agg(**columns).sort(place)


def _equity(planned: pl.DataFrame, result: Result) -> pl.DataFrame:
    gaps = planned.filter(
        pl.col("measure") == GAP, pl.col("order").is_in([LONGEST_WAIT, result.shown]), pl.col("group") != ALL
    )
    limits = _with_limits("value", "low", "high")
    return gaps.group_by("group", maintain_order=True).agg(
        **{
            LONGEST_WAIT: limits.filter(pl.col("order") == LONGEST_WAIT).first(),
            result.shown: limits.filter(pl.col("order") == result.shown).first(),
        }
    )


def _sentences(planned: pl.DataFrame, result: Result) -> list[str]:
    standard = result.standards[TIERS.index(MULTIPLE_NEEDS)]
    kept = f"{SHARE_THAT_KEEPS_A_STANDARD:.0%} of children with multiple needs offered a slot within {standard} weeks"
    in_standard = planned.filter(group=MULTIPLE_NEEDS, measure=IN_STANDARD)
    if result.share is not None:
        found = f"The smallest need lane with {kept} has {result.share:.0%} of the slots."
    else:
        lanes = in_standard.filter(pl.col("order").str.starts_with("lanes")).drop_nulls("value").sort("value")
        best = lanes.tail(1).to_dicts()
        told = f"{best[0]['order']} has {best[0]['value']:.0%}" if best else "too few newcomers can be judged"
        found = (
            f"No need lane that was tried has {kept}: {told}. The price is told for the policy as it stands."
        )
    sentences = [found]
    for tier in TIERS:
        row = planned.filter(order=result.shown, group=tier, measure=MEDIAN).row(0, named=True)
        sentences.append(_in_words(tier, row))
    if result.weeks_until_known >= 1:
        sentences.append(
            f"Half of the referrals are known to a list only {result.weeks_until_known:.0f} weeks or more after they "
            "were made, since providers send their records monthly: no order can offer a slot sooner."
        )
    sentences.append(
        f"Events avoided assume that being seen makes later events {measuring.SEEN_FACTOR:g} times as frequent; no "
        "source says so. "
        + (
            "Risk is the true risk of the invented cohort."
            if result.is_true_risk
            else "Risk is what the model estimates; nobody knows the true one."
        )
    )
    return sentences


def _in_words(tier: str, row: dict[str, Any]) -> str:
    change = row["change"]
    if change is None:
        return f"Too few children are in {tier} ({TIER_NAMES[tier]}) to tell what the policy does to them."
    way = "longer" if change > 0 else "shorter"
    return (
        f"With {row['order']}, the median wait of {tier} ({TIER_NAMES[tier]}) is {abs(change):.1f} weeks {way} than "
        f"under longest wait first: {row['value']:.1f} weeks, not {row['value'] - change:.1f}."
    )


def _value(group: str, measure: str) -> pl.Expr:
    return pl.col("value").filter((pl.col("group") == group) & (pl.col("measure") == measure)).first()


def _with_limits(value: str, low: str, high: str) -> pl.Expr:
    parts = [pl.col(name).round(1).cast(pl.String) for name in (value, low, high)]
    return pl.coalesce(pl.format("{} ({} to {})", *parts), pl.lit(TOO_FEW))


def share_of(order: str) -> float | None:
    """Return the share of the need lane that an order's name tells, None for an order without lanes.

    >>> share_of(lanes_name(0.7)), share_of("points")
    (0.7, None)
    """
    name = order.removesuffix(WITH_OVERRIDES)
    return float(name.removeprefix(lanes_name(0)[:-1])) if name.startswith("lanes") else None
