"""Every training run, and which model two people let order lists: only what passed its test and was promoted."""

from risk_model.registry.acts import Act, Standing
from risk_model.registry.acts import read as acts_of
from risk_model.registry.deciding import (
    approved,
    changed,
    find,
    promote,
    record,
    retire,
    rollback,
    standing,
)
from risk_model.registry.ranked import ranked
from risk_model.registry.store import Version, deployment, versions

__all__ = [
    "Act",
    "Standing",
    "Version",
    "acts_of",
    "approved",
    "changed",
    "deployment",
    "find",
    "promote",
    "ranked",
    "record",
    "retire",
    "rollback",
    "standing",
    "versions",
]
