"""The rows a model is fitted on: one per child and landmark, with its time at risk and whether the event ended it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.features import FEATURES, MODEL_FEATURES
from risk_model.scorecard import Numbers
from risk_model.snapshot import HORIZON_DAYS, PARTS

FORTNIGHT_DAYS = 14
FORTNIGHTS = HORIZON_DAYS // FORTNIGHT_DAYS
HORIZON_WEEKS = HORIZON_DAYS // 7
LEAST_EVENTS = 0.5


@dataclass(frozen=True)
class Rows:
    """Training rows: one per child and landmark.

    `features` has the columns of the features, `fortnights` the fortnights at risk (1 to 13) and `event` whether the
    event ended them; `children` tells rows of one child, for resampling, `parts` which part of the event it was, and
    `services` which services the child waited for; `was_seen` says that a first contact ended the time at risk.
    """

    features: pl.DataFrame
    fortnights: npt.NDArray[np.int64]
    event: npt.NDArray[np.bool_]
    children: pl.Series
    landmarks: pl.Series
    parts: pl.DataFrame = field(default_factory=pl.DataFrame)
    services: pl.Series = field(default_factory=pl.Series)
    was_seen: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def child_codes(self) -> npt.NDArray[np.int64]:
        """Return a number per child, counted from 0 in the order in which the rows first name them."""
        rows = pl.DataFrame({"child": self.children}).with_row_index("row")
        first_row = pl.col("row").min().over("child")
        codes = rows.select(first_row.rank("dense").cast(pl.Int64) - 1)
        return codes.to_series().to_numpy()

    def take(self, rows: npt.NDArray[np.int64]) -> Rows:
        """Return these rows, by number."""
        return Rows(
            self.features[rows],
            self.fortnights[rows],
            self.event[rows],
            self.children[rows],
            self.landmarks[rows],
            self.parts[rows] if self.parts.width else self.parts,
            self.services[rows] if len(self.services) else self.services,
            self.was_seen[rows] if len(self.was_seen) else self.was_seen,
        )

    def where(self, claim: npt.NDArray[np.bool_]) -> Rows:
        """Return the rows that meet a claim."""
        return self.take(np.flatnonzero(claim))

    def events_by_part(self) -> dict[str, int]:
        """Return in how many rows each part of the event came first; two parts of one day count twice."""
        return {part: int(self.parts[part].sum()) for part in self.parts.columns}


def training_rows(children: pl.DataFrame) -> Rows:
    """Return the rows of one landmark or of several, from features beside outcomes by `person_id` and `landmark_on`.

    Only children whose later school and council records are linked by now take part: the events of the others could
    not have been seen, and "not seen" is not "did not happen". Rows
    stand in the order of their content, so that two workspaces, which give children other pseudonyms, draw the same
    children in every resampling.
    """
    names = [feature.name for feature in FEATURES]
    fortnights = (pl.col("days_at_risk") + FORTNIGHT_DAYS - 1) // FORTNIGHT_DAYS
    timed = (
        children.filter(pl.col("days_at_risk") > 0, "is_observed")
        .with_columns(fortnights=fortnights.clip(1, FORTNIGHTS))
        .sort("landmark_on", *names, "person_id")
    )
    return Rows(
        timed.select(names),
        timed["fortnights"].to_numpy(),
        timed["event_on"].is_not_null().to_numpy(),
        timed["person_id"],
        timed["landmark_on"],
        timed.select((pl.col(part) == pl.col("event_on")).fill_null(False) for part in PARTS),
        timed["service_ids"],
        timed.select((pl.col("censored_because") == "seen") & pl.col("event_on").is_null())
        .to_series()
        .to_numpy(),
    )


def matrix(features: pl.DataFrame) -> Numbers:
    """Return the model's columns as the estimator reads them: 64-bit floats, missing values as NaN."""
    names = [feature.name for feature in MODEL_FEATURES]
    return features.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


def exposure(rows: Rows, baseline: Numbers) -> Numbers:
    """Return each row's time at risk, in units of the baseline hazard by fortnight."""
    summed: Numbers = np.cumsum(baseline)[rows.fortnights - 1]
    return summed


def baseline_of(rows: Rows, rate: Numbers) -> Numbers:
    """Return the events in each fortnight over the fitted rates of those still at risk in it.

    The crude baseline (events over children at risk) would lose risk, since late fortnights hold lower-risk children.
    A fortnight without any counts half an event: on few children "none seen" is not "none possible".
    """
    fortnight = np.arange(1, FORTNIGHTS + 1)
    at_risk = np.bincount(rows.fortnights, weights=rate, minlength=FORTNIGHTS + 1)[::-1].cumsum()[::-1][1:]
    events = np.bincount(rows.fortnights[rows.event], minlength=FORTNIGHTS + 1)[fortnight]
    baseline: Numbers = np.maximum(events, LEAST_EVENTS) / at_risk
    return baseline


def resampled_children(codes: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return rows of children drawn with replacement: a child comes with all its rows."""
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    drawn = rng.integers(0, len(counts), len(counts))
    repeats = counts[drawn]
    offsets = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    rows: npt.NDArray[np.int64] = order[np.repeat(starts[drawn], repeats) + offsets]
    return rows
