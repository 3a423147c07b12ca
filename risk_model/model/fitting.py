"""The fit: which form, its table, the bootstrap by child, and the scorecard that is the model of record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from risk_model import scorecard
from risk_model.model import boosting, choosing, spline
from risk_model.model.boosting import ROUNDS, SETTINGS
from risk_model.model.choosing import BOOSTING, SPLINE
from risk_model.model.rows import FORTNIGHTS, HORIZON_WEEKS, Rows, baseline_of, resampled_children
from risk_model.scorecard import FORMAT, Numbers, Scorecard, inputs
from risk_model.snapshot import HORIZON_DAYS

BOOTSTRAP_ROUNDS = 100
BOOTSTRAP_FITS = 30
BASELINE_ROUNDS = 2
"""Ours: 30 refits of fewer rounds than the fit, for time; the baseline is found twice, first flat."""
BAND_CONFIDENCE = 1.645
"""Two children are told apart when their log-hazards differ at the 90 % level."""


@dataclass(frozen=True)
class Fit:
    """A scorecard, the spline GLM of the same rows that stands beside every result, and the estimator.

    Only the registry and the tests look at the estimator; there is none where the spline GLM is the form in use.
    """

    card: Scorecard
    spline: Scorecard
    estimator: Any | None


def fit(
    rows: Rows,
    *,
    seed: int,
    made_from: dict[str, Any],
    bootstrap_fits: int = BOOTSTRAP_FITS,
    like: Scorecard | None = None,
) -> Fit:
    """Return the model of these rows with its bootstrap by child.

    Temporal cross-validation chooses the form (`choosing`), and its held-out rows give the calibration by group. A fit
    that is `like` an earlier scorecard takes both from it: what was judged is what is used.
    """
    chosen, calibration = _chosen(rows, seed) if like is None else (like.form, like.calibration)
    beside = splined(rows)
    is_boosting = chosen["form"] == BOOSTING
    estimator, table = boosted(rows, seed) if is_boosting else (None, beside)
    card = _card(rows, table, chosen, seed, made_from, calibration, bootstrap_fits)
    reference = {"form": SPLINE, "because": "It stands beside the model in use."}
    return Fit(card, _card(rows, beside, reference, seed, made_from, {}, 0), estimator)


def _chosen(rows: Rows, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    compared = choosing.compare(rows, {BOOSTING: lambda part: boosted(part, seed)[1], SPLINE: splined})
    chosen = choosing.choose(compared)
    return chosen, choosing.calibration(compared, chosen["form"])


def _card(
    rows: Rows,
    table: dict[str, Any],
    chosen: dict[str, Any],
    seed: int,
    made_from: dict[str, Any],
    calibration: dict[str, Any],
    bootstrap_fits: int,
) -> Scorecard:
    rng = np.random.default_rng(seed)
    baseline, codes = np.array(table["baseline_by_fortnight"]), rows.child_codes()
    replicates = [
        refit(rows.take(resampled_children(codes, rng)), baseline, chosen["form"], seed + number)
        for number in range(bootstrap_fits)
    ]
    document = {
        "format": FORMAT,
        **table,
        "horizon_weeks": HORIZON_WEEKS,
        "form": chosen,
        "settings": _settings(chosen["form"]),
        "training_window": _window(rows),
        "made_from": {
            **made_from,
            "rows": len(rows.event),
            "children": rows.children.n_unique(),
            "events": int(rows.event.sum()),
            "events_by_part": rows.events_by_part(),
        },
        "calibration": calibration,
        "inputs": inputs.recorded(rows.features, _features_of(table), rows.landmarks),
        "bootstrap": replicates,
    }
    if replicates:
        document["band_width"] = _band_width(Scorecard(document), rows)
    return scorecard.sealed(document)


def _features_of(table: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(term["feature"] for term in table["terms"]))


def _window(rows: Rows) -> dict[str, str]:
    landmarks = rows.landmarks.unique().to_list()
    return scorecard.window(landmarks, max(landmarks) + timedelta(days=HORIZON_DAYS))


def _settings(form: str) -> dict[str, float]:
    if form == SPLINE:
        return {"ridge": spline.RIDGE}
    settings = {**SETTINGS, "rounds": ROUNDS, "bootstrap_rounds": BOOTSTRAP_ROUNDS}
    return {name: float(value) for name, value in settings.items()}


def boosted(
    rows: Rows, seed: int, *, rounds: int = ROUNDS, settings: Mapping[str, Any] = SETTINGS
) -> tuple[Any, dict[str, Any]]:
    """Return estimator and table; the baseline by fortnight is found with the spline GLM, in a sixth of the time."""
    baseline = _baseline(rows, spline.RIDGE)
    estimator = boosting.fitted(rows, baseline, rounds=rounds, seed=seed, settings=settings)
    return estimator, boosting.terms_of(estimator).as_table(rows, baseline)


def splined(rows: Rows, *, ridge: float = spline.RIDGE) -> dict[str, Any]:
    """Return the table of the spline GLM, with the baseline found in the same rounds."""
    baseline = _baseline(rows, ridge)
    return spline.terms_of(rows, baseline, ridge=ridge).as_table(rows, baseline)


def _baseline(rows: Rows, ridge: float) -> Numbers:
    """The baseline hazard by fortnight: flat at first, then twice the one that the fitted rates imply."""
    baseline = np.ones(FORTNIGHTS)
    for _ in range(BASELINE_ROUNDS):
        baseline = baseline_of(rows, spline.terms_of(rows, baseline, ridge=ridge).rate(rows.features))
    return baseline


def refit(rows: Rows, baseline: Numbers, form: str, seed: int) -> dict[str, Any]:
    """Return the table of one fit of the bootstrap: fewer rounds, and the baseline by fortnight of the main fit."""
    if form == SPLINE:
        return spline.terms_of(rows, baseline).as_table(rows, baseline)
    estimator = boosting.fitted(rows, baseline, rounds=BOOTSTRAP_ROUNDS, seed=seed)
    return boosting.terms_of(estimator).as_table(rows, baseline)


def _band_width(card: Scorecard, rows: Rows) -> float:
    """How far two typical children's log-hazards lie apart when the bootstrap tells them apart."""
    values = scorecard.columns(card, rows.features)
    replicates = np.stack([scorecard.log_hazard_for_place(t, values) for t in card.bootstrap])
    typical = float(np.median(replicates.std(axis=0)))
    return round(BAND_CONFIDENCE * 2**0.5 * typical, 6)
