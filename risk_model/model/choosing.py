"""Which of the two forms is used: the boosting, unless the spline GLM is better by more than one standard error.

Temporal cross-validation by child within the landmarks of the fit: the forms are fitted on the earlier landmarks, whose
outcomes were over by then, and compared on the later ones, each child by a fit that never saw it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.model.rows import Rows, exposure
from risk_model.scorecard import Numbers, Scorecard, columns
from risk_model.snapshot import HORIZON_DAYS

CHILD_FOLDS = 3
LATER_SHARE = 1 / 3
LEAST_LANDMARKS = 3
"""Ours: children in three parts, the last third of at least three landmarks held out."""
INTERVAL_95 = 1.96
BOOSTING, SPLINE = "boosting", "spline"

GROUPS = {
    "all": pl.lit(True),
    "looked after": pl.col("looked_after") > 0,
    "SEN and social care": pl.col("sen_and_social_care") > 0,
    "known to social care": pl.col("known_to_social_care") > 0,
    "EHC plan": pl.col("has_ehc_plan") > 0,
    "under 5": pl.col("age_years") < 5,
    "5 to 10": pl.col("age_years").is_between(5, 10),
    "11 and over": pl.col("age_years") > 10,
}
"""Whose calibration the scorecard carries; the first two after "all" are the children that the Notice names."""

FitTable = Callable[[Rows], dict[str, Any]]


@dataclass(frozen=True)
class Compared:
    """The held-out rows of the comparison and the events each form expected of them."""

    rows: Rows
    expected: Mapping[str, Numbers]


def compare(rows: Rows, forms: Mapping[str, FitTable]) -> Compared | None:
    """Return what each form expects of the later landmarks; none where there are too few landmarks to compare on."""
    halves = split(rows.landmarks)
    if halves is None:
        return None
    earlier, later = halves
    fold = rows.child_codes() % CHILD_FOLDS
    parts: list[Rows] = []
    expected: dict[str, list[Numbers]] = {name: [] for name in forms}
    for number in range(CHILD_FOLDS):
        fitted_on, judged_on = rows.where(earlier & (fold != number)), rows.where(later & (fold == number))
        if not (fitted_on.event.any() and len(judged_on.event)):
            return None
        parts.append(judged_on)
        for name, fit_table in forms.items():
            expected[name].append(expected_events(fit_table(fitted_on), judged_on))
    return Compared(_joined(parts), {name: np.concatenate(found) for name, found in expected.items()})


def choose(compared: Compared | None) -> dict[str, Any]:
    """Return the form to use and the difference that decided, as the scorecard keeps them."""
    if compared is None:
        because = (
            f"Fewer than {LEAST_LANDMARKS} landmarks with time between them: the forms were not compared."
        )
        return {"form": BOOSTING, "because": because}
    gain = _log_likelihood(compared, BOOSTING) - _log_likelihood(compared, SPLINE)
    by_child = np.bincount(compared.rows.child_codes(), weights=gain)
    difference = float(by_child.mean())
    error = float(by_child.std(ddof=1) / np.sqrt(len(by_child)))
    form = SPLINE if difference < -error else BOOSTING
    worse = "worse by more than" if form == SPLINE else "not worse by more than"
    return {
        "form": form,
        "because": f"Held out, the boosting is {worse} one standard error than the spline GLM.",
        "log_likelihood_difference": difference,
        "standard_error": error,
        "children": len(by_child),
    }


def calibration(compared: Compared | None, form: str) -> dict[str, dict[str, float]]:
    """Return by group the events expected and observed on the held-out rows, their ratio and its 95 % interval."""
    if compared is None:
        return {}
    numbered = compared.rows.features.with_row_index("row")
    found = {}
    for name, claim in GROUPS.items():
        group = numbered.filter(claim.fill_null(False))["row"].to_numpy()
        expected, observed = (
            float(compared.expected[form][group].sum()),
            int(compared.rows.event[group].sum()),
        )
        if observed and expected:
            ratio, spread = expected / observed, float(np.exp(INTERVAL_95 / np.sqrt(observed)))
            limits = {"ratio": ratio, "low": ratio / spread, "high": ratio * spread}
            found[name] = {"expected": expected, "observed": observed, **limits}
    return found


def split(landmarks: pl.Series) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
    """Return which rows are earlier, all their outcomes over before the first later one, and which are later."""
    days: list[date] = landmarks.unique().sort().to_list()
    later = days[-max(1, round(LATER_SHARE * len(days))) :]
    earlier = [day for day in days if day + timedelta(days=HORIZON_DAYS) <= later[0]]
    if len(days) < LEAST_LANDMARKS or not earlier:
        return None
    return landmarks.is_in(earlier).to_numpy(), landmarks.is_in(later).to_numpy()


def expected_events(table: dict[str, Any], rows: Rows) -> Numbers:
    """Return how many events a table expects of each row in its time at risk."""
    card = Scorecard({**table, "bootstrap": []})
    rate = np.exp(card.table.log_hazard(columns(card, rows.features)))
    expected: Numbers = rate * exposure(rows, np.array(table["baseline_by_fortnight"]))
    return expected


def _log_likelihood(compared: Compared, form: str) -> Numbers:
    expected = compared.expected[form]
    gain: Numbers = compared.rows.event * np.log(expected) - expected
    return gain


def _joined(parts: list[Rows]) -> Rows:
    return Rows(
        pl.concat(part.features for part in parts),
        np.concatenate([part.fortnights for part in parts]),
        np.concatenate([part.event for part in parts]),
        pl.concat(part.children for part in parts),
        pl.concat(part.landmarks for part in parts),
    )
