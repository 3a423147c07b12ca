"""How good the estimate is: against later landmarks, against the simple rules, and against the known truth.

Everything here is measured on landmarks later than any the judged model was fitted on. Only `evaluation.truth` reads
the truth of an invented cohort.
"""

from risk_model.evaluation.distance import against_truth, true_risks
from risk_model.evaluation.figures import results
from risk_model.evaluation.links import children_of, link_quality, wrong_twins
from risk_model.evaluation.measures import Estimate
from risk_model.evaluation.orderings import POINTS, held_out, orderings, rows_of
from risk_model.evaluation.registered import DIGEST as TEST_DIGEST
from risk_model.evaluation.report import report_page
from risk_model.evaluation.truth import Truth
from risk_model.evaluation.truth import read as read_truth
from risk_model.evaluation.verdict import Evaluation, Verdict, evaluate, judged, split

__all__ = [
    "POINTS",
    "TEST_DIGEST",
    "Estimate",
    "Evaluation",
    "Truth",
    "Verdict",
    "against_truth",
    "children_of",
    "evaluate",
    "held_out",
    "judged",
    "link_quality",
    "orderings",
    "read_truth",
    "report_page",
    "results",
    "rows_of",
    "split",
    "true_risks",
    "wrong_twins",
]
