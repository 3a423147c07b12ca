"""What a feature is: one fact about a child, its words, where it comes from and what "no record" means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class Partner(StrEnum):
    HEALTH = "health"
    EDUCATION = "education"
    SOCIAL_CARE = "social care"
    CHILD = "age and wait"


class NeedArea(StrEnum):
    """The four areas of the SEND Code of Practice, with social care and health complexity."""

    COMMUNICATION = "communication and interaction"
    COGNITION = "cognition and learning"
    MENTAL_HEALTH = "social, emotional and mental health"
    PHYSICAL = "sensory and physical"
    SOCIAL_CARE = "social care"
    HEALTH_COMPLEXITY = "health complexity"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of the feature table.

    `expression` aggregates the snapshot table `source` over one child; a feature without a source is computed from
    the other columns. `when_no_record` is the value of a child who is linked to the partner and has no such record;
    a child who is not linked has no value at all. `rises` says that a higher value never lowers the risk.
    """

    name: str
    partner: Partner
    expression: pl.Expr
    words: str
    words_when_none: str
    words_when_unknown: str | None = None
    source: str | None = None
    when_no_record: float | None = 0.0
    applies: pl.Expr | None = None
    rises: bool = True
    used_for_place: bool = True
    in_model: bool = True
    is_flag: bool = True
    shown_as_percent: bool = False


DAYS_3_MONTHS, DAYS_6_MONTHS, DAYS_12_MONTHS = 91, 182, 365
"""No feature counts events further back than a year: the extracts begin on one day, so that "ever" would grow with the
calendar and later children would look more ill than earlier ones."""


def flag(
    partner: Partner, name: str, source: str, claim: pl.Expr, words: str, none: str, *, in_model: bool = True
) -> Feature:
    """Return the feature that at least one of the child's rows meets a claim."""
    return Feature(
        name=name,
        partner=partner,
        source=source,
        expression=any_of(claim),
        words=words,
        words_when_none=none,
        in_model=in_model,
    )


def count(partner: Partner, name: str, source: str, expression: pl.Expr, words: str, none: str) -> Feature:
    """Return a feature that counts something of the child's rows."""
    return Feature(
        name=name,
        partner=partner,
        source=source,
        expression=expression,
        words=words,
        words_when_none=none,
        is_flag=False,
    )


def within(days: int) -> pl.Expr:
    """Claim: the event happened in the last `days` days before the index date."""
    return pl.col("days_ago") <= days


def any_of(claim: pl.Expr) -> pl.Expr:
    """Claim: at least one of the child's rows meets the claim."""
    return claim.fill_null(False).any()


def count_of(claim: pl.Expr) -> pl.Expr:
    """Number of the child's rows that meet the claim."""
    return claim.fill_null(False).sum()
