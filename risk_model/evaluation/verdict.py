"""The pre-registered go / no-go test, on landmarks later than any the judged model was fitted on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from risk_model.errors import UserError
from risk_model.evaluation import measures
from risk_model.evaluation.measures import Estimate
from risk_model.evaluation.orderings import SIMPLE_RULES, orderings
from risk_model.model import Rows
from risk_model.scorecard import Scorecard, columns
from risk_model.snapshot import HORIZON_DAYS

LEAKAGE_AUC = 0.79
"""Above this the base cohort's own ceiling is passed: something of the future is in the features."""
SLOPE_LIMITS = (0.5, 1.5)


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


def evaluate(card: Scorecard, rows: Rows, fitted: Rows, *, seed: int) -> Evaluation:
    """Return the pre-registered go / no-go test on landmarks later than the fitted ones.

    Go only if the model finds more events in its top tenth than the best simple rule (lower 95 % limit above 0), the
    calibration slope's interval lies within (0.5, 1.5), the log-likelihood gain over a constant rate has a lower limit
    above 0, and no ordering passes the leakage limit.
    """
    ranked = orderings(card, rows, fitted)
    weights = measures.draws_by_child(rows.child_codes(), seed)
    yields = {name: measures.top_yield(score, rows, weights) for name, score in ranked.items()}
    best_rule = max(SIMPLE_RULES, key=lambda name: float(yields[name][0]))
    log_hazard = card.table.log_hazard(columns(card, rows.features))
    exposure = measures.baseline_exposure(card, rows)
    hazard = np.exp(log_hazard) * exposure
    auc = {name: measures.auc(score, rows) for name, score in ranked.items()}
    advantage = measures.estimate(yields["model"] - yields[best_rule])
    slope = measures.estimate(np.array([measures.slope(log_hazard, exposure, rows, w) for w in weights]))
    gain = measures.estimate(measures.likelihood_gain(hazard, rows, weights))
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
        calibration=measures.calibration(hazard, rows),
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
