"""The tamper-evident log: appended with what it records, signed, provable, erasable by key."""

from service.audit.erasing import erase
from service.audit.exporting import export
from service.audit.log import ACTION_WORDS, Operator, append, head, of_child, of_run
from service.audit.proofs import consistency, inclusion, tree
from service.audit.records import digest
from service.audit.signing import LogKey, open_key, open_public_key
from service.audit.verify_audit import Checkpoint, NotProvenError, Verdict, VerifierKey, open_checkpoint
from service.audit.verifying import verify

__all__ = [
    "ACTION_WORDS",
    "Checkpoint",
    "LogKey",
    "NotProvenError",
    "Operator",
    "Verdict",
    "VerifierKey",
    "append",
    "consistency",
    "digest",
    "erase",
    "export",
    "head",
    "inclusion",
    "of_child",
    "of_run",
    "open_checkpoint",
    "open_key",
    "open_public_key",
    "tree",
    "verify",
]
