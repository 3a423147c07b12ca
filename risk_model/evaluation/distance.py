"""How near each ordering comes to the true risk of an invented cohort, and what keeps it from coming nearer.

The ladder goes from the longest wait up to the true risk. The model's distance to O4 is its own: its form, and how few
events it has seen. From O4 to O3 is what the records get wrong, from O3 to O2 what no record tells (needs themselves,
and the path that a child's social care is yet to take), from O2 to O1 frailty, which nobody can know.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from risk_model.evaluation.links import children_of
from risk_model.evaluation.measures import (
    GROUPS,
    divergence,
    draws_by_child,
    estimate,
    root_mean_square,
    top_mean,
)
from risk_model.evaluation.orderings import MODEL, SIMPLE_RULES
from risk_model.evaluation.references import best_possible
from risk_model.evaluation.truth import Truth
from risk_model.features import MODEL_FEATURES
from risk_model.model import FORTNIGHTS, matrix
from risk_model.scorecard import Numbers

LONGEST_WAIT = "longest wait"
O4, O3, O2, O1 = "O4 records", "O3 error-free records", "O2 needs known", "O1 true risk"
LADDER = (*SIMPLE_RULES, "logistic", MODEL, O4, O3, O2, O1)
STEPS = {
    "the model": (MODEL, O4),
    "the records": (O4, O3),
    "what no record tells": (O3, O2),
    "frailty": (O2, O1),
}


def against_truth(judged: pl.DataFrame, children: pl.DataFrame, truth: Truth, *, seed: int) -> dict[str, Any]:
    """Return how near each ordering comes to the true risk of the cohort, with intervals over draws of children.

    `judged` is what `held_out` returned; `children` says which child each person is (`children_of`). The true risk is
    that within 26 weeks if the child is seen by nobody.
    """
    everything = _with_truth(judged, children, truth, seed)
    known = everything.filter("is_judged")
    risk = known[O1].to_numpy()
    weights = draws_by_child(_codes(known), seed)
    tops = {name: top_mean(known[name].to_numpy(), risk, weights) for name in LADDER}
    worst, best = tops[LONGEST_WAIT], tops[O1]
    return {
        "children": known["person_id"].n_unique(),
        "rows": len(known),
        "rows_without_truth": int(judged["is_judged"].sum()) - len(known),
        "recorded_over_true": _recorded(known),
        "model_minus_rule": {rule: asdict(estimate(tops[MODEL] - tops[rule])) for rule in SIMPLE_RULES},
        "lost_to": {
            name: asdict(estimate(tops[better] - tops[own])) for name, (own, better) in STEPS.items()
        },
        "ladder": {
            name: {
                "true_risk_of_top_tenth": asdict(estimate(tops[name])),
                "gap_closed": asdict(estimate((tops[name] - worst) / (best - worst))),
                **_as_estimate(known, name, risk),
            }
            for name in LADDER
        },
    }


def true_risks(held: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Return the true risk of every person on every landmark, and what only the cohort knows of each.

    `held` is every record with its person, as linkage left it. Columns: `person_id`, `on`, `true_risk` (within 26
    weeks, if seen by nobody), `quintile` of deprivation, `speaks_english`.
    """
    children = children_of(held, truth.identities)
    of_child = truth.identities.select("child_id", "quintile", "speaks_english")
    risk = truth.hazards.select("child_id", "on", true_risk=pl.col("risk_26_weeks").cast(pl.Float64))
    return children.join(risk, on="child_id").join(of_child, on="child_id").drop("child_id")


def _recorded(known: pl.DataFrame) -> dict[str, float]:
    """Events recorded over those to be expected in the time at risk, by group; below 1 they are under-recorded.

    Expected is the hazard over the fortnights followed, which an event ends: the chance of an event in that time would
    be too little, since those fortnights are few just where there was one.
    """
    followed = pl.col("fortnights") / FORTNIGHTS
    counted = known.with_columns(expected=-(1 - pl.col(O1)).log() * followed)
    ratios = counted.select(
        (pl.col("event").filter(claim).sum() / pl.col("expected").filter(claim).sum()).round(3).alias(group)
        for group, claim in GROUPS.items()
    )
    return ratios.row(0, named=True)


def _as_estimate(known: pl.DataFrame, name: str, risk: Numbers) -> dict[str, Any]:
    """How far an estimate of risk lies from the true one; nothing for a rule, which estimates none."""
    column = "risk" if name == MODEL else name
    if name in (*SIMPLE_RULES, "logistic"):
        return {}
    predicted = known[column].to_numpy()
    return {
        "root_mean_square_error": root_mean_square(predicted - risk),
        "divergence": divergence(risk, predicted),
        "predicted_over_true": {
            group: _ratio(known.filter(claim.fill_null(False)), column) for group, claim in GROUPS.items()
        },
    }


def _with_truth(judged: pl.DataFrame, children: pl.DataFrame, truth: Truth, seed: int) -> pl.DataFrame:
    """Every row whose child and day the truth knows, with the four references."""
    names = [name for name in truth.observables.columns if name not in ("child_id", "on")]
    told = truth.hazards.select(
        "child_id", "on", pl.col("risk_26_weeks", "risk_frailty_unknown_26_weeks").cast(pl.Float64)
    ).sort("on", "child_id")
    error_free = told.join(truth.observables, on=("child_id", "on"), maintain_order="left").select(names)
    told = told.with_columns(
        pl.Series(
            O3,
            best_possible(
                error_free.cast(pl.Float64).to_numpy(),
                told["risk_26_weeks"].to_numpy(),
                _codes(told),
                seed=seed,
            ),
        )
    )
    known = (
        judged.join(children, on="person_id")
        .join(told, left_on=("child_id", "landmark_on"), right_on=("child_id", "on"))
        .rename({"risk_26_weeks": O1, "risk_frailty_unknown_26_weeks": O2})
        .sort("landmark_on", "child_id")
    )
    recorded = matrix(known.select(feature.name for feature in MODEL_FEATURES))
    return known.with_columns(
        pl.Series(O4, best_possible(recorded, known[O1].to_numpy(), _codes(known), seed=seed))
    )


def _codes(rows: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return (rows["child_id"].rank("dense").cast(pl.Int64) - 1).to_numpy()


def _ratio(group: pl.DataFrame, column: str) -> float | None:
    true = float(group[O1].sum())
    return round(float(group[column].sum()) / true, 3) if true else None
