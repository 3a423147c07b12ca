"""A synthetic cohort of children with known truth, written in the partners' own file formats."""

from risk_model.synthetic.cohort import STAGES, stages, synthesise

__all__ = ["STAGES", "stages", "synthesise"]
