"""A synthetic cohort of Plymouth children with known truth, written in the partners' own file formats."""

from risk_model.synthetic.cohort import STAGES, synthesise

__all__ = ["STAGES", "synthesise"]
