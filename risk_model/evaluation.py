"""How good the estimate is: against later landmarks, against the simple rules, and against the known truth.

Everything here is measured on landmarks later than any the judged model was fitted on. The only reader of `truth/`
besides `benchmarks`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.errors import UserError
from risk_model.model import FORTNIGHTS, Rows, matrix
from risk_model.scorecard import Numbers, Scorecard, columns, log_hazard_for_place
from risk_model.snapshot import HORIZON_DAYS

DRAWS = 1000
"""Enough that the limits of an interval do not depend on the lot that drew the children."""
TOP_SHARE = 0.10
LEAKAGE_AUC = 0.79
"""Above this the base cohort's own ceiling is passed: something of the future is in the features."""
SLOPE_LIMITS = (0.5, 1.5)
INTERVAL_95 = (0.025, 0.975)
SIMPLE_RULES = ("longest wait", "count of needs", "points")
POINTS = {
    "has_ehc_plan": 2,
    "known_to_social_care": 2,
    "looked_after": 2,
    "sen_support_or_plan": 1,
    "suspensions_12_months": 1,
    "urgent_care_12_months": 1,
    "marked_urgent": 1,
}
"""The hand-made score that the model has to beat: points a panel might give, never fitted."""

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


@dataclass(frozen=True)
class Evaluation:
    """What the later landmarks say; `verdict` is "go" or "no-go" and `because` says why in words."""

    verdict: str
    because: list[str]
    advantage: Estimate
    best_rule: str
    slope: Estimate
    likelihood_gain: Estimate
    auc: dict[str, float]
    events_per_hundred: dict[str, float]
    calibration: dict[str, float | None]
    events: int
    children: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def figures(self) -> dict[str, float]:
        """Return every figure under one flat name, as a registry keeps them."""
        measured = {
            "advantage": self.advantage.value,
            "advantage_low": self.advantage.low,
            "slope": self.slope.value,
            "likelihood_gain": self.likelihood_gain.value,
            "events": float(self.events),
        }
        measured |= {f"auc {name}": value for name, value in self.auc.items()}
        measured |= {f"calibration {name}": v for name, v in self.calibration.items() if v is not None}
        return {name.lower().replace(" ", "_"): value for name, value in measured.items()}


HELD_OUT_LANDMARKS = 3


def split(landmarks: list[date]) -> tuple[list[date], list[date]]:
    """Return the landmarks to fit on and the later ones to judge on, with no outcome of the first in the second."""
    later = landmarks[-HELD_OUT_LANDMARKS:]
    earlier = [day for day in landmarks if day + timedelta(days=HORIZON_DAYS) <= later[0]] if later else []
    if not earlier:
        raise UserError(
            f"The extracts hold {len(landmarks)} quarters with a whole year before and half a year after them. "
            f"Expected at least {HELD_OUT_LANDMARKS + 2}, to fit on the earlier and judge on the later ones. "
            "Add older files, or make a list with --policy-only."
        )
    return earlier, later


def held_out(card: Scorecard, rows: Rows, fitted: Rows) -> pl.DataFrame:
    """Return the judged rows with what every ordering says of them, for comparison with a known truth."""
    ranked = orderings(card, rows, fitted)
    return pl.DataFrame({"person_id": rows.children, "landmark_on": rows.landmarks, **ranked}).with_columns(
        rows.features["looked_after"],
        rows.features["sen_and_social_care"],
        risk=pl.Series(card.table.risk(card.table.log_hazard(columns(card, rows.features)))),
    )


def orderings(card: Scorecard, rows: Rows, fitted: Rows) -> dict[str, Numbers]:
    """Return for the model and each of the four baselines a number that is higher for whom it puts first."""
    return {
        "model": log_hazard_for_place(card.table, columns(card, rows.features)),
        "longest wait": _column(rows, "longest_wait_weeks"),
        "count of needs": _column(rows, "need_areas"),
        "points": np.asarray(
            sum(points * (_column(rows, name) > 0) for name, points in POINTS.items()), dtype=float
        ),
        "logistic": _logistic(fitted, rows),
    }


def evaluate(card: Scorecard, rows: Rows, fitted: Rows, *, seed: int) -> Evaluation:
    """Return the pre-registered go / no-go test on landmarks later than the fitted ones.

    Go only if the model finds more events in its top tenth than the best simple rule (lower 95 % limit above 0), the
    calibration slope's interval lies within (0.5, 1.5), the log-likelihood gain over a constant rate has a lower limit
    above 0, and no ordering passes the leakage limit.
    """
    ranked = orderings(card, rows, fitted)
    weights = _draws_by_child(rows.child_codes(), seed)
    yields = {name: _top_yield(score, rows, weights) for name, score in ranked.items()}
    best_rule = max(SIMPLE_RULES, key=lambda name: float(yields[name][0]))
    log_hazard = card.table.log_hazard(columns(card, rows.features))
    exposure = _baseline_exposure(card, rows)
    hazard = np.exp(log_hazard) * exposure
    auc = {name: _auc(score, rows) for name, score in ranked.items()}
    advantage = _estimate(yields["model"] - yields[best_rule])
    slope = _estimate(np.array([_slope(log_hazard, exposure, rows, w) for w in weights]))
    gain = _estimate(_likelihood_gain(hazard, rows, weights))
    because = _reasons(advantage, best_rule, slope, gain, auc["model"])
    return Evaluation(
        verdict="no-go" if because else "go",
        because=because,
        advantage=advantage,
        best_rule=best_rule,
        slope=slope,
        likelihood_gain=gain,
        auc=auc,
        events_per_hundred={name: round(float(found[0]), 2) for name, found in yields.items()},
        calibration=_calibration(hazard, rows),
        events=int(rows.event.sum()),
        children=rows.children.n_unique(),
    )


def _reasons(advantage: Estimate, best_rule: str, slope: Estimate, gain: Estimate, auc: float) -> list[str]:
    """Every way in which the test fails, in words; none is "go"."""
    reasons = []
    if not advantage.low > 0:
        reasons.append(
            f"The model was not shown to find more events in its top tenth than the rule: {best_rule}."
        )
    if not (slope.low > SLOPE_LIMITS[0] and slope.high < SLOPE_LIMITS[1]):
        reasons.append(
            f"The calibration slope, {slope.low:.2f} to {slope.high:.2f}, is not within 0.5 to 1.5."
        )
    if not gain.low > 0:
        reasons.append("The model was not shown to say more than one constant rate.")
    if auc > LEAKAGE_AUC:
        reasons.append(
            f"The area under the curve, {auc:.3f}, is above {LEAKAGE_AUC}: something of the future leaks in."
        )
    return reasons


def _column(rows: Rows, name: str) -> Numbers:
    return rows.features[name].cast(pl.Float64).fill_null(0.0).to_numpy()


def _logistic(fitted: Rows, rows: Rows) -> Numbers:
    """The usual model of an analyst: event within the follow-up, linear in every feature."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=0.0),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    model.fit(matrix(fitted.features), fitted.event)
    score: Numbers = model.decision_function(matrix(rows.features))
    return score


def _draws_by_child(codes: npt.NDArray[np.int64], seed: int) -> Numbers:
    """One row of weights per draw, the first all ones: how often each row's child was drawn."""
    number = int(codes.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=DRAWS)
    return np.vstack([np.ones(len(codes)), drawn[:, codes]]).astype(np.float64)


def _estimate(draws: Numbers) -> Estimate:
    low, high = np.nanquantile(draws[1:], INTERVAL_95)
    return Estimate(float(draws[0]), float(low), float(high))


def _top(score: Numbers) -> Numbers:
    """How much of each row stands in the top tenth: rows that tie at its edge share what is left of it."""
    places = max(1, round(TOP_SHARE * len(score)))
    edge = np.partition(score, -places)[-places]
    above, tied = score > edge, score == edge
    top: Numbers = above + tied * (places - above.sum()) / tied.sum()
    return top


def _top_yield(score: Numbers, rows: Rows, weights: Numbers) -> Numbers:
    """Events per hundred half-years at risk among the top tenth, in every draw."""
    top = _top(score)
    half_years = rows.fortnights / FORTNIGHTS
    yielded: Numbers = 100 * (weights @ (rows.event * top)) / (weights @ (half_years * top))
    return yielded


def _baseline_exposure(card: Scorecard, rows: Rows) -> Numbers:
    baseline = np.cumsum(card.document["baseline_by_fortnight"])
    exposure: Numbers = baseline[rows.fortnights - 1]
    return exposure


def _likelihood_gain(hazard: Numbers, rows: Rows, weights: Numbers) -> Numbers:
    """Poisson log-likelihood per row over that of one constant rate, in every draw."""
    constant = (weights @ rows.event) / (weights @ rows.fortnights)
    model = weights @ (rows.event * np.log(hazard) - hazard)
    null = np.log(constant) * (weights @ rows.event) + weights @ (rows.event * np.log(rows.fortnights))
    null -= constant * (weights @ rows.fortnights)
    gain: Numbers = (model - null) / weights.sum(axis=1)
    return gain


def _slope(log_hazard: Numbers, exposure: Numbers, rows: Rows, weights: Numbers) -> float:
    """The slope b of events ~ exposure x exp(a + b x log-hazard), by Newton's method; NaN where there is none."""
    design = np.column_stack([np.ones_like(log_hazard), log_hazard])
    solution = np.array([0.0, 1.0])
    for _ in range(12):
        expected = weights * exposure * np.exp(design @ solution)
        gradient = design.T @ (weights * rows.event - expected)
        curvature = (design * expected[:, None]).T @ design
        try:
            solution = solution + np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            return float("nan")
    return float(solution[1])


def _auc(score: Numbers, rows: Rows) -> float:
    """Events against children followed for the whole horizon without one."""
    from sklearn.metrics import roc_auc_score

    counted = rows.event | (rows.fortnights == FORTNIGHTS)
    return round(float(roc_auc_score(rows.event[counted], score[counted])), 4)


def _calibration(hazard: Numbers, rows: Rows) -> dict[str, float | None]:
    """Expected over observed events by group; none where nothing was observed."""
    ratios: dict[str, float | None] = {}
    for name, claim in GROUPS.items():
        group = rows.features.select(claim.fill_null(False)).to_series().to_numpy()
        group = np.broadcast_to(group, hazard.shape)
        observed = float(rows.event[group].sum())
        ratios[name] = round(float(hazard[group].sum()) / observed, 3) if observed else None
    return ratios


def against_truth(
    held_out: pl.DataFrame, identities: pl.DataFrame, truth: Path, *, seed: int
) -> dict[str, Any]:
    """Return how near each ordering comes to the true risk of the cohort, with intervals over draws of children.

    `held_out` has a row per child and later landmark with the orderings and the predicted `risk`; `identities` is the
    vault's table. The true risk is that within 26 weeks if the child is seen by nobody.
    """
    known = _true_risks(held_out, identities, truth)
    risk = known["true_risk"].to_numpy()
    codes = (known["child_id"].rank("dense").cast(pl.Int64) - 1).to_numpy()
    weights = _draws_by_child(codes, seed)
    names = ("model", *SIMPLE_RULES, "logistic", "oracle")
    scores = {name: known[name].to_numpy() if name != "oracle" else risk for name in names}
    tops = {name: _top_mean(score, risk, weights) for name, score in scores.items()}
    worst, best = tops["longest wait"], tops["oracle"]
    return {
        "children": known["person_id"].n_unique(),
        "rows": len(known),
        "rows_without_truth": len(held_out) - len(known),
        "true_risk_of_top_tenth": {name: asdict(_estimate(top)) for name, top in tops.items()},
        "model_minus_rule": {rule: asdict(_estimate(tops["model"] - tops[rule])) for rule in SIMPLE_RULES},
        "gap_closed": {
            name: asdict(_estimate((top - worst) / (best - worst)))
            for name, top in tops.items()
            if name not in ("longest wait", "oracle")
        },
        "predicted_over_true": {
            name: _ratio(known.filter(claim.fill_null(False))) for name, claim in GROUPS.items()
        },
    }


def _true_risks(held_out: pl.DataFrame, identities: pl.DataFrame, truth: Path) -> pl.DataFrame:
    if not (truth / "hazards.parquet").is_file():
        raise UserError(
            f"There is no truth in {truth}. Expected the truth/ folder that `risk-model synthesise` wrote beside the "
            "extracts. Real extracts have none: leave --truth out."
        )
    people = pl.read_parquet(truth / "identities.parquet").select("child_id", "nhs_number")
    hazards = pl.read_parquet(truth / "hazards.parquet").select(
        "child_id", landmark_on="on", true_risk="risk_26_weeks"
    )
    named = identities.select("person_id", "nhs_number").drop_nulls().join(people, on="nhs_number")
    return (
        held_out.join(named, on="person_id")
        .join(hazards, on=("child_id", "landmark_on"))
        .sort("landmark_on", "child_id")
    )


def _top_mean(score: Numbers, risk: Numbers, weights: Numbers) -> Numbers:
    top = _top(score)
    mean: Numbers = (weights @ (risk * top)) / (weights @ top)
    return mean


def _ratio(group: pl.DataFrame) -> float | None:
    true = float(group["true_risk"].sum())
    return round(float(group["risk"].sum()) / true, 3) if true else None
