"""Whether each feed reaches each council and provider: a feed that was lost must never read as "no need".

`of` measures, `check` refuses or takes note of what somebody accepts, `FEEDS` says what only each feed can tell.
"""

from risk_model.coverage.feeds import ANY, FEEDS, Feed, FeedLimits, teller_of
from risk_model.coverage.gate import AcceptedGap, accept, check, parse
from risk_model.coverage.measure import COVERED, MISSING, SCHEMA, SHRUNK, STALE, Limits, of
from risk_model.coverage.wording import as_facts, in_words, locality_name, what_is_missing

__all__ = [
    "ANY",
    "COVERED",
    "FEEDS",
    "MISSING",
    "SCHEMA",
    "SHRUNK",
    "STALE",
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
    "teller_of",
    "what_is_missing",
]
