"""The plan of a service: its figures, what may become of its list, and what slots or demand would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from risk_model import disclosure
from risk_model.demand import forecast, released
from risk_model.demand.forecast import Paths, Scenario
from risk_model.demand.released import Figures
from risk_model.disclosure import NHS_ENGLAND, Rule
from risk_model.worklist import Worklist


@dataclass(frozen=True)
class Outlook:
    """A scenario's fan as it may be shown, in children; the day it brings the list to its target, or None."""

    scenario: Scenario
    fan: pl.DataFrame
    on_target: date | None
    weeks_to_be_seen: float | None

    @property
    def range_in_words(self) -> str:
        """Where nine in ten paths end after twelve months.

        A range of rounded counts, such as "250 to 340".
        """
        last = self.fan.row(-1, named=True)
        return f"{last['low_90']:,} to {last['high_90']:,}"


@dataclass(frozen=True)
class Plan:
    """One service's figures and outlooks; without outlooks its figures are hidden. `season` is by calendar month."""

    figures: Figures
    outlooks: Sequence[Outlook]
    basis: str
    referred_between: tuple[float, float] | None
    season: dict[int, float] | None


def of_run(
    run: Worklist, tried: Sequence[Scenario], rule: Rule = NHS_ENGLAND, service: str | None = None
) -> list[Plan]:
    """Return the plan of every service of a run, or of one, from its figures and its months of referrals."""
    figures = [each for each in released.of_run(run, rule) if service in (None, each.service_id)]
    return [of_service(each, tried, _flow_of(run, each), rule) for each in figures]


def of_service(
    figures: Figures, tried: Sequence[Scenario], flow: pl.DataFrame | None = None, rule: Rule = NHS_ENGLAND
) -> Plan:
    """Return one service's plan; without months of referrals, from the rates shown alone."""
    referred, seen = figures.referred_per_week, figures.seen_per_week
    if figures.waiting is None or referred is None or seen is None:
        return Plan(figures, [], disclosure.SUPPRESSED, None, None)
    history = None if flow is None else forecast.from_history(flow, figures.waiting)
    paths = history or forecast.from_rates(referred, seen)
    return Plan(
        figures,
        [_outlook(figures, paths, scenario, seen, rule) for scenario in tried],
        paths.basis,
        forecast.rate_interval(referred),
        None if flow is None else forecast.season(flow),
    )


def rows(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Return one row per service and scenario, as the table, the JSON and the Parquet show them."""
    return [_row(plan, outlook) for plan in plans for outlook in (plan.outlooks or (None,))]


def _row(plan: Plan, outlook: Outlook | None) -> dict[str, Any]:
    figures = plan.figures
    last = {} if outlook is None else outlook.fan.row(-1, named=True)
    low, high = plan.referred_between or (None, None)
    return {
        "service_id": figures.service_id,
        "service_name": figures.service_name,
        "provider_code": figures.provider_code,
        "counted_on": figures.counted_on,
        "waiting": figures.waiting,
        "referred_per_week": figures.referred_per_week,
        "referred_low": low and round(low, 1),
        "referred_high": high and round(high, 1),
        "seen_per_week": figures.seen_per_week,
        "load": figures.load and round(figures.load, 2),
        "list_is": figures.list_is,
        "target_queue_size": figures.target_queue_size and round(figures.target_queue_size),
        "relief_capacity": figures.relief_capacity and round(figures.relief_capacity, 1),
        "pressure": _pressure(figures),
        "scenario": outlook and outlook.scenario.name,
        **{f"in_12_months_{name}": last.get(name) for name in forecast.FAN},
        "on_target": outlook and outlook.on_target,
    }


def _pressure(figures: Figures) -> float | None:
    """Twice the mean wait over the target; the mean wait is that of Little's law at the present pace."""
    if figures.waiting is None or not figures.seen_per_week:
        return None
    wait = forecast.weeks_of_wait(figures.waiting, figures.seen_per_week)
    return None if wait is None else round(2 * wait / released.TARGET_WAIT_WEEKS, 2)


def _outlook(figures: Figures, paths: Paths, scenario: Scenario, seen: float, rule: Rule) -> Outlook:
    assert figures.waiting is not None
    exact = forecast.fan(figures.waiting, paths, scenario)
    base = rule.rounding_base
    shown = exact.with_columns(((pl.col(list(forecast.FAN)) / base).round() * base).cast(pl.Int64))
    pace = max(seen + scenario.more_slots, 0.0)
    return Outlook(
        scenario,
        shown,
        figures.date_at_target(scenario.more_slots, scenario.more_demand_percent),
        forecast.weeks_of_wait(figures.waiting, pace),
    )


def _flow_of(run: Worklist, figures: Figures) -> pl.DataFrame | None:
    return None if run.flow is None else run.flow.filter(service_id=figures.service_id)
