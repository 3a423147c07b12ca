"""What each partner's return holds (read from `data_contracts/`) and whether a frame keeps to it."""

from risk_model.contracts.checking import Checked, check, schema, warnings_frame
from risk_model.contracts.contract import (
    LINEAGE,
    PRIVACY_CLASSES,
    PURPOSES,
    CodeList,
    Column,
    Contract,
    Edition,
    RowRule,
    Table,
)
from risk_model.contracts.headers import match, plain, spellings
from risk_model.contracts.odcs import load, read_contract, tables

__all__ = [
    "LINEAGE",
    "PRIVACY_CLASSES",
    "PURPOSES",
    "Checked",
    "CodeList",
    "Column",
    "Contract",
    "Edition",
    "RowRule",
    "Table",
    "check",
    "load",
    "match",
    "plain",
    "read_contract",
    "schema",
    "spellings",
    "tables",
    "warnings_frame",
]
