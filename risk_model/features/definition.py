"""What a feature is: one fact about a child, its words, where it comes from and what "no record" means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


SPEAKS = {
    Partner.HEALTH: "Health record",
    Partner.EDUCATION: "School record",
    Partner.SOCIAL_CARE: "Council record",
    Partner.CHILD: "",
}
"""Who says so, at the start of a sentence; a child's age and wait speak for themselves."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of the feature table.

    `expression` aggregates the snapshot table `source` over one child; a feature without a source is computed from
    the other columns. `when_no_record` is the value of a child who is linked to the partner and has no such record;
    a child who is not linked has no value at all. `rises` says that a higher value never lowers the risk.

    `label` names the fact for a clinician and `family_label` for a family; `says` and `says_none` tell it behind who
    says so ("School record: ..."), with {n} for a number, {times} for "once" or "twice" and {since} for the month in
    which its look back of `days` begins. Features that tell more or less of one thing share a `reason`: a page
    gives one sentence for all of them, in the words of the highest `rung` that is recorded, the last of these listed.
    """

    name: str
    partner: Partner
    expression: pl.Expr
    label: str
    family_label: str
    says: str
    says_one: str | None = None
    says_none: str
    record: str | None = None
    reason: str | None = None
    rung: int = 0
    area: NeedArea | None = None
    days: int | None = None
    source: str | None = None
    when_no_record: float | None = 0.0
    applies: pl.Expr | None = None
    rises: bool = True
    used_for_place: bool = True
    in_model: bool = True
    is_flag: bool = True
    shown_as_percent: bool = False

    @property
    def told_by(self) -> str:
        """Return who says so, as a sentence begins."""
        return SPEAKS[self.partner] if self.record is None else self.record

    @property
    def part_of(self) -> str:
        """Return the reason that this feature tells of; alone, it is its own."""
        return self.reason or self.name


DAYS_3_MONTHS, DAYS_6_MONTHS, DAYS_12_MONTHS = 91, 182, 365
WINDOWS: dict[int | None, tuple[str, str]] = {
    None: ("ever", "in all the records we have"),
    DAYS_12_MONTHS: ("12_months", "in the last 12 months"),
    DAYS_6_MONTHS: ("6_months", "in the last 6 months"),
    DAYS_3_MONTHS: ("3_months", "in the last 3 months"),
}
"""How far back a history looks, as a column's name ends and as people say it; the widest first.

What looks back on everything ("ever") is shown and never estimated with: the extracts begin on one day, so that "ever"
grows with the calendar and later children would look more ill than earlier ones.
"""


def history(
    partner: Partner,
    stem: str,
    source: str,
    *,
    label: str,
    family_label: str,
    says: str,
    says_none: str,
    claim: pl.Expr | None = None,
    windows: Iterable[int | None] = tuple(WINDOWS),
    estimated_with: Iterable[int] = (DAYS_6_MONTHS, DAYS_12_MONTHS),
    area: NeedArea | None = None,
    record: str | None = None,
) -> list[Feature]:
    """Return how often something happened in each of the windows, named `<stem>_<window>`, the widest first."""
    used = set(estimated_with)
    return [
        Feature(
            name=f"{stem}_{WINDOWS[days][0]}",
            partner=partner,
            source=source,
            expression=count_of(_counted(claim, days)),
            label=f"{label} {WINDOWS[days][1]}",
            family_label=f"{family_label} {WINDOWS[days][1]}",
            says=says if days else says.replace("since {since}", "in all"),
            says_none=says_none if days else says_none.replace(" since {since}", ""),
            record=record,
            reason=stem,
            area=area,
            days=days,
            in_model=days in used,
            is_flag=False,
        )
        for days in windows
    ]


def flag(partner: Partner, name: str, source: str, claim: pl.Expr, **told: Any) -> Feature:
    """Return a feature that is true where one of the child's rows meets the claim; `told` is the rest of it."""
    return Feature(name=name, partner=partner, source=source, expression=any_of(claim), **told)


def within(days: int) -> pl.Expr:
    """Claim: the event happened in the last `days` days before the index date."""
    return pl.col("days_ago") <= days


def any_of(claim: pl.Expr) -> pl.Expr:
    """Claim: at least one of the child's rows meets the claim."""
    return claim.fill_null(False).any()


def count_of(claim: pl.Expr) -> pl.Expr:
    """Number of the child's rows that meet the claim."""
    return claim.fill_null(False).sum()


def _counted(claim: pl.Expr | None, days: int | None) -> pl.Expr:
    in_window = within(days) if days else pl.col("days_ago") >= 0
    return in_window if claim is None else claim & in_window
