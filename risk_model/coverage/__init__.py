"""Whether each feed reaches each council and provider: a feed that was lost must never read as "no need".

`of` measures, `check` refuses or takes note of what somebody accepts, `FEEDS` says what each feed can tell.
"""

from risk_model.coverage.feeds import ANY, FEEDS, HEALTH, SOCIAL_CARE, TELLERS, Feed, FeedLimits, tellers_of
from risk_model.coverage.gate import AcceptedGap, accept, check, parse
from risk_model.coverage.measure import COVERED, MISSING, SCHEMA, SHRUNK, STALE, Limits, of
from risk_model.coverage.wording import as_facts, in_words, locality_name, what_is_missing

__all__ = [
    "ANY",
    "COVERED",
    "FEEDS",
    "HEALTH",
    "MISSING",
    "SCHEMA",
    "SHRUNK",
    "SOCIAL_CARE",
    "STALE",
    "TELLERS",
    "AcceptedGap",
    "Feed",
    "FeedLimits",
    "Limits",
    "accept",
    "as_facts",
    "check",
    "in_words",
    "locality_name",
    "of",
    "parse",
    "tellers_of",
    "what_is_missing",
]
