"""The calibration step: what a cohort measures, beside the figures it should meet."""

from risk_model.synthetic.targets.comparison import compare, measure, of_cohort, targets
from risk_model.synthetic.targets.dials import dials
from risk_model.synthetic.targets.facts import Facts, gather, together

__all__ = [
    "Facts",
    "compare",
    "dials",
    "gather",
    "measure",
    "of_cohort",
    "targets",
    "together",
]
