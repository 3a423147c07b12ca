"""From the partners' own files to accepted rows: each file known by its content."""

from risk_model.sources.checked import CheckedExtracts, check
from risk_model.sources.completeness import check_is_whole
from risk_model.sources.extracts import SourceFile

__all__ = ["CheckedExtracts", "SourceFile", "check", "check_is_whole"]
