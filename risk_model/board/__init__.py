"""What the improvement board is held to: charts by the NHS rules, measures with targets, milestones, slippage."""

from risk_model.board.milestones import milestone_status, slippage, validate_measure
from risk_model.board.spc import assurance, seven_one_side, seven_point_trend, two_in_three, xmr

__all__ = [
    "assurance",
    "milestone_status",
    "seven_one_side",
    "seven_point_trend",
    "slippage",
    "two_in_three",
    "validate_measure",
    "xmr",
]
