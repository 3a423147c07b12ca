"""How good the estimate is: against later landmarks, against the simple rules, and against the known truth.

Everything here is measured on landmarks later than any the judged model was fitted on. Only `evaluation.truth` reads
the truth of an invented cohort.
"""

from risk_model.evaluation.distance import against_truth, true_risks
from risk_model.evaluation.links import children_of, link_quality, wrong_twins
from risk_model.evaluation.measures import Estimate
from risk_model.evaluation.orderings import POINTS, held_out
from risk_model.evaluation.truth import Truth
from risk_model.evaluation.truth import read as read_truth
from risk_model.evaluation.verdict import Evaluation, evaluate, split

__all__ = [
    "POINTS",
    "Estimate",
    "Evaluation",
    "Truth",
    "against_truth",
    "children_of",
    "evaluate",
    "held_out",
    "link_quality",
    "read_truth",
    "split",
    "true_risks",
    "wrong_twins",
]
