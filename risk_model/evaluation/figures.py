"""Everything that later quarters say of the model and of the orders beside it: one long table, a figure in a row.

Columns: `measure`, `of` (an order, a group, a service), `at` (a share, a tenth, a threshold, a quarter), `value` with
its 95 % limits `low` and `high` over draws of children, and `count`, the rows or events it rests on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.evaluation import drift, measures
from risk_model.model import FORTNIGHTS, Rows
from risk_model.model.choosing import GROUPS
from risk_model.scorecard import Numbers, Scorecard, columns

SHARES = (0.01, 0.05, 0.10, 0.20)
"""Of a list: what a clinic can see at once is rarely more."""
THRESHOLDS = (0.05, 0.10, 0.15, 0.20, 0.30)
"""Risks at which somebody might act; ours, since nobody has agreed one yet."""
TENTHS = 10
REVIEW_FORTNIGHTS = 2
"""Four weeks between two reviews: whom a service saw within them is what it has places for."""
SCHEMA = {
    "measure": pl.String,
    "of": pl.String,
    "at": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "count": pl.Int64,
}
AUC, CAPTURE, TENTH, GROUP = (
    "area under the curve",
    "share of events in the top",
    "calibration by tenth",
    "calibration by group",
)
EXPECTED, NET_BENEFIT, AT_CAPACITY, LABELS = (
    "expected share by tenth",
    "net benefit",
    "events at the places of a review",
    "recorded events by part",
)
MODEL_ALONE, EVERYBODY = "model", "everybody"

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]


def results(
    card: Scorecard, rows: Rows, fitted: Rows, ranked: Mapping[str, Numbers], *, seed: int
) -> pl.DataFrame:
    """Return every figure of a model on rows later than the fitted ones; `ranked` is what `orderings` says of them."""
    weights = measures.draws_by_child(rows.child_codes(), seed)
    log_hazard = card.table.log_hazard(columns(card, rows.features))
    expected = np.exp(log_hazard) * measures.baseline_exposure(card, rows)
    risk = card.table.risk(log_hazard)
    found = [
        *_discrimination(ranked, rows, weights),
        *_calibration(risk, expected, rows, weights),
        *_net_benefit(risk, rows, weights),
        *_at_capacity(ranked, rows, weights),
        *_labels(rows),
        *drift.between_quarters(card, rows, fitted, expected, weights),
        *drift.when_a_record_is_lost(card, rows, seed),
    ]
    return pl.DataFrame(found, schema=SCHEMA)


def _discrimination(ranked: Mapping[str, Numbers], rows: Rows, weights: Numbers) -> Iterator[Row]:
    for name, score in ranked.items():
        yield measures.row(AUC, name, "", measures.auc_draws(score, rows, weights), int(rows.event.sum()))
    for share in SHARES:
        for name, score in ranked.items():
            top = measures.top(score, share)
            captured = (weights @ (rows.event * top)) / (weights @ rows.event)
            yield measures.row(CAPTURE, name, f"{share:.0%}", captured, int(rows.event.sum()))


def _calibration(risk: Numbers, expected: Numbers, rows: Rows, weights: Numbers) -> Iterator[Row]:
    tenth = (np.argsort(np.argsort(risk, kind="stable")) * TENTHS) // len(risk)
    for number in range(TENTHS):
        chosen = tenth == number
        at, events = str(number + 1), int(rows.event[chosen].sum())
        yield measures.row(TENTH, MODEL_ALONE, at, _chance(rows, weights, chosen), events)
        yield measures.row(EXPECTED, MODEL_ALONE, at, np.repeat(risk[chosen].mean(), 2), events)
    for name, claim in GROUPS.items():
        chosen = np.broadcast_to(
            rows.features.select(claim.fill_null(False)).to_series().to_numpy(), risk.shape
        )
        if events := int(rows.event[chosen].sum()):
            ratio = (weights @ (expected * chosen)) / (weights @ (rows.event * chosen))
            yield measures.row(GROUP, name, "", ratio, events)


def _net_benefit(risk: Numbers, rows: Rows, weights: Numbers) -> Iterator[Row]:
    """Events found less children called for nothing, in events per child (Vickers and others 2008, for censored times).

    The harm of one called for nothing is the odds of the threshold; calling nobody has the benefit 0.
    """
    everybody = np.ones(len(risk), dtype=np.bool_)
    for threshold in THRESHOLDS:
        for name, chosen in ((MODEL_ALONE, risk >= threshold), (EVERYBODY, everybody)):
            if not chosen.any():
                continue
            chance = _chance(rows, weights, chosen)
            share = (weights @ chosen) / weights.sum(axis=1)
            benefit = share * (chance - (1 - chance) * threshold / (1 - threshold))
            yield measures.row(NET_BENEFIT, name, f"{threshold:.0%}", benefit, int(chosen.sum()))


def _chance(rows: Rows, weights: Numbers, chosen: Mask) -> Numbers:
    """The chance of an event within the half-year among the chosen rows, by Kaplan and Meier, in every draw."""
    fortnight = np.arange(1, FORTNIGHTS + 1)
    own, event = rows.fortnights[chosen], rows.event[chosen]
    at_risk = weights[:, chosen] @ (own[:, None] >= fortnight)
    events = weights[:, chosen] @ ((own[:, None] == fortnight) & event[:, None])
    survived = 1 - np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
    chance: Numbers = 1 - survived.prod(axis=1)
    return chance


def _at_capacity(ranked: Mapping[str, Numbers], rows: Rows, weights: Numbers) -> Iterator[Row]:
    """Events per hundred half-years among as many children as each service saw between two reviews."""
    days = rows.landmarks.to_physical().to_numpy()
    quarters = np.unique(days)
    half_years = rows.fortnights / FORTNIGHTS
    for service in rows.services.explode().drop_nulls().unique().sort().to_list():
        listed = rows.services.list.contains(service).to_numpy()
        seen = listed & rows.was_seen & (rows.fortnights <= REVIEW_FORTNIGHTS)
        places = round(seen.sum() / len(quarters))
        if not places:
            continue
        for name, score in ranked.items():
            chosen = np.zeros(len(score))
            for day in quarters:
                own = np.flatnonzero(listed & (days == day))
                chosen[own] = measures.first(score[own], min(places, len(own))) if len(own) else 0.0
            found = 100 * (weights @ (rows.event * chosen)) / (weights @ (half_years * chosen))
            yield measures.row(AT_CAPACITY, name, service, found, places)


def _labels(rows: Rows) -> Iterator[Row]:
    """Recorded events of each part per hundred half-years, by group: where one is low, look at how it is recorded."""
    half_years = rows.fortnights / FORTNIGHTS
    for name, claim in GROUPS.items():
        chosen = np.broadcast_to(
            rows.features.select(claim.fill_null(False)).to_series().to_numpy(), half_years.shape
        )
        for part in rows.parts.columns if chosen.any() else ():
            happened = rows.parts[part].to_numpy() & chosen
            rate = 100 * happened.sum() / half_years[chosen].sum()
            yield measures.row(LABELS, name, part, np.repeat(rate, 2), int(happened.sum()))
