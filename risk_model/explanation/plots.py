"""The same contributions as SHAP's own type, for its plots in notebooks; the one door to SHAP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from risk_model import scorecard
from risk_model.explanation.contributions import BY_NAME, log_factors
from risk_model.scorecard import Scorecard

if TYPE_CHECKING:
    import shap


def as_shap(card: Scorecard, children: pl.DataFrame) -> shap.Explanation:
    """Return the contributions of each child's features, under their labels, with the mean child as the base."""
    import shap

    values = scorecard.columns(card, children)
    groups = [term["is_group_factor"] for term in card.document["terms"]]
    labels = [BY_NAME[term.feature].label for term in card.table.terms]
    return shap.Explanation(
        values=log_factors(card, children),
        base_values=np.full(len(children), card.table.base + sum(t.mean for t in card.table.terms)),
        data=np.column_stack([values[t.feature] for t in card.table.terms]),
        feature_names=[
            f"{label} (group factor)" if is_group else label
            for label, is_group in zip(labels, groups, strict=True)
        ],
    )
