"""What the improvement board is held to: charts by the NHS rules, measures with targets, milestones, slippage."""

from risk_model.board.measures import is_summed_within_a_year, milestones_of
from risk_model.board.milestones import milestone_status, slippage, validate_measure
from risk_model.board.spc import assurance, seven_one_side, seven_point_trend, two_in_three, xmr

__all__ = [
    "assurance",
    "is_summed_within_a_year",
    "milestone_status",
    "milestones_of",
    "seven_one_side",
    "seven_point_trend",
    "slippage",
    "two_in_three",
    "validate_measure",
    "xmr",
]
