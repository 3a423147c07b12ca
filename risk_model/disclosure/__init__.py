"""Small numbers made safe before they leave the ICB; used by every page, file and message that shows a count."""

from risk_model.disclosure.breakdowns import publishable_breakdown
from risk_model.disclosure.releases import monthly_releases
from risk_model.disclosure.rules import (
    BELOW_FIVE,
    NHS_ENGLAND,
    RULES,
    SUPPRESSED,
    Rule,
    publishable_count,
    publishable_mean,
    publishable_rate,
    publishable_share,
    rounded,
)

__all__ = [
    "BELOW_FIVE",
    "NHS_ENGLAND",
    "RULES",
    "SUPPRESSED",
    "Rule",
    "monthly_releases",
    "publishable_breakdown",
    "publishable_count",
    "publishable_mean",
    "publishable_rate",
    "publishable_share",
    "rounded",
]
