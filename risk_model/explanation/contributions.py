"""The contribution of every feature to the estimate: exact, since the model is a table.

With no interactions the Shapley value of a feature is its entry in the scorecard minus the mean entry of the fitted
rows: the same at every horizon, and as fast as a look-up.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from risk_model import scorecard
from risk_model.features import FEATURES
from risk_model.features.wording import state, words
from risk_model.scorecard import Numbers, Scorecard

BY_NAME = {feature.name: feature for feature in FEATURES}
PARTNERS = pl.Enum([str(partner) for partner in dict.fromkeys(f.partner for f in FEATURES)])

SCHEMA = {
    "person_id": pl.String,
    "partner": pl.String,
    "reason": pl.String,
    "feature": pl.String,
    "words": pl.String,
    "state": pl.String,
    "log_factor": pl.Float64,
    "factor": pl.Float64,
    "used_for_place": pl.Boolean,
    "position": pl.Int64,
}


def log_factors(card: Scorecard, features: pl.DataFrame) -> Numbers:
    """Return the contribution of each term (columns, in the scorecard's order) to each row's log-hazard."""
    values = scorecard.columns(card, features)
    found = np.empty((len(features), len(card.table.terms)), order="F")
    for place, term in enumerate(card.table.terms):
        np.subtract(term.log_factor(values[term.feature]), term.mean, out=found[:, place])
    return found


def score(card: Scorecard, features: pl.DataFrame) -> tuple[Numbers, Numbers]:
    """Return each row's risk, and the contribution of each term (rows, in the scorecard's order), for a whole country.

    One look-up per term serves both.
    """
    terms = card.table.terms
    contributions = np.empty((len(terms), len(features)))
    log_hazard = np.full(len(features), card.table.base)
    for place, term in enumerate(terms):
        entries = np.append(term.values, term.unknown)
        found = term.places(features[term.feature])
        log_hazard += entries[found]
        np.take(entries - term.mean, found, out=contributions[place])
    return card.table.risk(log_hazard), contributions


def explain(card: Scorecard, children: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return one row per child and feature that can move the estimate, in the order a page shows them.

    `children` has one row per `person_id` with the feature columns, as known on a day. `factor` multiplies the hazard
    rate (not the chance) against the mean child; the factors of one child multiply to its rate against that mean.
    """
    by_feature: dict[str, Numbers] = {}
    for term, log_factor in zip(card.table.terms, log_factors(card, children).T, strict=True):
        if len(term.values) > 1:
            by_feature[term.feature] = by_feature.get(term.feature, 0.0) + log_factor
    not_for_place = {term.feature for term in card.table.terms if not term.used_for_place}
    rows = [
        children.select(
            "person_id",
            partner=pl.lit(str(BY_NAME[name].partner)),
            reason=pl.lit(BY_NAME[name].part_of),
            feature=pl.lit(name),
            words=words(BY_NAME[name], on),
            state=state(BY_NAME[name]),
            log_factor=pl.Series(log_factor),
            factor=pl.Series(np.exp(log_factor)),
            used_for_place=pl.lit(name not in not_for_place),
        )
        for name, log_factor in by_feature.items()
    ]
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    ordered = in_reading_order(pl.concat(rows), "feature")
    return ordered.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def in_reading_order(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return contributions with their `position`: by partner, and in each partner the largest effect first."""
    ordered = table.sort(
        "person_id",
        pl.col("partner").cast(PARTNERS),
        pl.col("log_factor").abs().round(9),
        name,
        descending=[False, False, True, False],
    )
    return ordered.with_columns(position=pl.int_range(pl.len()).over("person_id", "partner"))
