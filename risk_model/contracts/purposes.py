"""Holds a use of columns against the purposes that the contract gives them: a use it does not name is refused."""

from __future__ import annotations

from collections.abc import Iterable

from risk_model.contracts.contract import PURPOSES, Table
from risk_model.errors import PurposeRefused


def check_may_use(table: Table, columns: Iterable[str], purpose: str) -> None:
    """Raise when the contract does not give one of these columns of a table for a purpose."""
    assert purpose in PURPOSES, purpose
    refused = sorted({name for name in columns if purpose not in table.columns[name].purpose})
    if refused:
        raise PurposeRefused(
            f"{len(refused)} columns of {table.name} may not be used for {purpose} ({PURPOSES[purpose]}): "
            f"{', '.join(refused)}. Expected only columns whose purposes in {table.contract}.odcs.yaml name {purpose}. "
            "Take the columns out of this use, or ask the partner's data protection officer to agree to the purpose "
            "and add it to the contract."
        )
