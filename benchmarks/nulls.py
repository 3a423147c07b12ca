"""How often the registered test lets a model go that has nothing: cohorts whose records do not tell the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.cohorts import cohort
from benchmarks.harness import Figure, Measured
from risk_model import evaluation, model
from risk_model.evaluation import Verdict
from risk_model.model import FORTNIGHTS, Rows, fitting
from risk_model.scorecard import Scorecard

SCALE, SEED = "plymouth", 2026
SIMULATED_SEEDS = range(4001, 4011)
SHUFFLED, FRAIL = 45, 45
MOST_FALSE = 3
FRAILTY_SPREAD = 1.0
"""Standard deviation of the log-frailty: twice that of the cohort, so that a remembered child gives much false lift."""

FitCard = Callable[[Rows, int], Scorecard]
MakeNull = Callable[[Rows, Rows, int], tuple[Rows, Rows]]


def null_verdict() -> Measured:
    """Nulls of three kinds that were let go, and whether the real cohort was."""
    earlier, later = cohort(SCALE, SEED).rows()
    real = verdict(earlier, later, SEED, as_trained)
    let_go = {
        "shuffled": _let_go(shuffled(earlier, later, seed) for seed in range(SHUFFLED)),
        "child frailty": _let_go(frail(earlier, later, seed) for seed in range(FRAIL)),
        "simulated": _let_go(cohort(SCALE, seed, "null").rows() for seed in SIMULATED_SEEDS),
    }
    false = sum(let_go.values())
    details = {
        "let_go": let_go,
        "nulls": SHUFFLED + FRAIL + len(SIMULATED_SEEDS),
        "real_because": real.because,
        "test": evaluation.TEST_DIGEST,
    }
    return Measured(false, false <= MOST_FALSE and not real.because, details)


def verdict(earlier: Rows, later: Rows, seed: int, fit_card: FitCard) -> Verdict:
    """Return what the registered test says of a model of the earlier rows on the later ones."""
    return evaluation.judged(fit_card(earlier, seed), later, seed=seed)


def as_trained(rows: Rows, seed: int) -> Scorecard:
    """Return the scorecard that `risk-model train` would judge, the choice of its form included."""
    return model.fit(rows, seed=seed, made_from={}, bootstrap_fits=0).card


def boosted(rows: Rows, seed: int) -> Scorecard:
    """Return a scorecard of the boosting without the choice of a form, in a quarter of the time."""
    return Scorecard({**fitting.boosted(rows, seed)[1], "bootstrap": []})


def shuffled(earlier: Rows, later: Rows, seed: int) -> tuple[Rows, Rows]:
    """Return the rows with their outcomes shuffled among the children of each quarter."""
    rng = np.random.default_rng(seed)
    return _shuffled(earlier, rng), _shuffled(later, rng)


def frail(earlier: Rows, later: Rows, seed: int) -> tuple[Rows, Rows]:
    """Return the rows with events that follow from a frailty of the child alone, which no record tells."""
    rng = np.random.default_rng(seed)
    names = pl.concat([earlier.children, later.children]).unique().sort()
    frailty = np.exp(rng.normal(0, FRAILTY_SPREAD, len(names)))
    rate = (earlier.event.sum() + later.event.sum()) / (earlier.fortnights.sum() + later.fortnights.sum())

    def drawn(rows: Rows) -> Rows:
        of_child = frailty[names.search_sorted(rows.children).to_numpy()]
        until = np.where(rows.event, FORTNIGHTS, rows.fortnights)
        on = np.ceil(rng.exponential(1 / (rate * of_child / frailty.mean()))).astype(np.int64)
        return replace(rows, fortnights=np.minimum(on, until), event=on <= until)

    return drawn(earlier), drawn(later)


def _shuffled(rows: Rows, rng: np.random.Generator) -> Rows:
    order: npt.NDArray[np.int64] = np.arange(len(rows.event))
    quarter = rows.landmarks.to_physical().to_numpy()
    for day in np.unique(quarter):
        of_day = np.flatnonzero(quarter == day)
        order[of_day] = rng.permutation(of_day)
    return replace(rows, fortnights=rows.fortnights[order], event=rows.event[order])


def _let_go(nulls: Iterable[tuple[Rows, Rows]]) -> int:
    verdicts = (verdict(*null, seed, as_trained) for seed, null in enumerate(nulls))
    return sum(not verdict.because for verdict in verdicts)


FIGURES = [
    Figure(
        "null_verdict",
        "models let go on 100 null cohorts of a Plymouth's size: outcomes shuffled, by child frailty alone, simulated",
        "let go",
        f"at most {MOST_FALSE}, and go on the real cohort",
        null_verdict,
    )
]
