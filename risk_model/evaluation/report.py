"""The report of an evaluation as one HTML page: no script, nothing to fetch, a table beside each drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup

from risk_model.contracts.pages import environment
from risk_model.evaluation import drift, figures, plots

WIDE, FINE = 2, 3
"""Digits behind the point: of ratios and rates, and of shares of one."""


@dataclass(frozen=True)
class Section:
    """One question that the results answer: a drawing if one helps, and the table of its figures."""

    title: str
    says: str
    drawing: Markup | None
    heads: list[str]
    rows: list[list[str]]


def report_page(judged: Mapping[str, Any], found: pl.DataFrame) -> str:
    """Return the page of an evaluation and its table of results."""
    pages = environment(Path(__file__).with_name("templates"))
    services = [
        [service["service_id"], str(service["events"]), _told(service)] for service in judged["services"]
    ]
    return pages.get_template("evaluation.html.jinja").render(
        judged=judged, services=services, sections=[section for section in _sections(found) if section.rows]
    )


def _told(service: Mapping[str, Any]) -> str:
    if service["because"]:
        return "Its own children show the model wrong. " + " ".join(service["because"])
    if service["likelihood_gain"] is None:
        return "Goes with all together: too few events to be judged alone."
    return "Passes on its own children too."


def _sections(found: pl.DataFrame) -> list[Section]:
    of = {name: part for (name,), part in found.partition_by("measure", as_dict=True).items()}
    none = found.clear()
    return [
        Section(
            "Telling apart",
            "How often a child with an event has a higher score than one who was followed for half a year without.",
            _forest(of.get(figures.AUC, none), "of", 0.5, "Area under the curve by order"),
            *_table(of.get(figures.AUC, none), FINE, of="Order"),
        ),
        Section(
            "Events among the first",
            "The share of all later events that the first of each order hold.",
            _lines(of.get(figures.CAPTURE, none), "Share of events by share of the list and order"),
            *_table(of.get(figures.CAPTURE, none), FINE, of="Order", at="First"),
        ),
        Section(
            "Calibration by tenth of the estimate",
            "The chance of an event within half a year as it was observed (Kaplan and Meier), beside the estimate's.",
            _tenths(of.get(figures.TENTH, none), of.get(figures.EXPECTED, none)),
            *_table(of.get(figures.TENTH, none), FINE, at="Tenth, the lowest first"),
        ),
        Section(
            "Calibration by group",
            "Events expected over events recorded; at 1 they agree. A group whose events are under-recorded looks "
            "over-estimated.",
            _forest(of.get(figures.GROUP, none), "of", 1.0, "Expected over recorded events by group"),
            *_table(of.get(figures.GROUP, none), WIDE, of="Group"),
        ),
        Section(
            "Net benefit",
            "Events found, less the children called for nothing at the odds of the threshold, per child. Calling "
            "nobody has 0.",
            _lines(of.get(figures.NET_BENEFIT, none), "Net benefit by threshold", zero=False),
            *_table(of.get(figures.NET_BENEFIT, none), FINE, of="Called", at="From a risk of"),
        ),
        Section(
            "At each service's own places",
            "Events per hundred half-years among as many children as the service saw in four weeks (the count).",
            None,
            *_table(of.get(figures.AT_CAPACITY, none), WIDE, of="Order", at="Service"),
        ),
        Section(
            "What was recorded",
            "Events per hundred half-years by part and group: where one is low, look at how it is recorded.",
            None,
            *_table(of.get(figures.LABELS, none), WIDE, of="Group", at="Part", limits=False),
        ),
        Section(
            "Change between quarters",
            "The stability index of the risk and of the five features that changed most since the fit; below 0.1 is "
            "little, above 0.25 much.",
            None,
            *_table(of.get(drift.SHIFT, none), FINE, of="What", at="Quarter", limits=False),
        ),
        Section(
            "Calibration by quarter",
            "Events expected over events recorded in each later quarter.",
            _forest(of.get(drift.BY_QUARTER, none), "at", 1.0, "Expected over recorded events by quarter"),
            *_table(of.get(drift.BY_QUARTER, none), WIDE, at="Quarter"),
        ),
        Section(
            "When one record is lost",
            "How far a child's place moves, as a share of all children, and by what factor its risk, when one of its "
            "recorded needs is not recorded: the median, and the limits of nine in ten children.",
            None,
            *_table(pl.concat([of.get(drift.MOVED, none), of.get(drift.FACTOR, none)]), FINE, measure="What"),
        ),
    ]


def _table(
    part: pl.DataFrame, digits: int, *, limits: bool = True, **named: str
) -> tuple[list[str], list[list[str]]]:
    """Return the heads and cells of a table; `named` says which columns are shown under which heads."""
    numbers = {"value": "Value"} | ({"low": "From", "high": "To"} if limits else {})
    heads = [*named.values(), *numbers.values(), "Count"]
    cells = [
        [
            *(str(row[name]).replace("_", " ") for name in named),
            *(f"{row[name]:.{digits}f}" for name in numbers),
            f"{row['count']:,}",
        ]
        for row in part.iter_rows(named=True)
    ]
    return heads, cells


def _forest(part: pl.DataFrame, label: str, reference: float, what: str) -> Markup | None:
    dots = [
        plots.Dot(row[label], row["value"], row["low"], row["high"]) for row in part.iter_rows(named=True)
    ]
    return plots.forest(dots, reference=reference, what=what) if dots else None


def _lines(part: pl.DataFrame, what: str, *, zero: bool = True) -> Markup | None:
    points = part["at"].unique(maintain_order=True).to_list()
    series = {
        name: own["value"].to_list()
        for (name,), own in part.partition_by("of", as_dict=True, maintain_order=True).items()
        if own.height == len(points)
    }
    return plots.lines(points, series, what=what, zero=zero) if series else None


def _tenths(observed: pl.DataFrame, expected: pl.DataFrame) -> Markup | None:
    series = {"observed": observed["value"].to_list(), "estimated": expected["value"].to_list()}
    points = observed["at"].to_list()
    return (
        plots.lines(points, series, what="Observed and estimated chance by tenth", zero=True)
        if points
        else None
    )
