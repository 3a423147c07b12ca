"""The pre-registered go / no-go test of `verdict.yaml`, on landmarks later than any the judged model was fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from risk_model.errors import UserError
from risk_model.evaluation import measures
from risk_model.evaluation.measures import Estimate
from risk_model.evaluation.orderings import MODEL, model_score, simple_rules
from risk_model.evaluation.registered import DIGEST, TEST
from risk_model.model import Rows
from risk_model.scorecard import Numbers, Scorecard, columns
from risk_model.snapshot import HORIZON_DAYS

GO, NO_GO, SOME_SERVICES = "go", "no-go", "go for some services"


@dataclass(frozen=True)
class Verdict:
    """What the test says of all rows, and why not "go" in words; nothing in `because` is "go"."""

    because: list[str]
    best_rule: str
    advantage: Estimate
    slope: Estimate
    likelihood_gain: Estimate


@dataclass(frozen=True)
class ServiceVerdict:
    """What the test says of the children who wait for one service.

    With too few events for that the figures are None: the service goes with all together.
    """

    service_id: str
    because: list[str]
    rows: int
    events: int
    advantage: Estimate | None = None
    likelihood_gain: Estimate | None = None


@dataclass(frozen=True)
class Evaluation:
    """What the later landmarks say; `verdict` is "go", "no-go" or "go for some services", `because` says why in words.

    `services` is asked only where all rows together passed; a service with a reason in its `because` has no estimate.
    """

    verdict: str
    because: list[str]
    test: dict[str, str]
    advantage: Estimate
    best_rule: str
    slope: Estimate
    likelihood_gain: Estimate
    auc: dict[str, float]
    events_per_hundred: dict[str, float]
    calibration: dict[str, float | None]
    services: list[ServiceVerdict]
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


def split(landmarks: list[date]) -> tuple[list[date], list[date]]:
    """Return the landmarks to fit on and the later ones to judge on, with no outcome of the first in the second."""
    later = landmarks[-TEST.held_out_landmarks :]
    earlier = [day for day in landmarks if day + timedelta(days=HORIZON_DAYS) <= later[0]] if later else []
    if not earlier:
        raise UserError(
            f"The extracts hold {len(landmarks)} quarters with a whole year before and half a year after them. "
            f"Expected at least {TEST.held_out_landmarks + 2}, to fit on the earlier and judge on the later ones. "
            "Add older files, or make a list with --policy-only."
        )
    return earlier, later


def evaluate(card: Scorecard, rows: Rows, ranked: Mapping[str, Numbers], *, seed: int) -> Evaluation:
    """Return the go / no-go test of `verdict.yaml` on rows later than the fitted ones, with the figures beside it.

    `ranked` is what `orderings` says of these rows.
    """
    weights = measures.draws_by_child(rows.child_codes(), seed)
    log_hazard = card.table.log_hazard(columns(card, rows.features))
    exposure = measures.baseline_exposure(card, rows)
    found = judge(ranked, log_hazard, exposure, rows, weights)
    hazard = np.exp(log_hazard) * exposure
    services = [] if found.because else judge_services(ranked, found.best_rule, hazard, rows, weights)
    without = [service.service_id for service in services if service.because]
    return Evaluation(
        verdict=_in_a_word(found, services),
        because=found.because or ([_without_estimate(without, len(services))] if without else []),
        test={"digest": DIGEST, "registered_on": str(TEST.registered_on)},
        advantage=found.advantage,
        best_rule=found.best_rule,
        slope=found.slope,
        likelihood_gain=found.likelihood_gain,
        auc={name: measures.auc(score, rows) for name, score in ranked.items()},
        events_per_hundred={
            name: round(float(measures.top_yield(score, rows, weights[:1])[0]), 2)
            for name, score in ranked.items()
        },
        calibration=measures.calibration(hazard, rows),
        services=services,
        events=int(rows.event.sum()),
        children=rows.children.n_unique(),
    )


def judged(card: Scorecard, rows: Rows, *, seed: int) -> Verdict:
    """Return what the registered test says of a scorecard on rows later than the fitted ones; no figure beside it."""
    ranked = {MODEL: model_score(card, rows.features), **simple_rules(rows.features)}
    log_hazard = card.table.log_hazard(columns(card, rows.features))
    weights = measures.draws_by_child(rows.child_codes(), seed)
    return judge(ranked, log_hazard, measures.baseline_exposure(card, rows), rows, weights)


def judge(
    ranked: Mapping[str, Numbers], log_hazard: Numbers, exposure: Numbers, rows: Rows, weights: Numbers
) -> Verdict:
    """Return what the registered test says; `ranked` holds the score of the model and of each simple rule."""
    yields = {name: measures.top_yield(ranked[name], rows, weights) for name in (MODEL, *TEST.simple_rules)}
    best_rule = max(TEST.simple_rules, key=lambda name: float(yields[name][0]))
    advantage = measures.estimate(yields[MODEL] - yields[best_rule])
    slope = measures.estimate(np.array([measures.slope(log_hazard, exposure, rows, w) for w in weights]))
    gain = measures.estimate(measures.likelihood_gain(np.exp(log_hazard) * exposure, rows, weights))
    because = _reasons(advantage, best_rule, slope, gain, measures.auc(ranked[MODEL], rows))
    return Verdict(because, best_rule, advantage, slope, gain)


def judge_services(
    ranked: Mapping[str, Numbers], best_rule: str, hazard: Numbers, rows: Rows, weights: Numbers
) -> list[ServiceVerdict]:
    """Return what the registered test says of the rows of each service that a child waited for, sorted by service.

    `hazard` holds the events that the model expects of each row.
    """
    asked = rows.services.explode()
    return [
        _judged_service(service, _rows_of(service, rows), ranked, best_rule, hazard, rows, weights)
        for service in asked.drop_nulls().unique().sort().to_list()
    ]


def _judged_service(
    service: str,
    chosen: npt.NDArray[np.bool_],
    ranked: Mapping[str, Numbers],
    best_rule: str,
    hazard: Numbers,
    rows: Rows,
    weights: Numbers,
) -> ServiceVerdict:
    own, events, limits = rows.where(chosen), int(rows.event[chosen].sum()), TEST.of_a_service
    if events < limits.fewest_events:
        return ServiceVerdict(service, [], len(own.event), events)
    drawn = weights[:, chosen]
    yields = {name: measures.top_yield(ranked[name][chosen], own, drawn) for name in (MODEL, best_rule)}
    advantage = measures.estimate(yields[MODEL] - yields[best_rule])
    gain = measures.estimate(measures.likelihood_gain(hazard[chosen], own, drawn))
    because = []
    if gain.high < limits.likelihood_gain_not_below:
        because.append("The model says less of its children than one constant rate.")
    if advantage.high < limits.advantage_not_below:
        because.append(f"The model finds fewer of its events in the top tenth than the rule: {best_rule}.")
    return ServiceVerdict(service, because, len(own.event), events, advantage, gain)


def _rows_of(service: str, rows: Rows) -> npt.NDArray[np.bool_]:
    return rows.services.list.contains(service).to_numpy()


def _in_a_word(judged: Verdict, services: list[ServiceVerdict]) -> str:
    if judged.because or (services and all(service.because for service in services)):
        return NO_GO
    return SOME_SERVICES if any(service.because for service in services) else GO


def _without_estimate(services: list[str], of: int) -> str:
    return f"{len(services)} of {of} services have children who show the model wrong: {', '.join(services)}."


def _reasons(advantage: Estimate, best_rule: str, slope: Estimate, gain: Estimate, auc: float) -> list[str]:
    """Every way in which the test fails, in words; none is "go"."""
    reasons = []
    if not advantage.low > TEST.advantage_above:
        reasons.append(
            f"The model was not shown to find more events in its top tenth than the rule: {best_rule}."
        )
    least, most = TEST.slope_within
    if not (slope.low > least and slope.high < most):
        reasons.append(
            f"The calibration slope, {slope.low:.2f} to {slope.high:.2f}, is not within {least} to {most}."
        )
    if not gain.low > TEST.likelihood_gain_above:
        reasons.append("The model was not shown to say more than one constant rate.")
    if auc > TEST.auc_not_above:
        reasons.append(
            f"The area under the curve, {auc:.3f}, is above {TEST.auc_not_above}: something of the future leaks in."
        )
    return reasons
