"""The laboratory's run: every order on the same children and slots, the smallest need lane that keeps the standard, and
the price of it.

Each list has random streams of its own, named after it, so that neither the number of cores nor the other lists change
what is drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from risk_model.policy import Policy
from risk_model.simulation import children as drawing
from risk_model.simulation import measuring, orders, reviews, slots
from risk_model.simulation.children import Children
from risk_model.simulation.measuring import ALL, IN_STANDARD, TIERS, Counted
from risk_model.simulation.orders import Booleans, Order
from risk_model.simulation.past import Past
from risk_model.simulation.slots import AS_PLANNED, CAPACITIES, Floats, Ints

LONGEST_WAIT, URGENCY, POINTS, RISK = "longest wait", "clinical urgency", "points", "pure risk"
ACCUMULATING, TRUE_RISK = "accumulating priority", "true risk (nobody can know it)"
SHARES: Final = tuple(round(share / 10, 1) for share in range(1, 10))
MULTIPLE_NEEDS: Final = TIERS[1]
SHARE_THAT_KEEPS_A_STANDARD: Final = 0.92
"""The NHS counts a referral-to-treatment standard as kept when 92 % of the waits are within it."""
INTERVAL: Final = (0.025, 0.975)
EVERY_LIST: Final = "all"
WITH_OVERRIDES: Final = ", with overrides"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is tried: for how many weekly reviews, in how many replicates, with which shares of the need lane."""

    reviews: int = 104
    replicates: int = 40
    shares: tuple[float, ...] = SHARES
    seed: int = 2026
    contacts_a_clinician: float = slots.CONTACTS_A_CLINICIAN


@dataclass(frozen=True)
class Result:
    """`figures` has a row per capacity, order, list (or all), group and measure: `value`, the mean over replicates,
    between `low` and `high`, within which 95 % of them lie, and the same of the paired difference to the order named in
    `against` (`change`, `change_low`, `change_high`): the longest wait or, where reviewers override the lanes, the
    lanes alone. `share` is the smallest share of the need lane that keeps the standard of multiple needs, None if none
    does; `shown_share` the one that the price is told for. `weeks_until_known` is the median time from a referral until
    a list of ours can know of it. `is_true_risk`: the risk carried is the true one of an invented cohort.
    """

    figures: pl.DataFrame
    share: float | None
    shown_share: float
    standards: tuple[int, ...]
    plan: Plan
    weeks_until_known: float
    is_true_risk: bool

    @property
    def shown(self) -> str:
        return lanes_name(self.shown_share)


@dataclass(frozen=True)
class _List:
    past: Past
    children: Children
    groups: dict[str, Booleans]
    slots: dict[str, Ints] = field(default_factory=dict)


def lanes_name(share: float) -> str:
    """Return how a policy of this share of the need lane is called.

    >>> lanes_name(0.7)
    'lanes, q 0.7'
    """
    return f"lanes, q {share:g}"


def simple_orders(policy: Policy, *, has_risk: bool, is_true_risk: bool) -> dict[str, Order]:
    """Return the orders that the lanes are held against; accumulating priority gains a tier's standard as it passes."""
    rates = tuple(1 / tier.standard_weeks for tier in policy.tiers)
    found = {
        LONGEST_WAIT: orders.longest_wait,
        URGENCY: orders.clinical_urgency,
        POINTS: orders.points,
        ACCUMULATING: orders.accumulating(rates),
    }
    if has_risk:
        found[RISK] = orders.pure_risk
    if is_true_risk:
        found[TRUE_RISK] = orders.true_risk
    return found


def steps(plan: Plan) -> int:
    """Return how many steps a run tells of at most."""
    return 6 + len(plan.shares) + 1 + len(CAPACITIES)


def run(pasts: list[Past], policy: Policy, plan: Plan, *, is_true_risk: bool, tell: Tell) -> Result:
    """Return what every order did to the children of every list."""
    has_risk = any(past.facts.risk.any() for past in pasts)
    simple = simple_orders(policy, has_risk=has_risk, is_true_risk=is_true_risk)
    table = Table(pasts, policy, plan)
    for name, order in simple.items():
        tell(f"Simple orders: {name}")
        table.add(AS_PLANNED, name, order)
    own = round(policy.lanes.need_lane_share, 3)
    for tried in sorted({*plan.shares, own}):
        tell(f"Lanes with {tried:.0%} for need")
        table.add(AS_PLANNED, lanes_name(tried), orders.lanes, time_share=1 - tried)
    share = _smallest_share(table.figures(), {*plan.shares, own})
    shown = share or own
    tell("Overrides")
    table.add(
        AS_PLANNED,
        lanes_name(shown) + WITH_OVERRIDES,
        orders.lanes,
        time_share=1 - shown,
        override_weeks=policy.overrides.weeks,
    )
    for capacity in CAPACITIES[1:]:
        tell(f"Capacity: {capacity}")
        table.add(capacity, LONGEST_WAIT, orders.longest_wait)
        table.add(capacity, lanes_name(shown), orders.lanes, time_share=1 - shown)
    until_known = np.concatenate([past.carried_weeks[past.newcomers] for past in pasts])
    return Result(
        figures=table.figures(),
        share=share,
        shown_share=shown,
        standards=_standards(policy),
        plan=plan,
        weeks_until_known=float(np.median(until_known)),
        is_true_risk=is_true_risk,
    )


def _draw(past: Past, plan: Plan) -> _List:
    name = int.from_bytes(hashlib.sha256(past.service_id.encode()).digest()[:8])
    drawn, offered = (np.random.default_rng((plan.seed, name, part)) for part in range(2))
    children = drawing.draw(past, plan.reviews, plan.replicates, drawn)
    state = offered.bit_generator.state
    by_capacity = {}
    for capacity in CAPACITIES:
        offered.bit_generator.state = state
        by_capacity[capacity] = slots.offered(
            past.pace, capacity, plan.replicates, offered, contacts_a_clinician=plan.contacts_a_clinician
        )
    return _List(past, children, measuring.groups_of(children, past), by_capacity)


class Table:
    """The children of every list, drawn once, and the measures of every order so far, by replicate."""

    def __init__(self, pasts: list[Past], policy: Policy, plan: Plan) -> None:
        self.lists = lists = [_draw(past, plan) for past in pasts]
        self.plan, self.standards = plan, _standards(policy)
        names = dict.fromkeys(name for each in lists for name in each.groups)
        none = {id(each): np.zeros(each.children.joins.shape, dtype=np.bool_) for each in lists}
        self.groups = {
            name: np.hstack([each.groups.get(name, none[id(each)]) for each in lists]) for name in names
        }
        self.measured: dict[tuple[str, str, str], dict[str, dict[str, Floats]]] = {}

    def add(
        self, capacity: str, name: str, order: Order, *, time_share: float = 0.0, override_weeks: float = 0.0
    ) -> None:
        counted: list[Counted] = []
        for each in self.lists:
            course = reviews.run(
                each.children,
                each.past.facts,
                each.slots[capacity],
                order,
                time_share=time_share,
                override_weeks=override_weeks,
            )
            of_list = measuring.count(each.children, course, each.past, self.plan.reviews, self.standards)
            tiers = {group: each.groups[group] for group in (ALL, *TIERS)}
            self.measured[capacity, name, each.past.service_id] = measuring.measure(of_list, tiers)
            counted.append(of_list)
        whole = measuring.together(counted)
        self.measured[capacity, name, EVERY_LIST] = measuring.measure(whole, self.groups)

    def figures(self) -> pl.DataFrame:
        services = {each.past.service_id: each.past.service_name for each in self.lists}
        rows = []
        for (capacity, name, service_id), by_group in self.measured.items():
            other = name.removesuffix(WITH_OVERRIDES) if name.endswith(WITH_OVERRIDES) else LONGEST_WAIT
            against = self.measured[capacity, other, service_id]
            for group, by_measure in by_group.items():
                for measure, values in by_measure.items():
                    change = values - against[group][measure]
                    rows.append(
                        {
                            "capacity": capacity,
                            "order": name,
                            "service_id": service_id,
                            "service_name": services.get(service_id, "All lists"),
                            "group": group,
                            "measure": measure,
                            "against": other,
                            **_interval(values, "value", "low", "high"),
                            **_interval(change, "change", "change_low", "change_high"),
                        }
                    )
        return pl.DataFrame(rows, infer_schema_length=None)


def _interval(values: Floats, *names: str) -> dict[str, float | None]:
    known = values[~np.isnan(values)]
    if not known.size:
        return dict.fromkeys(names)
    low, high = np.quantile(known, INTERVAL)
    return dict(zip(names, (float(known.mean()), float(low), float(high)), strict=True))


def _smallest_share(figures: pl.DataFrame, shares: set[float]) -> float | None:
    """The smallest share of the need lane under which enough children of multiple needs are offered a slot in time."""
    kept = figures.filter(
        pl.col("service_id") == EVERY_LIST,
        pl.col("group") == MULTIPLE_NEEDS,
        pl.col("measure") == IN_STANDARD,
        pl.col("value") >= SHARE_THAT_KEEPS_A_STANDARD,
    )["order"].to_list()
    return min((share for share in shares if lanes_name(share) in kept), default=None)


def _standards(policy: Policy) -> tuple[int, ...]:
    return tuple(tier.standard_weeks for tier in policy.tiers)
