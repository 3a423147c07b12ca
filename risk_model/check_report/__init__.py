"""What checking found, told to the partner's analyst: what to mend first, and what became of every file."""

from risk_model.check_report.page import report_page
from risk_model.check_report.report import CheckReport, FileLine, Item, TableLine, report_of

__all__ = ["CheckReport", "FileLine", "Item", "TableLine", "report_of", "report_page"]
