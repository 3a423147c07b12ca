"""What each partner's return holds (read from `data_contracts/`) and whether a frame keeps to it."""

from risk_model.contracts.checking import (
    BROKEN,
    FINDINGS,
    REJECTED,
    Checked,
    Read,
    findings_frame,
    part,
    read,
    read_schema,
)
from risk_model.contracts.columns import ColumnReader
from risk_model.contracts.contract import (
    LINEAGE,
    OUR_OWN,
    PRIVACY_CLASSES,
    PURPOSES,
    CodeList,
    Column,
    Contract,
    Edition,
    RowRule,
    Table,
)
from risk_model.contracts.headers import match, plain, spellings, unknown
from risk_model.contracts.odcs import files, load, read_contract, tables
from risk_model.contracts.rules import RuleWords, explain, rules_of

__all__ = [
    "BROKEN",
    "FINDINGS",
    "LINEAGE",
    "OUR_OWN",
    "PRIVACY_CLASSES",
    "PURPOSES",
    "REJECTED",
    "Checked",
    "CodeList",
    "Column",
    "ColumnReader",
    "Contract",
    "Edition",
    "Read",
    "RowRule",
    "RuleWords",
    "Table",
    "explain",
    "files",
    "findings_frame",
    "load",
    "match",
    "part",
    "plain",
    "read",
    "read_contract",
    "read_schema",
    "rules_of",
    "spellings",
    "tables",
    "unknown",
]
