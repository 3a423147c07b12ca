"""Links that a council knows itself: a safeguarding dataset that carries a child's NHS number names the patient.

Such a link is exact. It is made only where one number stands for one child and one child for one number, and neither
birth date nor given name contradicts it; anything else links nobody by number, and goes to a person.
"""

from __future__ import annotations

import polars as pl

from risk_model.linkage import records
from risk_model.linkage.register import NHS_NUMBER


def numbered_pairs(
    health: pl.DataFrame, council: pl.DataFrame, numbers: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return `left` and `right` of the children whom a council's NHS number names, and those in doubt, with `why`.

    `health` and `council` are the records of both sides, `numbers` the NHS number that a council holds of a record.
    """
    named = (
        numbers.select("nhs_number", "record")
        .join(
            health.filter(pl.col("record").str.starts_with(NHS_NUMBER)), on="nhs_number", suffix="_of_health"
        )
        .rename({"record": "right", "record_of_health": "left"})
        .join(council.rename({"record": "right"}), on="right", suffix="_beside")
        .sort("left", "right")
    )
    agrees = records.may_be_one()
    is_one_pupil = pl.col("has_upn").sum().over("left") <= 1
    is_one_patient = pl.col("left").n_unique().over("right") == 1
    sure = agrees & is_one_pupil & is_one_patient
    why = (
        pl.when(agrees)
        .then(pl.lit("the councils' NHS numbers name several children as one"))
        .otherwise(pl.lit("the council holds this NHS number, but birth date or given name differ"))
    )
    pair = ("left", "right")
    return named.filter(sure).select(pair), named.filter(~sure).select(*pair, why=why)
