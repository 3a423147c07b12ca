"""Choose the settings of both forms: `python -m benchmarks.settings`, by temporal cross-validation.

The cohorts have other seeds than any on which a figure is reported. Every setting is judged on held-out children at
later landmarks; the result is written to `benchmarks/settings.csv`. The setting in use has the highest likelihood among
those whose looked-after children are not predicted lower than by the most generous one, by more than the tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.cohorts import cohort
from risk_model import model, terminal
from risk_model.model import choosing, fitting
from risk_model.model.choosing import FitTable

COHORT_SEEDS = (3001, 3002)
SCALE = "plymouth"
FIT_SEED = 1
RESULT = Path(__file__).parent / "settings.csv"
TOLERANCE = 0.03
GROUPS = ("all", "looked after", "SEN and social care")

FIRST: dict[str, Any] = {
    "rounds": 300,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 50,
    "l2_regularization": 5.0,
}
"""Where the design started; each candidate changes one or two of these."""
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"rounds": 100},
    {"rounds": 200},
    {"learning_rate": 0.05},
    {"max_leaf_nodes": 4},
    {"learning_rate": 0.05, "max_leaf_nodes": 4},
    {"min_samples_leaf": 100},
    {"l2_regularization": 20.0},
)
RIDGES = (5e-5, 2e-4, 1e-3, 5e-3)


def search() -> pl.DataFrame:
    """Return a row per candidate and cohort: held-out log-likelihood, and expected over observed events by group."""
    found = []
    with terminal.progress(len(COHORT_SEEDS)) as tell:
        for seed in COHORT_SEEDS:
            tell(f"Cohort of seed {seed}")
            rows = model.training_rows(cohort(SCALE, seed).quarters)
            for name, fit_table in _candidates().items():
                compared = choosing.compare(rows, {name: fit_table})
                assert compared is not None, "the cohort has nine landmarks"
                expected, event = compared.expected[name], compared.rows.event
                ratios = choosing.calibration(compared, name)
                found.append(
                    {
                        "setting": name,
                        "cohort_seed": seed,
                        "held_out_rows": len(event),
                        "events": int(event.sum()),
                        "log_likelihood_per_row": float((event * np.log(expected) - expected).mean()),
                        **{f"ratio {group}": ratios[group]["ratio"] for group in GROUPS},
                    }
                )
    return pl.DataFrame(found).with_columns(pl.col(pl.Float64).round(5))


def chosen(result: pl.DataFrame, form: str) -> str:
    """Return the setting that the rule takes from a search's result, as its row is named."""
    mean = (
        result.filter(pl.col("setting").str.starts_with(f"{form}:"))
        .group_by("setting", maintain_order=True)
        .agg(pl.col("log_likelihood_per_row").mean(), pl.col("ratio looked after").mean())
    )
    generous = mean.filter(pl.col("ratio looked after") >= pl.col("ratio looked after").max() - TOLERANCE)
    return str(generous.sort("log_likelihood_per_row", descending=True)["setting"][0])


def setting_name(form: str, setting: Mapping[str, Any]) -> str:
    """Return how a row of the result names a setting."""
    return f"{form}: " + ", ".join(f"{name} {value:g}" for name, value in setting.items())


def _candidates() -> Mapping[str, FitTable]:
    boosted = {setting_name("boosting", FIRST | change): _boosted(FIRST | change) for change in CHANGES}
    splined = {
        setting_name("spline", {"ridge": ridge}): partial(fitting.splined, ridge=ridge) for ridge in RIDGES
    }
    return {**boosted, **splined}


def _boosted(setting: Mapping[str, Any]) -> FitTable:
    settings = {name: value for name, value in setting.items() if name != "rounds"}
    return lambda rows: fitting.boosted(rows, FIT_SEED, rounds=setting["rounds"], settings=settings)[1]


if __name__ == "__main__":
    result = search()
    result.write_csv(RESULT)
    terminal.show_table(result, "Settings")
