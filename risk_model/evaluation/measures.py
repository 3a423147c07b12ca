"""The measures of an ordering or an estimate, over draws of children of which the first is all of them, once each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.evaluation.registered import TEST
from risk_model.model import FORTNIGHTS, Rows
from risk_model.model.rows import exposure
from risk_model.scorecard import Numbers, Scorecard

LEAST_RISK = 1e-9
MOST_STEPS, SMALLEST_STEP = 12, 1e-9
"""Of Newton's method; it doubles the right digits with each step."""

GROUPS = {
    "all": pl.lit(True),
    "looked after": pl.col("looked_after") > 0,
    "SEN and social care": pl.col("sen_and_social_care") > 0,
}


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval over draws of children."""

    value: float
    low: float
    high: float


def draws_by_child(codes: npt.NDArray[np.int64], seed: int) -> Numbers:
    """One row of weights per draw, the first all ones: how often each row's child was drawn."""
    number = int(codes.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=TEST.draws)
    return np.vstack([np.ones(len(codes)), drawn[:, codes]]).astype(np.float64)


def estimate(draws: Numbers) -> Estimate:
    """The figure of the first draw with the interval that the others span."""
    low, high = np.nanquantile(draws[1:], TEST.interval)
    return Estimate(float(draws[0]), float(low), float(high))


def row(measure: str, of: str, at: str, draws: Numbers, count: int) -> dict[str, Any]:
    """A row of the table of results, with the interval that the draws behind the first span."""
    return {"measure": measure, "of": of, "at": at, **asdict(estimate(draws)), "count": count}


def top_tenth(score: Numbers) -> Numbers:
    """How much of each row stands in the registered top share, a tenth."""
    return top(score, TEST.top_share)


def top(score: Numbers, share: float) -> Numbers:
    """How much of each row stands in the top share."""
    return first(score, max(1, round(share * len(score))))


def first(score: Numbers, places: int) -> Numbers:
    """How much of each row has one of the first places: rows that tie at the last share what is left."""
    edge = np.partition(score, -places)[-places]
    above, tied = score > edge, score == edge
    placed: Numbers = above + tied * (places - above.sum()) / tied.sum()
    return placed


def top_mean(score: Numbers, risk: Numbers, weights: Numbers) -> Numbers:
    """The mean true risk of the top tenth, in every draw."""
    top = top_tenth(score)
    mean: Numbers = (weights @ (risk * top)) / (weights @ top)
    return mean


def root_mean_square(difference: Numbers) -> float:
    """The root of the mean square of a difference of risks."""
    return round(float(np.sqrt(np.mean(difference**2))), 5)


def divergence(true: Numbers, predicted: Numbers) -> float:
    """The mean Kullback-Leibler divergence of a predicted from the true risk, in nats per row; 0 where they agree."""
    p, q = (np.clip(risk, LEAST_RISK, 1 - LEAST_RISK) for risk in (true, predicted))
    return round(float(np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))), 6)


def top_yield(score: Numbers, rows: Rows, weights: Numbers) -> Numbers:
    """Events per hundred half-years at risk among the top tenth, in every draw."""
    top = top_tenth(score)
    half_years = rows.fortnights / FORTNIGHTS
    yielded: Numbers = 100 * (weights @ (rows.event * top)) / (weights @ (half_years * top))
    return yielded


def baseline_exposure(card: Scorecard, rows: Rows) -> Numbers:
    """The baseline hazard summed over the fortnights each row was at risk."""
    return exposure(rows, np.array(card.document["baseline_by_fortnight"]))


def likelihood_gain(hazard: Numbers, rows: Rows, weights: Numbers) -> Numbers:
    """Poisson log-likelihood per row over that of one constant rate, in every draw."""
    constant = (weights @ rows.event) / (weights @ rows.fortnights)
    model = weights @ (rows.event * np.log(hazard) - hazard)
    null = np.log(constant) * (weights @ rows.event) + weights @ (rows.event * np.log(rows.fortnights))
    null -= constant * (weights @ rows.fortnights)
    gain: Numbers = (model - null) / weights.sum(axis=1)
    return gain


def slope(log_hazard: Numbers, exposure: Numbers, rows: Rows, weights: Numbers) -> float:
    """The slope b of events ~ exposure x exp(a + b x log-hazard), by Newton's method; NaN where there is none."""
    design = np.column_stack([np.ones_like(log_hazard), log_hazard])
    solution = np.array([0.0, 1.0])
    for _ in range(MOST_STEPS):
        expected = weights * exposure * np.exp(design @ solution)
        gradient = design.T @ (weights * rows.event - expected)
        curvature = (design * expected[:, None]).T @ design
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            return float("nan")
        solution = solution + step
        if np.abs(step).max() < SMALLEST_STEP:
            break
    return float(solution[1])


def auc(score: Numbers, rows: Rows) -> float:
    """Events against children followed for the whole horizon without one."""
    from sklearn.metrics import roc_auc_score

    counted = rows.event | (rows.fortnights == FORTNIGHTS)
    return round(float(roc_auc_score(rows.event[counted], score[counted])), 4)


def auc_draws(score: Numbers, rows: Rows, weights: Numbers) -> Numbers:
    """The area under the curve in every draw, with half a point for a tie."""
    counted = np.flatnonzero(rows.event | (rows.fortnights == FORTNIGHTS))
    order = counted[np.argsort(score[counted], kind="stable")]
    ordered, event, drawn = score[order], rows.event[order], weights[:, order]
    free = np.cumsum(drawn * ~event, axis=1)
    free = np.concatenate([np.zeros((len(free), 1)), free], axis=1)
    below = np.searchsorted(ordered, ordered[event], side="left")
    upto = np.searchsorted(ordered, ordered[event], side="right")
    points = (free[:, below] + free[:, upto]) / 2
    area: Numbers = (drawn[:, event] * points).sum(axis=1) / (drawn[:, event].sum(axis=1) * free[:, -1])
    return area


def calibration(hazard: Numbers, rows: Rows) -> dict[str, float | None]:
    """Expected over observed events by group; none where nothing was observed."""
    ratios: dict[str, float | None] = {}
    for name, claim in GROUPS.items():
        group = rows.features.select(claim.fill_null(False)).to_series().to_numpy()
        group = np.broadcast_to(group, hazard.shape)
        observed = float(rows.event[group].sum())
        ratios[name] = round(float(hazard[group].sum()) / observed, 3) if observed else None
    return ratios
