"""The HTML report of demand and capacity: one file, with no script and nothing to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup

from risk_model.contracts.pages import environment
from risk_model.demand import charts, forecast, released
from risk_model.demand.plan import Plan
from risk_model.disclosure import Rule

NOT_SUBMITTED = "not submitted"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def report_page(
    plans: Sequence[Plan], *, run: str, rule: Rule, published: pl.DataFrame | None = None, source: str = ""
) -> str:
    """Return the report of a run's plans and, where a published file was read, of an organisation's lines in it."""
    pages = environment(Path(__file__).with_name("templates"))
    pages.filters |= {"day": day_in_words, "number": number_in_words}
    return pages.get_template("demand.html.jinja").render(
        plans=[(plan, drawing(plan)) for plan in plans],
        run=run,
        rule=rule,
        target_weeks=released.TARGET_WAIT_WEEKS,
        lines=list(forecast.FAN),
        tiers=released.TIERS,
        season=season_in_words,
        published=[] if published is None else published.to_dicts(),
        source=source,
        not_submitted=NOT_SUBMITTED,
    )


def drawing(plan: Plan) -> Markup | None:
    """Return the fan as now, with the first alternative dotted; None where the figures are hidden."""
    if not plan.outlooks:
        return None
    now, *others = plan.outlooks
    finding = (
        f"As now, the list of {plan.figures.waiting:,} will be {now.range_in_words} in 12 months, "
        "nine times in ten."
    )
    other = others[0] if others else None
    return charts.fan(now.fan, other.fan if other else None, other.scenario.name if other else "", finding)


def season_in_words(season: dict[int, float] | None) -> str:
    """Return when most and fewest children are referred.

    >>> season_in_words({1: 1.2, 8: 0.5, 9: 1.0})
    'most in Jan (120 % of a mean month), fewest in Aug (50 %)'
    """
    if not season:
        return "not enough months to say"
    most, fewest = max(season, key=lambda m: season[m]), min(season, key=lambda m: season[m])
    return (
        f"most in {MONTHS[most - 1]} ({season[most]:.0%}".replace("%", " %")
        + f" of a mean month), fewest in {MONTHS[fewest - 1]} ({season[fewest]:.0%}".replace("%", " %")
        + ")"
    )


def day_in_words(day: date | None) -> str:
    """Return a day as people write it.

    >>> day_in_words(date(2026, 3, 9)), day_in_words(None)
    ('9 March 2026', 'not at this pace')
    """
    return "not at this pace" if day is None else f"{day.day} {day:%B %Y}"


def number_in_words(value: Any) -> str:
    """Return a number with at most one decimal, or the mark where it is hidden.

    >>> number_in_words(1234.0), number_in_words(2.25), number_in_words(None)
    ('1,234', '2.2', '*')
    """
    if value is None:
        return "*"
    return f"{value:,.1f}".removesuffix(".0")
