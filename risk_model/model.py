"""Fit the risk model and export it as a scorecard; the only importer of scikit-learn besides `evaluation`.

One row per child and landmark: target events per exposure, weight exposure, a Poisson loss, no interactions, and no
table that falls as a need rises. The first contact is censoring by decision. The exported table, not the estimator,
is the model of record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from threadpoolctl import threadpool_limits

from risk_model import scorecard
from risk_model.features import FEATURES, MODEL_FEATURES, Feature
from risk_model.scorecard import FORMAT, Numbers, Scorecard
from risk_model.snapshot import HORIZON_DAYS, PARTS

FORTNIGHT_DAYS = 14
FORTNIGHTS = HORIZON_DAYS // FORTNIGHT_DAYS
HORIZON_WEEKS = HORIZON_DAYS // 7

ROUNDS = 300
"""Fewer rounds cost the rare groups first: a fairness setting (looked-after children, MODEL figures)."""
BOOTSTRAP_ROUNDS = 100
BOOTSTRAP_FITS = 30
BASELINE_ROUNDS = 2
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 50,
    "l2_regularization": 5.0,
}
LEAST_EVENTS = 0.5
SHRINKAGE_EVENTS = 30
LARGEST_GROUP_FACTOR = 1.5
BAND_CONFIDENCE = 1.645
"""Two children are told apart when their log-hazards differ at the 90 % level."""


@dataclass(frozen=True)
class Rows:
    """Training rows: one per child and landmark.

    `features` has the columns of the features, `fortnights` the fortnights at risk (1 to 13) and `event` whether the
    event ended them; `children` tells rows of one child, for resampling, and `parts` which part of the event it was.
    """

    features: pl.DataFrame
    fortnights: npt.NDArray[np.int64]
    event: npt.NDArray[np.bool_]
    children: pl.Series
    landmarks: pl.Series
    parts: pl.DataFrame = field(default_factory=pl.DataFrame)

    def child_codes(self) -> npt.NDArray[np.int64]:
        """Return a number per child, counted from 0 in the order in which the rows first name them."""
        rows = pl.DataFrame({"child": self.children}).with_row_index("row")
        first_row = pl.col("row").min().over("child")
        codes = rows.select(first_row.rank("dense").cast(pl.Int64) - 1)
        return codes.to_series().to_numpy()

    def take(self, rows: npt.NDArray[np.int64]) -> Rows:
        return Rows(
            self.features[rows],
            self.fortnights[rows],
            self.event[rows],
            self.children[rows],
            self.landmarks[rows],
            self.parts[rows] if self.parts.width else self.parts,
        )

    def events_by_part(self) -> dict[str, int]:
        """Return in how many rows each part of the event came first; two parts of one day count twice."""
        return {part: int(self.parts[part].sum()) for part in self.parts.columns}


@dataclass(frozen=True)
class Fit:
    """A scorecard with the estimator it was read from, which only the registry and the tests look at."""

    card: Scorecard
    estimator: Any


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
    )


def fit(rows: Rows, *, seed: int, made_from: dict[str, Any], bootstrap_fits: int = BOOTSTRAP_FITS) -> Fit:
    """Return the model of these rows with its bootstrap by child."""
    estimator, table = _fit_table(rows, seed)
    rng = np.random.default_rng(seed)
    baseline = np.array(table["baseline_by_fortnight"])
    replicates = [
        _refit(rows.take(_resampled_children(rows.child_codes(), rng)), baseline, seed + number)
        for number in range(bootstrap_fits)
    ]
    document = {
        "format": FORMAT,
        **table,
        "horizon_weeks": HORIZON_WEEKS,
        "settings": {**SETTINGS, "rounds": ROUNDS, "bootstrap_rounds": BOOTSTRAP_ROUNDS},
        "made_from": {
            **made_from,
            "rows": len(rows.event),
            "children": rows.children.n_unique(),
            "events": int(rows.event.sum()),
            "events_by_part": rows.events_by_part(),
        },
        "bootstrap": replicates,
    }
    if replicates:
        document["band_width"] = _band_width(Scorecard(document), rows)
    document["id"] = _identity(document)
    return Fit(Scorecard(document), estimator)


def matrix(features: pl.DataFrame) -> Numbers:
    """Return the model's columns as the estimator reads them: 64-bit floats, missing values as NaN."""
    names = [feature.name for feature in MODEL_FEATURES]
    return features.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


def _fit_table(rows: Rows, seed: int) -> tuple[Any, dict[str, Any]]:
    """Fit with a flat baseline, then twice with the baseline hazard by fortnight that the fit implies.

    The crude baseline (events over children at risk) would lose risk, since late fortnights hold lower-risk children.
    """
    baseline = np.ones(FORTNIGHTS)
    for _ in range(BASELINE_ROUNDS):
        estimator = _fitted(rows, baseline, ROUNDS, seed)
        baseline = _baseline(rows, estimator.predict(matrix(rows.features)))
    estimator = _fitted(rows, baseline, ROUNDS, seed)
    return estimator, _table(estimator, rows, baseline)


def _refit(rows: Rows, baseline: Numbers, seed: int) -> dict[str, Any]:
    """One fit of the bootstrap: fewer rounds, and the baseline by fortnight of the main fit."""
    return _table(_fitted(rows, baseline, BOOTSTRAP_ROUNDS, seed), rows, baseline)


def _fitted(rows: Rows, baseline: Numbers, rounds: int, seed: int) -> Any:
    """Fit on one thread: on few rows and shared cores, more threads wait for each other many times longer."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    estimator = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=rounds,
        interaction_cst="no_interactions",
        monotonic_cst=[int(feature.rises) for feature in MODEL_FEATURES],
        early_stopping=False,
        random_state=seed,
        **SETTINGS,
    )
    exposure = _exposure(rows, baseline)
    with threadpool_limits(limits=1):
        return estimator.fit(matrix(rows.features), rows.event / exposure, sample_weight=exposure)


def _exposure(rows: Rows, baseline: Numbers) -> Numbers:
    exposure: Numbers = np.cumsum(baseline)[rows.fortnights - 1]
    return exposure


def _table(estimator: Any, rows: Rows, baseline: Numbers) -> dict[str, Any]:
    table = _export(estimator, rows, baseline)
    table["terms"] += _looked_after_term(table, rows, baseline)
    return table


def _baseline(rows: Rows, rate: Numbers) -> Numbers:
    """Events in each fortnight over the fitted rates of those still at risk in it.

    A fortnight without any counts half an event: on few children "none seen" is not "none possible".
    """
    fortnight = np.arange(1, FORTNIGHTS + 1)
    at_risk = np.bincount(rows.fortnights, weights=rate, minlength=FORTNIGHTS + 1)[::-1].cumsum()[::-1][1:]
    events = np.bincount(rows.fortnights[rows.event], minlength=FORTNIGHTS + 1)[fortnight]
    baseline: Numbers = np.maximum(events, LEAST_EVENTS) / at_risk
    return baseline


def _export(estimator: Any, rows: Rows, baseline: Numbers) -> dict[str, Any]:
    """Read the estimator's trees as one table per feature, with "unknown" clipped between "no" and "yes"."""
    trees = [stage[0].nodes for stage in estimator._predictors]
    base = float(np.ravel(estimator._baseline_prediction)[0])
    by_feature: dict[int, list[Any]] = {}
    for nodes in trees:
        if nodes[0]["is_leaf"]:
            base += float(nodes[0]["value"])
        else:
            by_feature.setdefault(int(nodes[0]["feature_idx"]), []).append(nodes)
    terms = []
    for index, feature in enumerate(MODEL_FEATURES):
        column = rows.features[feature.name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        terms.append(_with_mean(_term(feature, by_feature.get(index, [])), column))
    return {
        "base": base,
        "baseline_exposure": float(baseline.sum()),
        "baseline_by_fortnight": baseline.tolist(),
        "terms": terms,
    }


def _term(feature: Feature, trees: Sequence[Any]) -> dict[str, Any]:
    edges = sorted({float(n["num_threshold"]) for nodes in trees for n in nodes if not n["is_leaf"]})
    edges = [edge for edge in edges if np.isfinite(edge)]
    inside = np.array([*edges, np.inf])
    values = np.zeros(len(inside))
    unknown = 0.0
    for nodes in trees:
        values += np.array([_leaf(nodes, value) for value in inside])
        unknown += _leaf(nodes, np.nan)
    limits = (values[0], values[-1]) if feature.rises else (values.min(), values.max())
    return {
        "feature": feature.name,
        "edges": edges,
        "values": values.tolist(),
        "unknown": float(np.clip(unknown, *limits)),
        "unknown_as_fitted": float(unknown),
        "used_for_place": feature.used_for_place,
    }


def _with_mean(term: dict[str, Any], column: Numbers) -> dict[str, Any]:
    """Add the mean entry of the fitted rows; where nothing was unknown in training, "unknown" is that mean.

    Otherwise an unknown value would be sent wherever the trees happen to send what they never saw.
    """
    mean = float(_read(term).log_factor(column).mean())
    unknown = term["unknown"] if np.isnan(column).any() else mean
    return {**term, "unknown": unknown, "mean": mean}


def _leaf(nodes: Any, value: float) -> float:
    """The value one tree gives: "x <= threshold" goes left, a missing value where the tree learned to send it."""
    node = nodes[0]
    while not node["is_leaf"]:
        goes_left = node["missing_go_to_left"] if np.isnan(value) else value <= node["num_threshold"]
        node = nodes[node["left"] if goes_left else node["right"]]
    return float(node["value"])


def _read(term: dict[str, Any]) -> scorecard.Term:
    return scorecard.Term(
        term["feature"],
        np.array(term["edges"]),
        np.array(term["values"]),
        term["unknown"],
        term.get("mean", 0.0),
        term["used_for_place"],
    )


def _looked_after_term(table: dict[str, Any], rows: Rows, baseline: Numbers) -> list[dict[str, Any]]:
    """One shrunk factor for looked-after children, whom an additive fit under-predicts, as a term of its own."""
    looked_after = (rows.features["looked_after"] > 0).fill_null(False).to_numpy()
    part = Scorecard({**table, "bootstrap": []})
    rate = np.exp(part.table.log_hazard(scorecard.columns(part, rows.features)))
    expected = float((rate * _exposure(rows, baseline))[looked_after].sum())
    observed = float(rows.event[looked_after].sum())
    factor = np.clip((observed + SHRINKAGE_EVENTS) / (expected + SHRINKAGE_EVENTS), 1.0, LARGEST_GROUP_FACTOR)
    log_factor = float(np.log(factor))
    return [
        {
            "feature": "looked_after",
            "edges": [0.5],
            "values": [0.0, log_factor],
            "unknown": 0.0,
            "mean": log_factor * float(looked_after.mean()),
            "used_for_place": True,
            "is_group_factor": True,
        }
    ]


def _resampled_children(codes: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows of children drawn with replacement: a child comes with all its rows."""
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    drawn = rng.integers(0, len(counts), len(counts))
    repeats = counts[drawn]
    offsets = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    rows: npt.NDArray[np.int64] = order[np.repeat(starts[drawn], repeats) + offsets]
    return rows


def _band_width(card: Scorecard, rows: Rows) -> float:
    """How far two typical children's log-hazards lie apart when the bootstrap tells them apart."""
    values = scorecard.columns(card, rows.features)
    replicates = np.stack([scorecard.log_hazard_for_place(t, values) for t in card.bootstrap])
    typical = float(np.median(replicates.std(axis=0)))
    return round(BAND_CONFIDENCE * 2**0.5 * typical, 6)


def _identity(document: dict[str, Any]) -> str:
    """The first digits of the document's own digest: the same fit has the same name."""
    text = json.dumps(document, sort_keys=True)
    return "additive-" + hashlib.sha256(text.encode()).hexdigest()[:12]
