"""Priority is decided by a policy: a versioned file that a clinical lead signs, blind to how risk is estimated."""

from risk_model.policy import signing
from risk_model.policy.capacity import next_review, reviews_planned
from risk_model.policy.document import DEFAULT_POLICY, LOWEST_TIER, Policy
from risk_model.policy.inputs import CALENDAR, DECISIONS, read_calendar
from risk_model.policy.inputs import load as load_input
from risk_model.policy.overrides import read_decisions
from risk_model.policy.ranking import rank, services_at_review
from risk_model.policy.reading import load, read
from risk_model.policy.signing import Signature

__all__ = [
    "CALENDAR",
    "DECISIONS",
    "DEFAULT_POLICY",
    "LOWEST_TIER",
    "Policy",
    "Signature",
    "load",
    "load_input",
    "next_review",
    "rank",
    "read",
    "read_calendar",
    "read_decisions",
    "reviews_planned",
    "services_at_review",
    "signing",
]
