"""Priority is decided by a policy: a versioned file that a clinical lead signs, blind to how risk is estimated."""

from risk_model.policy.document import DEFAULT_POLICY, LOWEST_TIER, Policy, load, read
from risk_model.policy.lanes import Queue, Slots, need_key, slots
from risk_model.policy.ranking import rank, services_at_review

__all__ = [
    "DEFAULT_POLICY",
    "LOWEST_TIER",
    "Policy",
    "Queue",
    "Slots",
    "load",
    "need_key",
    "rank",
    "read",
    "services_at_review",
    "slots",
]
