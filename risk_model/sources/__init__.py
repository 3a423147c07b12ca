"""From the partners' own files to contract frames: one module per return, each file known by its content."""

from risk_model.sources.checked import CheckedExtracts, check
from risk_model.sources.completeness import check_is_whole, gaps
from risk_model.sources.extracts import Extracts, SourceFile
from risk_model.sources.reading import read

__all__ = ["CheckedExtracts", "Extracts", "SourceFile", "check", "check_is_whole", "gaps", "read"]
