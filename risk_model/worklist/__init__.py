"""The worklist: one folder per run, written once, which anybody can recompute from the folder alone."""

from risk_model.worklist.folder import PROVENANCE, Worklist, check_seal, digest, load, newest, runs, save
from risk_model.worklist.order import LIST_COLUMNS, Ordered, order
from risk_model.worklist.replay import code_digest, services_of, verify

__all__ = [
    "LIST_COLUMNS",
    "PROVENANCE",
    "Ordered",
    "Worklist",
    "check_seal",
    "code_digest",
    "digest",
    "load",
    "newest",
    "order",
    "runs",
    "save",
    "services_of",
    "verify",
]
