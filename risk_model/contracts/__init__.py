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
from risk_model.contracts.rules import RuleWords, explain, rules_of

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
    "RuleWords",
    "Table",
    "check",
    "explain",
    "load",
    "match",
    "plain",
    "read_contract",
    "rules_of",
    "schema",
    "spellings",
    "tables",
    "warnings_frame",
]
