"""Two children of one list side by side: the same rows for both, and which of them differ."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model.explanation import neighbours
from risk_model.explanation.neighbours import Neighbour
from service.parts import OpenedChild
from service.schemas import Child, Needs
from service.wording import count, day, one_in, span, weeks

SLOTS = {"need": "Now, in the need lane", "time": "Now, in the time lane", "next": "Not at this review"}
NOT_KNOWN = "Not known"


@dataclass(frozen=True)
class Beside:
    """One row of the comparison, in the words of both children's own pages: a line per fact."""

    words: str
    first: tuple[str, ...]
    second: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return self.first != self.second


def rows(first: Child, second: Child) -> list[Beside]:
    """Return what both children's pages say, row by row."""
    pairs = zip(_told(first), _told(second), strict=True)
    return [Beside(words, mine, theirs) for (words, mine), (_, theirs) in pairs]


def why(first: OpenedChild, second: OpenedChild) -> Neighbour:
    """Return why the second child stands above or below the first, with the reasons that differ most."""
    people = (str(first.values["person_id"]), str(second.values["person_id"]))
    known = [first.run.reasons[person] for person in people if person in first.run.reasons]
    reasons = pl.concat(known) if known else first.run.no_reasons
    return neighbours.beside(first.values, second.values, reasons)


def _told(child: Child) -> list[tuple[str, tuple[str, ...]]]:
    waited = weeks(child.days_waiting)
    return [
        ("Place", (f"{child.place} of {child.waiting}",)),
        ("Slot", (SLOTS[child.lane],)),
        ("Latest date", (day(child.latest_on) if child.latest_on else "No date can be promised",)),
        ("Tier, and the rule that decided", (f"Tier {child.tier}", child.deciding_rule)),
        *((need.partner.capitalize(), _facts(need)) for need in child.needs),
        ("Not known", tuple(fact.fact for fact in child.unknown_facts) or ("Nothing that matters",)),
        ("Place if it were known", (span(child.best_place, child.worst_place),)),
        ("Harm while waiting, if seen by nobody", _risk(child)),
        ("Waiting since referral", (count(waited, "week") if waited is not None else NOT_KNOWN,)),
        ("Also waits for", tuple(wait.service_name for wait in child.other_waits) or ("No other list",)),
        ("Review", (child.review.words,)),
    ]


def _facts(need: Needs) -> tuple[str, ...]:
    if need.state == "unknown":
        return (f"{NOT_KNOWN}: {need.why_unknown or 'no record could be linked'}",)
    return tuple(need.facts) or ("None recorded",)


def _risk(child: Child) -> tuple[str, ...]:
    if child.risk is None:
        return ("No risk estimate is used",)
    return (
        f"About {one_in(child.risk.risk)} in six months",
        f"between {one_in(child.risk.low)} and {one_in(child.risk.high)}",
    )
