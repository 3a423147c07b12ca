"""Why the estimate is what it is: exact contributions, reasons in plain words, what would move it, and neighbours."""

from risk_model.explanation import neighbours, reasons, what_if
from risk_model.explanation.contributions import SCHEMA, explain, log_factors, score
from risk_model.explanation.plots import as_shap

__all__ = ["SCHEMA", "as_shap", "explain", "log_factors", "neighbours", "reasons", "score", "what_if"]
