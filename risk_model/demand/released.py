"""What may be told of a service's list: figures under the small-number rule, and all that is reckoned from them.

A plan, a forecast, a word such as "growing" is reckoned from the figures as they are shown, so that however often
somebody asks, with whatever slots, nothing comes back that the shown figures do not tell already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from risk_model import disclosure
from risk_model.demand.bands import LONG_WAIT_WEEKS, STANDARD_WEEKS
from risk_model.demand.measures import queue_load, relief_capacity, target_capacity, target_queue_size
from risk_model.disclosure import NHS_ENGLAND, Rule
from risk_model.worklist import Worklist

TIERS = (0, 1, 2)
FLOW_WEEKS = 26
"""A run counts referrals and first contacts over half a year."""
TARGET_WAIT_WEEKS = STANDARD_WEEKS
"""The NHS Constitution's wait for consultant-led care, which community services report against."""
WEEKS_TO_TARGET = 52
STEADY = 0.02
"""Within two in a hundred, half a year of referrals does not show a direction."""
DAYS_A_WEEK = 7
HIDDEN = "not shown"


@dataclass(frozen=True)
class Figures:
    """One service's figures as they may be shown; numbers are those shown, None where they are hidden.

    `tiers`, `median_weeks` have an entry for each tier; `waits` for up to 18 weeks, 18 to 52, over 52; `dates` for
    children without and with a latest date. Rates are first contacts and referrals a week, to half a child.
    """

    service_id: str
    service_name: str
    provider_code: str
    counted_on: date
    waiting: int | None
    waiting_shown: str
    tiers: Sequence[str]
    waits: Sequence[str]
    dates: Sequence[str]
    median_weeks: Sequence[str]
    referred: str
    seen: str

    @property
    def referred_per_week(self) -> float | None:
        return None if self.referred == disclosure.SUPPRESSED else float(self.referred)

    @property
    def seen_per_week(self) -> float | None:
        return None if self.seen == disclosure.SUPPRESSED else float(self.seen)

    @property
    def load(self) -> float | None:
        """Demand over capacity."""
        referred, seen = self.referred_per_week, self.seen_per_week
        return None if referred is None or not seen else float(queue_load(referred, seen))

    @property
    def list_is(self) -> str:
        """Whether the list grows, shrinks or is steady, or that this is hidden."""
        if self.referred_per_week is None or self.seen_per_week is None:
            return HIDDEN
        load = queue_load(self.referred_per_week, self.seen_per_week)
        if load >= 1 + STEADY:
            return "growing"
        return "shrinking" if load <= 1 - STEADY else "steady"

    @property
    def target_queue_size(self) -> float | None:
        """How many may wait for 18 weeks to be kept by nearly all."""
        referred = self.referred_per_week
        return None if referred is None else float(target_queue_size(referred, TARGET_WAIT_WEEKS))

    @property
    def target_capacity(self) -> float | None:
        """First contacts a week that keep the list at its target size, once there."""
        referred = self.referred_per_week
        return None if not referred else float(target_capacity(referred, TARGET_WAIT_WEEKS))

    @property
    def relief_capacity(self) -> float | None:
        """First contacts a week that bring the list to its target size in a year; not below 0."""
        size = self.target_queue_size
        if size is None or self.waiting is None:
            return None
        relief = relief_capacity(self.referred_per_week or 0.0, self.waiting, size, WEEKS_TO_TARGET)
        return max(0.0, float(relief))

    @property
    def relief_shown(self) -> str:
        """The relief capacity to half a first contact, or the mark where a figure behind it is hidden."""
        relief = self.relief_capacity
        return disclosure.SUPPRESSED if relief is None else f"{int(relief * 2 + 0.5) / 2:g}"

    def date_at_target(self, more_slots: float = 0.0, more_demand_percent: float = 0.0) -> date | None:
        """Return the day on which the list has its target size at this pace; None where it grows instead, or is hidden.

        First contacts alone count: a child who leaves unseen is no success.
        """
        if self.waiting is None or self.referred_per_week is None or self.seen_per_week is None:
            return None
        referred = self.referred_per_week * (1 + more_demand_percent / 100)
        size = float(target_queue_size(referred, TARGET_WAIT_WEEKS))
        shrinks = self.seen_per_week + more_slots - referred
        if self.waiting <= size and shrinks >= 0:
            return self.counted_on
        weeks = (self.waiting - size) / shrinks if shrinks > 0 else float("inf")
        days = weeks * DAYS_A_WEEK
        return self.counted_on + timedelta(days=round(days)) if days < FURTHEST_DAYS else None


FURTHEST_DAYS = 20 * 365
"""A date further off than twenty years is no plan."""


def of_list(
    listed: pl.DataFrame, facts: Mapping[str, Any], counted_on: date, rule: Rule = NHS_ENGLAND
) -> Figures:
    """Return one service's figures; `listed` is its part of the run's list, `facts` what provenance says of it."""
    weeks = listed["days_waiting"] / DAYS_A_WEEK
    over_standard, over_long = int((weeks > STANDARD_WEEKS).sum()), int((weeks > LONG_WAIT_WEEKS).sum())
    without_date = listed["latest_on"].null_count()
    of_tier = [listed.filter(tier=tier) for tier in TIERS]
    tiers = disclosure.publishable_breakdown([each.height for each in of_tier], rule)
    medians = [_median_weeks(each, shown, rule) for each, shown in zip(of_tier, tiers, strict=True)]
    waits = (listed.height - over_standard, over_standard - over_long, over_long)
    return Figures(
        service_id=str(facts["service_id"]),
        service_name=str(facts["service_name"]),
        provider_code=str(facts["provider_code"]),
        counted_on=counted_on,
        waiting=disclosure.rounded(listed.height, rule),
        waiting_shown=disclosure.publishable_count(listed.height, rule),
        tiers=tiers,
        waits=disclosure.publishable_breakdown(waits, rule),
        dates=disclosure.publishable_breakdown([without_date, listed.height - without_date], rule),
        median_weeks=medians,
        referred=disclosure.publishable_rate(facts["referrals_per_week"], FLOW_WEEKS, rule),
        seen=disclosure.publishable_rate(facts["first_contacts_per_week"], FLOW_WEEKS, rule),
    )


def of_run(run: Worklist, rule: Rule = NHS_ENGLAND) -> list[Figures]:
    """Return the figures of every service of a run, by name and provider."""
    day = date.fromisoformat(run.provenance["index_date"])
    found = [
        of_list(run.list.filter(service_id=facts["service_id"]), facts, day, rule)
        for facts in run.provenance["services"]
    ]
    return sorted(found, key=lambda figures: (figures.service_name, figures.provider_code))


def _median_weeks(listed: pl.DataFrame, shown: str, rule: Rule) -> str:
    """A median stands on children who are shown: of a hidden tier none is."""
    if shown == disclosure.SUPPRESSED or listed.is_empty():
        return disclosure.SUPPRESSED
    middle = listed["days_waiting"].median()
    return disclosure.publishable_mean(
        float(middle) / DAYS_A_WEEK if isinstance(middle, int | float) else None, listed.height, rule
    )
