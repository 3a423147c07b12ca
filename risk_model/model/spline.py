"""The reference beside the boosting: a Poisson GLM with a spline of age and needs that never lower the risk.

It leaves the same table, so that it can take over: every column is a table of intervals (`shape`) times coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from risk_model.features import MODEL_FEATURES, Feature
from risk_model.model.rows import Rows, exposure, matrix
from risk_model.model.terms import Entries, Terms
from risk_model.scorecard import Numbers

AGE = "age_years"
OLDEST_YEARS = 19
AGE_KNOTS_YEARS = (2, 5, 8, 11, 14, 16)
"""Where English childhoods change: two years, school entry, key stage 2, secondary school, GCSE years, 16."""
SHARE_EDGES = (0.05, 0.10, 0.20, 0.35, 0.50)
WAIT_EDGES_WEEKS = (6.0, 12.0, 18.0, 26.0, 39.0, 52.0, 78.0, 104.0)
"""Ours: 0.10 and 0.50 are persistent and severe absence; 18, 52 and 104 weeks are published waits."""
MOST_STEPS = 5
LEAST_ROWS_IN_A_STEP = 50
"""Ours: no more steps of a count, and none with fewer rows, so that a step is not one child's."""
RIDGE = 2e-4
"""Per row, on every coefficient but the base; chosen with `python -m benchmarks.settings` (`settings.csv` there)."""
MOST_ITERATIONS = 500
"""Ours: a limit on time."""


@dataclass(frozen=True)
class _Block:
    """The columns of one feature: `shape` has a row per interval between the edges, a column per coefficient."""

    feature: Feature
    edges: Numbers
    shape: Numbers
    has_unknown: bool

    @property
    def width(self) -> int:
        return int(self.shape.shape[1]) + self.has_unknown

    def design(self, column: Numbers) -> Numbers:
        unknown = np.isnan(column)
        rows = self.shape[np.searchsorted(self.edges, column, side="left")]
        rows[unknown] = 0.0
        return np.column_stack([rows, unknown]) if self.has_unknown else rows

    def entries(self, coefficients: Numbers) -> Entries:
        known = coefficients[: self.shape.shape[1]]
        unknown = float(coefficients[-1]) if self.has_unknown else 0.0
        return Entries(self.feature, self.edges, self.shape @ known, unknown)

    def bounds(self) -> list[tuple[float | None, None]]:
        return [(0.0 if self.feature.rises else None, None)] * self.width


def terms_of(rows: Rows, baseline: Numbers, *, ridge: float = RIDGE) -> Terms:
    """Return the fitted table: L-BFGS-B on the Poisson likelihood, a coefficient of a need bounded at zero."""
    found = dict(zip((feature.name for feature in MODEL_FEATURES), matrix(rows.features).T, strict=True))
    blocks = [_block(feature, found[feature.name]) for feature in MODEL_FEATURES]
    design = np.column_stack([np.ones(len(rows.event)), *(b.design(found[b.feature.name]) for b in blocks)])
    at_risk = exposure(rows, baseline)
    start = np.zeros(design.shape[1])
    start[0] = np.log(rows.event.sum() / at_risk.sum())
    events = rows.event.astype(np.float64)
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0

    def loss(coefficients: Numbers) -> tuple[float, Numbers]:
        linear = design @ coefficients
        expected = at_risk * np.exp(linear)
        value = (expected.sum() - events @ linear) / len(events) + 0.5 * penalty @ coefficients**2
        gradient = design.T @ (expected - events) / len(events) + penalty * coefficients
        return float(value), gradient

    bounds = [(None, None), *(bound for block in blocks for bound in block.bounds())]
    with threadpool_limits(limits=1):
        solved = minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MOST_ITERATIONS}
        ).x
    ends = np.cumsum([1, *(block.width for block in blocks)])
    parts = [block.entries(solved[a:b]) for block, a, b in zip(blocks, ends, ends[1:], strict=False)]
    return Terms(float(solved[0]), parts)


def _block(feature: Feature, column: Numbers) -> _Block:
    has_unknown = bool(np.isnan(column).any())
    if feature.name == AGE:
        years = np.arange(OLDEST_YEARS, dtype=np.float64)
        return _Block(feature, years + 0.5, _spline(), has_unknown)
    edges = _edges(feature, column)
    return _Block(feature, edges, np.tri(len(edges) + 1, len(edges), -1), has_unknown)


def _edges(feature: Feature, column: Numbers) -> Numbers:
    """A flag has one step; a count one for each number that enough rows reach; shares and waits have fixed ones."""
    if feature.is_flag:
        return np.array([0.5])
    if feature.shown_as_percent:
        return np.array(SHARE_EDGES)
    if not feature.rises:
        return np.array(WAIT_EDGES_WEEKS)
    reached = [n for n in range(1, MOST_STEPS + 1) if (column >= n).sum() >= LEAST_ROWS_IN_A_STEP]
    edges: Numbers = np.array(reached or [1]) - 0.5
    return edges


def _spline() -> Numbers:
    """Cubic splines at each age in years; the first column goes, since the base already says it."""
    ages = np.arange(OLDEST_YEARS + 1, dtype=np.float64)
    knots = np.concatenate([[0.0] * 4, AGE_KNOTS_YEARS, [float(OLDEST_YEARS)] * 4])
    shape: Numbers = BSpline.design_matrix(ages, knots, 3).toarray()[:, 1:]
    return shape
