"""How near each ordering comes to the true risk of an invented cohort."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl

from risk_model.evaluation.measures import GROUPS, draws_by_child, estimate, top_mean
from risk_model.evaluation.orderings import SIMPLE_RULES
from risk_model.evaluation.truth import Truth


def against_truth(
    held_out: pl.DataFrame, identities: pl.DataFrame, truth: Truth, *, seed: int
) -> dict[str, Any]:
    """Return how near each ordering comes to the true risk of the cohort, with intervals over draws of children.

    `held_out` has a row per child and later landmark with the orderings and the predicted `risk`; `identities` is the
    vault's table. The true risk is that within 26 weeks if the child is seen by nobody.
    """
    known = _true_risks(held_out, identities, truth)
    risk = known["true_risk"].to_numpy()
    codes = (known["child_id"].rank("dense").cast(pl.Int64) - 1).to_numpy()
    weights = draws_by_child(codes, seed)
    names = ("model", *SIMPLE_RULES, "logistic", "oracle")
    scores = {name: known[name].to_numpy() if name != "oracle" else risk for name in names}
    tops = {name: top_mean(score, risk, weights) for name, score in scores.items()}
    worst, best = tops["longest wait"], tops["oracle"]
    return {
        "children": known["person_id"].n_unique(),
        "rows": len(known),
        "rows_without_truth": len(held_out) - len(known),
        "true_risk_of_top_tenth": {name: asdict(estimate(top)) for name, top in tops.items()},
        "model_minus_rule": {rule: asdict(estimate(tops["model"] - tops[rule])) for rule in SIMPLE_RULES},
        "gap_closed": {
            name: asdict(estimate((top - worst) / (best - worst)))
            for name, top in tops.items()
            if name not in ("longest wait", "oracle")
        },
        "predicted_over_true": {
            name: _ratio(known.filter(claim.fill_null(False))) for name, claim in GROUPS.items()
        },
    }


def _true_risks(held_out: pl.DataFrame, identities: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    people = truth.identities.select("child_id", "nhs_number")
    hazards = truth.hazards.select("child_id", landmark_on="on", true_risk="risk_26_weeks")
    named = identities.select("person_id", "nhs_number").drop_nulls().join(people, on="nhs_number")
    return (
        held_out.join(named, on="person_id")
        .join(hazards, on=("child_id", "landmark_on"))
        .sort("landmark_on", "child_id")
    )


def _ratio(group: pl.DataFrame) -> float | None:
    true = float(group["true_risk"].sum())
    return round(float(group["risk"].sum()) / true, 3) if true else None
