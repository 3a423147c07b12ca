"""What a reader must know before trusting a list: worst first, one callout to a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.shelf import Run
from service.wording import count, day, upper_first

DAYS_UNTIL_STALE = 10


@dataclass(frozen=True)
class Notice:
    """A sentence that stands out, and the one that follows it."""

    strong: str
    rest: str


LOG_CANNOT_BE_WRITTEN = Notice(
    "Read and print only.",
    "The log cannot be written, so no child can be opened and nothing saved. Tell whoever runs the service.",
)


def warnings(run: Run, today: date, live: str) -> list[Notice]:
    """Return what is wrong with a run, worst first; `live` names the run that people decide on."""
    found = standing(run.provenance)
    if run.name != live:
        found.insert(
            0,
            Notice(
                "This is not the live list.",
                f"The run {live} is. Decisions can be made there alone.",
            ),
        )
    age = (today - run.index_date).days
    if age > DAYS_UNTIL_STALE:
        found.append(
            Notice(
                f"This list is {count(age, 'day')} old.",
                f"Do not offer slots from it before you check who was seen since {day(run.index_date)}.",
            )
        )
    return found


def standing(provenance: Mapping[str, Any]) -> list[Notice]:
    """Return what every page of a run says: a draft policy, no estimate of risk, feeds that it went on without."""
    found = []
    if not provenance["policy"].get("signed_by"):
        found.append(
            Notice(
                "Draft policy, not signed.", "Nobody has agreed to this order. Do not offer slots from it."
            )
        )
    if provenance["mode"] == "policy-only":
        because = provenance.get("no_estimate_because")
        found.append(
            Notice(
                "No risk estimate is used.",
                "The order is tier, then referral date. The guarantee and the reasons still hold."
                + (f" Why: {because.rstrip('.')}." if because else ""),
            )
        )
    return [*found, *gaps(provenance)]


def gaps(provenance: Mapping[str, Any]) -> list[Notice]:
    """Return which feeds a run went on without, since when, and why; one notice for each reason."""
    by_reason: dict[str, list[str]] = {}
    for gap in provenance.get("accepted_gaps", ()):
        by_reason.setdefault(gap["reason"], []).append(gap["words"])
    return [
        Notice(
            f"{upper_first('; '.join(words))}.",
            "What only this could tell is not known there, which does not mean “no need”: each child’s range of places "
            "shows what it could change. "
            f"Accepted because: {reason.rstrip('.')}.",
        )
        for reason, words in by_reason.items()
    ]


def signature(provenance: Mapping[str, Any]) -> str:
    """Return who signed the policy, in words."""
    policy = provenance["policy"]
    if not policy.get("signed_by"):
        return "Draft, not signed"
    return f"Signed by {policy['signed_by']}, {day(policy.get('signed_on'))}"
