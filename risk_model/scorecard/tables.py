"""The scorecard in memory: its terms, the risk that follows from them, its interval and its band.

The rule at an edge is "x <= edge goes left". Numbers are 64-bit from the features on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.errors import UserError

INTERVAL = (0.05, 0.95)
"""A nine-in-ten interval over the bootstrap tables."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Term:
    """One feature's table: the log-factor of every interval, of "unknown", and the mean over the fitted rows."""

    feature: str
    edges: Numbers
    values: Numbers
    unknown: float
    mean: float
    used_for_place: bool

    def log_factor(self, column: Numbers) -> Numbers:
        """Return the table's entry for each value; a missing value is "unknown"."""
        found = self.values[np.searchsorted(self.edges, column, side="left")]
        return np.where(np.isnan(column), self.unknown, found)

    def places(self, column: pl.Series) -> npt.NDArray[np.intp]:
        """Return the interval of each value, and for a null the place behind the last interval, that of "unknown".

        A table with one edge needs no search: one comparison says it.
        """
        if not len(self.edges):
            known = np.zeros(len(column), dtype=np.intp)
        elif len(self.edges) == 1:
            known = (column > float(self.edges[0])).fill_null(False).to_numpy().astype(np.intp)
        else:
            known = np.searchsorted(self.edges, column.fill_null(0.0).to_numpy(), side="left")
        if column.null_count():
            known[column.is_null().to_numpy()] = len(self.values)
        return known


@dataclass(frozen=True)
class Table:
    """A base log-hazard per fortnight and its terms, with the baseline hazard summed over the horizon."""

    base: float
    baseline_exposure: float
    terms: tuple[Term, ...]

    def log_hazard(self, columns: Mapping[str, Numbers]) -> Numbers:
        """Return the log-hazard of each child per unit of baseline exposure."""
        rows = len(next(iter(columns.values())))
        total = np.full(rows, self.base)
        for term in self.terms:
            total += term.log_factor(columns[term.feature])
        return total

    def risk(self, log_hazard: Numbers) -> Numbers:
        """Return the chance of the event within the horizon if the child is not yet seen."""
        result: Numbers = -np.expm1(-np.exp(log_hazard) * self.baseline_exposure)
        return result


@dataclass(frozen=True)
class Scorecard:
    """`scorecard.json` in memory: the table, its bootstrap tables and what they were made from."""

    document: dict[str, Any]

    @cached_property
    def table(self) -> Table:
        return _table(self.document)

    @cached_property
    def bootstrap(self) -> tuple[Table, ...]:
        return tuple(_table(replicate) for replicate in self.document["bootstrap"])

    @property
    def features(self) -> list[str]:
        return list(dict.fromkeys(term.feature for term in self.table.terms))

    @property
    def band_width(self) -> float:
        """How far two log-hazards must lie apart to be told apart."""
        return float(self.document["band_width"])

    @property
    def form(self) -> dict[str, Any]:
        """Which form was fitted, and why it and not the other."""
        return dict(self.document["form"])

    @property
    def calibration(self) -> dict[str, Any]:
        """Events expected and observed by group on rows that were held out."""
        return dict(self.document["calibration"])

    @property
    def inputs(self) -> dict[str, Any] | None:
        """How the features were distributed in the rows of the fit; none where it was not recorded."""
        return self.document.get("inputs")

    @property
    def serial(self) -> int:
        """The number of the scorecard among those of its registry."""
        return int(self.document["serial"])

    @property
    def digest(self) -> str:
        return str(self.document["digest"])

    @property
    def id(self) -> str:
        return str(self.document["id"])


def columns(card: Scorecard, features: pl.DataFrame) -> dict[str, Numbers]:
    """Return the features a scorecard reads as float columns, missing values as NaN."""
    if missing := sorted(set(card.features) - set(features.columns)):
        raise UserError(
            f"The model {card.id} reads {len(missing)} features that this version does not make: {', '.join(missing)}. "
            "Expected a model trained by this version. Train again, or add --policy-only."
        )
    return {
        name: features[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in card.features
    }


def predict(card: Scorecard, features: pl.DataFrame) -> pl.DataFrame:
    """Return risk, its interval and the risk band of each row.

    Columns: `risk`, `risk_low`, `risk_high` (chance of the event within 26 weeks if not yet seen); and for the place,
    without the time waited, which only the policy may turn into priority: `risk_low_for_place`, `risk_band` (a lower
    number is a higher risk; children of one band cannot be told apart) and `risk_band_draws` (the bands under the
    bootstrap's tables).
    """
    values = columns(card, features)
    estimated, place = card.table.log_hazard(values), log_hazard_for_place(card.table, values)
    low, high = np.quantile(
        _around(estimated, [t.log_hazard(values) for t in card.bootstrap]), INTERVAL, axis=0
    )
    draws = _around(place, [log_hazard_for_place(t, values) for t in card.bootstrap])
    return pl.DataFrame(
        {
            "risk": card.table.risk(estimated),
            "risk_low": card.table.risk(np.minimum(low, estimated)),
            "risk_high": card.table.risk(np.maximum(high, estimated)),
            "risk_low_for_place": card.table.risk(np.quantile(draws, INTERVAL[0], axis=0)),
            "risk_band": band(card, place),
            "risk_band_draws": pl.Series(band(card, draws).T.copy()).cast(pl.List(pl.Int64)),
        }
    )


def _around(estimated: Numbers, replicates: list[Numbers]) -> Numbers:
    """The bootstrap's log-hazards, one row per table, centred on the estimate.

    Its fits have fewer rounds and lie nearer to the mean of all children; only their spread is of use.
    """
    drawn = np.stack(replicates)
    centred: Numbers = drawn - drawn.mean(axis=0) + estimated
    return centred


def log_hazard_for_place(table: Table, values: Mapping[str, Numbers]) -> Numbers:
    """Return the log-hazard with the terms that may not earn a place held at their mean."""
    rows = len(next(iter(values.values())))
    total = np.full(rows, table.base)
    for term in table.terms:
        total += term.log_factor(values[term.feature]) if term.used_for_place else term.mean
    return total


def band(card: Scorecard, log_hazard: Numbers) -> npt.NDArray[np.int64]:
    """Return the risk band of each log-hazard, counted down from the top of a fixed scale.

    The scale is fixed by the scorecard and not by the children on a list, so that a higher risk never moves a
    child to a later band, whoever else is waiting.
    """
    return -np.floor(np.round(log_hazard / card.band_width, 9)).astype(np.int64)


def _table(part: Mapping[str, Any]) -> Table:
    terms = tuple(
        Term(
            feature=term["feature"],
            edges=np.array(term["edges"], dtype=np.float64),
            values=np.array(term["values"], dtype=np.float64),
            unknown=float(term["unknown"]),
            mean=float(term["mean"]),
            used_for_place=bool(term["used_for_place"]),
        )
        for term in part["terms"]
    )
    return Table(float(part["base"]), float(part["baseline_exposure"]), terms)
