"""Fit the risk model and leave it as a scorecard.

One row per child and landmark: target events per exposure, weight exposure, a Poisson loss, no interactions, and no
table that falls as a need rises. The first contact is censoring by decision. The exported table, not the estimator,
is the model of record.
"""

from risk_model.model.fitting import BOOTSTRAP_FITS, Fit, fit
from risk_model.model.rows import FORTNIGHTS, Rows, matrix, resampled_children, training_rows

__all__ = [
    "BOOTSTRAP_FITS",
    "FORTNIGHTS",
    "Fit",
    "Rows",
    "fit",
    "matrix",
    "resampled_children",
    "training_rows",
]
