"""How long a fit, its bootstrap and the scoring of a whole country take, on numbers of the size of a Devon."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model import explanation
from risk_model.features import MODEL_FEATURES
from risk_model.model import FORTNIGHTS, Rows, fitting, resampled_children
from risk_model.model.choosing import BOOSTING
from risk_model.model.rows import matrix
from risk_model.scorecard import Scorecard

REFERRALS = 750_000
"""Open referrals of England's children's community lists: ours, from Devon's 13,500 by children."""
MOST_SECONDS, MOST_GIBIBYTES, TIMES_FASTER = 1.0, 1.2, 50
ROUNDS_OF_TIMING = 5
SHAP_ROWS = 1_500

DEVON_ROWS, DEVON_CHILDREN = 65_000, 24_000
"""Rows and children of nine quarters of 225,000 children of whom 11,500 wait."""
MOST_FIT_SECONDS, MOST_BOOTSTRAP_SECONDS = 5.0, 60.0
REFITS = 30
SEED = 2026


def devon_fit_seconds() -> Measured:
    """One fit of the boosting with both rounds of its baseline, on a Devon's rows."""
    rows = invented_rows(DEVON_ROWS, DEVON_CHILDREN)
    fitting.boosted(rows.take(np.arange(2_000)), SEED)
    boosting, spline = (
        _seconds(fit) for fit in (lambda: fitting.boosted(rows, SEED), lambda: fitting.splined(rows))
    )
    return Measured(round(boosting, 2), boosting <= MOST_FIT_SECONDS, {"spline_seconds": round(spline, 2)})


def devon_bootstrap_seconds() -> Measured:
    """Thirty refits by child, on a Devon's rows."""
    rows = invented_rows(DEVON_ROWS, DEVON_CHILDREN)
    baseline, codes, rng = np.ones(FORTNIGHTS) * 0.006, rows.child_codes(), np.random.default_rng(SEED)

    def refits() -> None:
        for number in range(REFITS):
            fitting.refit(rows.take(resampled_children(codes, rng)), baseline, BOOSTING, SEED + number)

    seconds = _seconds(refits)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return Measured(round(seconds, 1), seconds <= MOST_BOOTSTRAP_SECONDS, {"peak_gibibytes": round(peak, 2)})


def score_explain_750k_seconds() -> Measured:
    """Risk and every contribution of 750,000 children from a scorecard, in a process of its own; median of five."""
    command = [sys.executable, "-m", "benchmarks.scoring"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, gibibytes, times_faster = map(float, done.stdout.split())
    holds = seconds <= MOST_SECONDS and gibibytes <= MOST_GIBIBYTES and times_faster >= TIMES_FASTER
    details = {"peak_gibibytes": gibibytes, "times_faster_than_treeexplainer": times_faster}
    return Measured(seconds, holds, details)


def invented_rows(number: int, children: int) -> Rows:
    """Rows with the columns and the scarcity of the real ones: needs are rare, and a tenth of them is not known."""
    rng = np.random.default_rng(SEED)
    columns = {}
    for feature in MODEL_FEATURES:
        column = rng.binomial(1 if feature.is_flag else 4, 0.08, number).astype(np.float64)
        column[rng.random(number) < 0.1] = np.nan
        columns[feature.name] = column
    columns["age_years"] = rng.integers(0, 18, number).astype(np.float64)
    columns["longest_wait_weeks"] = rng.integers(0, 150, number).astype(np.float64)
    columns["absence_share_3_months"] = np.round(rng.beta(1, 10, number), 3)
    needs = 0.9 * np.nan_to_num(columns["known_to_social_care"]) + 0.5 * np.nan_to_num(
        columns["has_ehc_plan"]
    )
    times = rng.exponential(1 / np.exp(-5.0 + needs + 0.4 * (columns["age_years"] > 11)))
    fortnights = np.clip(np.ceil(times), 1, FORTNIGHTS).astype(np.int64)
    who = pl.Series(rng.integers(0, children, number)).cast(pl.String)
    days = pl.Series(["2025-01-01"] * number).str.to_date()
    return Rows(pl.DataFrame(columns).fill_nan(None), fortnights, times <= FORTNIGHTS, who, days)


def _seconds(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def _score_and_explain() -> tuple[float, float, float]:
    """Seconds, peak memory in GiB, and how many times faster than SHAP's TreeExplainer."""
    rows = invented_rows(20_000, 10_000)
    estimator, table = fitting.boosted(rows, SEED)
    card = Scorecard({**table, "id": "benchmark", "bootstrap": []})
    drawn = np.random.default_rng(SEED).integers(0, len(rows.event), REFERRALS)
    children = rows.features[drawn].rechunk()
    explanation.score(card, children.head(1_000))
    measured = float(
        np.median([_seconds(lambda: explanation.score(card, children)) for _ in range(ROUNDS_OF_TIMING)])
    )
    gibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    import shap

    explainer = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
    some = matrix(children.head(SHAP_ROWS))
    referee = _seconds(lambda: explainer(some)) * REFERRALS / SHAP_ROWS
    return measured, gibibytes, referee / measured


FIGURES = [
    Figure(
        "devon_fit_seconds",
        f"one fit with both rounds of its baseline, {DEVON_ROWS:,} rows",
        "s",
        f"at most {MOST_FIT_SECONDS:.0f} s",
        devon_fit_seconds,
    ),
    Figure(
        "devon_bootstrap_seconds",
        f"{REFITS} refits by child, {DEVON_ROWS:,} rows",
        "s",
        f"at most {MOST_BOOTSTRAP_SECONDS:.0f} s",
        devon_bootstrap_seconds,
    ),
    Figure(
        "score_explain_750k_seconds",
        "risk and all contributions of 750,000 children from the scorecard",
        "s",
        f"at most {MOST_SECONDS:.0f} s and {MOST_GIBIBYTES} GiB, {TIMES_FASTER} times faster than TreeExplainer",
        score_explain_750k_seconds,
    ),
]

if __name__ == "__main__":
    print(*(f"{number:.3f}" for number in _score_and_explain()))
