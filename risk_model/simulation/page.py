"""The report of the laboratory: one HTML file, with no script and nothing to fetch."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from risk_model.contracts.pages import environment
from risk_model.simulation import charts
from risk_model.simulation.laboratory import Result
from risk_model.simulation.slots import STRIKE_WEEKS_A_YEAR, SUMMER_SHARE
from risk_model.simulation.telling import Told, share_of


def report_page(result: Result, told: Told, *, policy: str, index_date: date) -> str:
    """Return the report for whoever is to sign the policy."""
    names = told.shares["order"].to_list()
    shares = {share: name for name in names if (share := share_of(name)) is not None}
    return (
        environment(Path(__file__).with_name("templates"))
        .get_template("simulation.html.jinja")
        .render(
            told=told,
            plan=result.plan,
            policy=policy,
            index_date=f"{index_date.day} {index_date:%B %Y}",
            waits=charts.waits(told.figures, told.orders["order"].to_list()),
            curve=charts.curve(told.figures, shares),
            key=charts.key(),
            strike_weeks=STRIKE_WEEKS_A_YEAR,
            summer_share=SUMMER_SHARE,
        )
    )
