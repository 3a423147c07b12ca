"""Reasons as sentences: what a record shows, and by how much it raises or lowers the risk.

Features that tell more or less of one thing (a plan and being known, three months and twelve) are one reason: their
contributions are summed, and the sentence is that of the most telling of them that is recorded. So a need whose effect
the fit gave to another rung of its ladder never loses its reason.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from risk_model.explanation.contributions import BY_NAME, in_reading_order
from risk_model.features import FEATURES

SCHEMA = {
    "person_id": pl.String,
    "partner": pl.String,
    "reason": pl.String,
    "words": pl.String,
    "sentence": pl.String,
    "direction": pl.String,
    "state": pl.String,
    "log_factor": pl.Float64,
    "factor": pl.Float64,
    "used_for_place": pl.Boolean,
    "position": pl.Int64,
}
UP, DOWN, LITTLE, UNKNOWN = "up", "down", "little", "unknown"


class Effects(NamedTuple):
    """What follows the words, by direction; {} is the factor to one decimal."""

    up: str = "raises the risk by about {} times"
    down: str = "lowers the risk to about {} times"
    little: str = "makes little difference to the risk"
    until_known: str = " until it is known"
    not_for_place: str = ", and is not used for the place"


EFFECTS = Effects()
"""Factors multiply the rate; for the risks that occur here that is nearly the chance."""

_RECORDED, _NOT_KNOWN = 2_000, 1_000
"""Which feature speaks for a reason: the highest rung recorded, else the lowest not known, else the lowest."""


def of_children(contributions: pl.DataFrame) -> pl.DataFrame:
    """Return one row per child and reason, in reading order, with its sentence and its direction.

    `direction` is up, down, little (a factor of 1 to one decimal), or unknown where nothing of it is recorded and
    something is not known. The log-factors of a child's reasons sum to those of its features.
    """
    if contributions.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    rungs = pl.DataFrame(
        {"feature": list(BY_NAME), "rung": [f.rung * 100 + place for place, f in enumerate(FEATURES)]}
    )
    recorded, not_known = pl.col("state").is_in(["yes", "value"]), pl.col("state") == UNKNOWN
    speaks = (
        pl.when(recorded)
        .then(_RECORDED + pl.col("rung"))
        .when(not_known)
        .then(_NOT_KNOWN - pl.col("rung"))
        .otherwise(-pl.col("rung"))
    )
    summed = (
        contributions.join(rungs, on="feature", how="left", maintain_order="left")
        .sort("person_id", "reason", speaks, descending=[False, False, True])
        .group_by("person_id", "reason", maintain_order=True)
        .agg(
            pl.col("partner", "words", "state").first(),
            pl.col("log_factor").sum(),
            pl.col("used_for_place").all(),
        )
        .with_columns(factor=pl.col("log_factor").exp())
        .with_columns(direction=_direction())
        .with_columns(sentence=_sentence())
    )
    ordered = in_reading_order(summed, "reason")
    return ordered.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def _effect() -> pl.Expr:
    shown = pl.col("factor").round(1)
    return pl.when(shown > 1).then(pl.lit(UP)).when(shown < 1).then(pl.lit(DOWN)).otherwise(pl.lit(LITTLE))


def _direction() -> pl.Expr:
    return pl.when(pl.col("state") == UNKNOWN).then(pl.lit(UNKNOWN)).otherwise(_effect())


def _sentence() -> pl.Expr:
    shown = pl.col("factor").round(1).cast(pl.String)
    told = (
        pl.when(_effect() == UP)
        .then(pl.format(EFFECTS.up, shown))
        .when(_effect() == DOWN)
        .then(pl.format(EFFECTS.down, shown))
        .otherwise(pl.lit(EFFECTS.little))
    )
    until_known = pl.when(pl.col("state") == UNKNOWN).then(pl.lit(EFFECTS.until_known)).otherwise(pl.lit(""))
    not_for_place = pl.when("used_for_place").then(pl.lit("")).otherwise(pl.lit(EFFECTS.not_for_place))
    return pl.concat_str("words", pl.lit("; "), told, until_known, not_for_place)
