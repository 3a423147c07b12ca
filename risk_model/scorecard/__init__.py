"""The model of record: a table of terms that says the risk of a child and the share of every feature in it.

An additive model on the log-hazard *is* such a table. Everything after training reads this document; nothing is
unpickled and scikit-learn is never imported.
"""

from risk_model.scorecard.document import FORMAT, ScorecardRefused, read, schema, sealed, window, write
from risk_model.scorecard.tables import (
    Numbers,
    Scorecard,
    Table,
    Term,
    band,
    columns,
    log_hazard_for_place,
    predict,
)

__all__ = [
    "FORMAT",
    "Numbers",
    "Scorecard",
    "ScorecardRefused",
    "Table",
    "Term",
    "band",
    "columns",
    "log_hazard_for_place",
    "predict",
    "read",
    "schema",
    "sealed",
    "window",
    "write",
]
