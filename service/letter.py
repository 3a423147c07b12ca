"""The letter to a family: when, why, what is known and not known, help now, and whom to tell that something is wrong.

The words answer the six questions of "Explaining decisions made with AI" (ICO and The Alan Turing Institute, 2020), one
kind to each section. No place, tier, risk, band or diagnosis is told, and nothing about another person. Of the records,
only what a family knows of its own life is told: `TOLD` lists it. Worries about safety never are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from service.schemas import Child, Partner
from service.wording import day, lower_first

Explains = Literal["rationale", "responsibility", "data", "fairness", "safety and performance", "impact"]

HELD = "hold"
WEEKS_TO_NEXT_LETTER = 4
"""As long as a decision stands by default: a family that has no date hears again when the review looks anew."""
TOLD: Mapping[str, str] = {
    "has_ehc_plan": "Your child has an EHC plan.",
    "sen_support_or_plan": "Your child gets extra help at school.",
    "suspensions_12_months": "Your child was sent home from school for a time in the last year.",
    "has_disability": "A long-term health need is in your child’s health record.",
    "urgent_care_12_months": "Your child needed urgent care in the last year.",
    "looked_after": "Your child is in the care of the council.",
    "known_to_social_care": "A social worker or family worker helps your child.",
}
"""Features of which more than none is told to a family, and the sentence for each."""
NOT_SEEN: Mapping[Partner, tuple[str, ...]] = {
    "health": ("We could not see all of your child’s health records.", "Please tell us what we should know."),
    "education": (
        "We could not see if your child gets extra help at school.",
        "If your child does, please tell us.",
    ),
    "social care": (
        "We could not see if a social worker or family worker helps your child.",
        "If one does, please tell us.",
    ),
}


@dataclass(frozen=True)
class Section:
    """One heading of the letter with its sentences and, under them, a list."""

    heading: str
    explains: Explains
    sentences: tuple[str, ...]
    listed: tuple[str, ...] = ()


def letter(child: Child, facts: Mapping[str, float | None], today: date) -> list[Section]:
    """Return the letter's sections in the order in which a family reads them; `facts` are the child's features."""
    return [
        Section("When your child will be seen", "impact", _when(child, today)),
        Section(
            "Why some children are seen first",
            "rationale",
            (
                "Many children wait for this team.",
                "Some need help in more than one part of life, or are less safe.",
                "They are seen first.",
                "Some visits are kept for those who have waited longest.",
                "To need more help never makes a child wait longer.",
                "If you miss a visit, your child keeps the place on the list.",
            ),
        ),
        Section("What we know", "data", ("We looked at health, school and council records.",), _known(child, facts)),
        *_not_known(child),
        Section(
            "Help you can have now",
            "impact",
            (
                "You do not have to wait to get some help.",
                "Ask your school, health visitor or GP what is open to you.",
                "Call 111 at any time if you are worried about your child’s health.",
                "In an emergency call 999.",
            ),
        ),
        Section(
            "If something is wrong or gets worse",
            "safety and performance",
            (
                "Please tell us if something here is wrong or has changed.",
                "We will look again and write to you.",
                "We test this way of sorting, and each list is checked.",
                "If a test fails, we stop using the computer’s guess.",
            ),
        ),
        Section(
            "Who decides",
            "responsibility",
            ("A computer helps us sort the list.", "A therapist looks at it and decides."),
        ),
        Section(
            "What we never use",
            "fairness",
            ("We never use your race, your child’s sex or how rich your area is.",),
        ),
    ]  # fmt: skip


def _when(child: Child, today: date) -> tuple[str, ...]:
    if child.lane == "time" or (child.lane == "need" and child.review.kind != HELD):
        return ("We can see your child now.", "We will call or write to you to agree a day.")
    if child.is_past_latest:
        return (
            f"We said we would see your child by {day(child.latest_on)}.",
            "That day has passed, and we are sorry.",
            "The next free visit is for your child.",
        )
    if child.latest_on is not None:
        return (f"We will see your child by {day(child.latest_on)}.", "It may be sooner.")
    again = today + timedelta(weeks=WEEKS_TO_NEXT_LETTER)
    return (
        "We cannot give you a latest date yet.",
        f"We will write again by {day(again)} even if nothing has changed.",
    )


def _known(child: Child, facts: Mapping[str, float | None]) -> tuple[str, ...]:
    waits = [f"Your child waits for {lower_first(child.service_name)}."]
    waits += [f"Your child also waits for {lower_first(wait.service_name)}." for wait in child.other_waits]
    return (*waits, *(words for name, words in TOLD.items() if (facts.get(name) or 0) > 0))


def _not_known(child: Child) -> list[Section]:
    unseen = [need.partner for need in child.needs if need.state == "unknown"]
    if not unseen:
        return []
    told = [words for partner in unseen for words in NOT_SEEN[partner]]
    return [Section("What we do not know", "data", (*told, "It will never make your child wait longer."))]
