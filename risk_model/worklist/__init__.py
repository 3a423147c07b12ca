"""The worklist: one folder per run, written once, which anybody can recompute from the folder alone."""

from risk_model.worklist.folder import PROVENANCE, Worklist, check_seal, digest, load, newest, runs, save
from risk_model.worklist.history import carried_over, earlier_run, with_offers
from risk_model.worklist.moves import Moves, compare
from risk_model.worklist.order import LIST_COLUMNS, Ordered, order
from risk_model.worklist.replay import (
    CALENDAR_FILE,
    DECISIONS_FILE,
    Basis,
    basis_of,
    code_digest,
    services_of,
    verify,
)

__all__ = [
    "CALENDAR_FILE",
    "DECISIONS_FILE",
    "LIST_COLUMNS",
    "PROVENANCE",
    "Basis",
    "Moves",
    "Ordered",
    "Worklist",
    "basis_of",
    "carried_over",
    "check_seal",
    "code_digest",
    "compare",
    "digest",
    "earlier_run",
    "load",
    "newest",
    "order",
    "runs",
    "save",
    "services_of",
    "verify",
    "with_offers",
]
