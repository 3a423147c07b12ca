"""The policy laboratory: orders side by side on the same children, slots and truth, before anybody signs."""

from risk_model.simulation.laboratory import Plan, Result, run
from risk_model.simulation.page import report_page
from risk_model.simulation.past import Past, lists, on_day

__all__ = ["Past", "Plan", "Result", "lists", "on_day", "report_page", "run"]
