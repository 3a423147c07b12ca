"""The letter to a family: what it answers, what it never tells, and how easy it is to read."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from service import child, letter
from service.schemas import ReviewState
from tests.functional.service.conftest import RUN, SPEECH, Visitor, child_address
from tests.functional.service.test_lists import text

HARDEST_GRADE = 6.0
"""PAGES of the design: grade 6 or easier, the reading age of 11 that the NHS content standard asks for."""
LONGEST_SENTENCE_WORDS = 15
ALL_SIX = {"rationale", "responsibility", "data", "fairness", "safety and performance", "impact"}


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end: the usual count for this formula."""
    spoken = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^aeiouytd])ed$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", spoken)))


def grade(sentences: list[list[str]]) -> float:
    """Flesch-Kincaid grade level (Kincaid and others 1975): 6 is about eleven years of age."""
    words = [re.sub(r"[^A-Za-z]", "", word) for sentence in sentences for word in sentence]
    spoken = sum(syllables(word) for word in words if word)
    return 0.39 * len(words) / len(sentences) + 11.8 * spoken / len(words) - 15.59


def letter_of(visitor: Visitor, place: int) -> str:
    page = visitor.page(f"{child_address(place)}/letter")
    found = re.search(r"<article.*</article>", page, re.S)
    assert found
    return found.group(0)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (1, "We can see your child now."),
        (7, "We can see your child now."),
        (20, "We will see your child by"),
    ],
)
def test_the_letter_says_first_when_the_child_is_seen(clinician: Visitor, place: int, says: str) -> None:
    shown = text(letter_of(clinician, place))
    assert says in shown
    assert shown.index("When your child will be seen") < shown.index("Why some children are seen first")


@pytest.mark.parametrize(("place", "lane", "now"), [(2, "need", False), (7, "time", True)])
def test_a_child_who_is_held_is_told_to_come_only_where_no_override_acts(
    app: Any, place: int, lane: str, now: bool
) -> None:
    run = app.state.parts.shelf.run(RUN)
    listed = run.services[SPEECH]
    held = ReviewState(kind="hold", words="Held until 1 Dec")
    shown = child.child(run, listed, listed.frame.row(place - 1, named=True), held, 1)
    when = letter.letter(shown, {}, date(2026, 11, 24))[0]
    assert (shown.lane, "We can see your child now." in when.sentences) == (lane, now)


@pytest.mark.parametrize("place", [1, 3, 7, 12, 20, 44])
def test_no_place_tier_band_or_risk_is_told(clinician: Visitor, place: int) -> None:
    shown = text(letter_of(clinician, place)).lower()
    for word in ("tier", "band", "lane", "score", "points", "1 in ", "protection plan", "section 47"):
        assert not re.search(rf"\b{word}", shown), word
    assert f"place {place}" not in shown


@pytest.mark.parametrize("place", [1, 3, 20, 44])
def test_a_child_of_eleven_can_read_it(clinician: Visitor, place: int) -> None:
    page = letter_of(clinician, place)
    body = " ".join(re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", page, re.S)[3:])
    words = re.sub(r"<[^>]+>|&nbsp;", " ", body)
    sentences = [part.split() for part in re.split(r"[.!?]\s", words) if part.strip()]
    assert max(len(each) for each in sentences) <= LONGEST_SENTENCE_WORDS
    assert grade(sentences) <= HARDEST_GRADE


def test_what_was_not_seen_is_asked_for_and_never_counts_against_the_child(clinician: Visitor) -> None:
    shown = text(letter_of(clinician, 3))
    assert "What we do not know" in shown
    assert "It will never make your child wait longer." in shown


def test_only_what_more_than_none_is_known_of_is_told(clinician: Visitor) -> None:
    shown = text(letter_of(clinician, 1))
    assert "Your child gets extra help at school." in shown
    assert "EHC plan" not in shown, "none is recorded"
    assert "urgent care" not in shown, "it is not known"


def test_the_six_kinds_of_explanation_stand_in_it(app: Any, clinician: Visitor) -> None:
    parts = app.state.parts
    listed = parts.shelf.run(RUN).services[SPEECH]
    shown = child.child(parts.shelf.run(RUN), listed, listed.frame.row(0, named=True), None, 0)
    assert {section.explains for section in letter.letter(shown, {}, date(2026, 11, 24))} == ALL_SIX


def test_a_draft_policy_makes_a_draft_letter(clinician: Visitor) -> None:
    assert "DRAFT. Do not send." in text(letter_of(clinician, 1))


def test_only_who_decides_about_the_child_writes_to_its_family(app: Any) -> None:
    assert Visitor(app, "a-demo").http.get(f"{child_address(1)}/letter").status_code == 404
    assert Visitor(app, "e-demo").http.get(f"{child_address(1)}/letter").status_code == 404
