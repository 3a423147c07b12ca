"""Weights for a handful of children, from whom none could be learned: agreement on everything is a match."""

from __future__ import annotations

from risk_model.linkage import LinkWeights
from risk_model.linkage.probable import settings, weights_of

CHANCE_OF_A_MATCH = 0.05


def _weights() -> LinkWeights:
    model = settings().create_settings_dict("duckdb")
    model["probability_two_random_records_match"] = CHANCE_OF_A_MATCH
    for comparison in model["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for level in levels:
            agrees = level is not levels[-1]
            level["m_probability"], level["u_probability"] = (0.9, 0.01) if agrees else (0.1, 0.9)
    return weights_of(model, {})


WEIGHTS = _weights()
