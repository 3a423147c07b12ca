"""The next run obeys what a steward decided about two records, and forgets what was taken back."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from risk_model.linkage import decisions
from risk_model.linkage.decisions import Decision
from tests.linking import CLEAR, NUMBERS, TIED, UPNS, children, health, link, linked, pupils


def decided(*said: tuple[str, str, str]) -> pl.DataFrame:
    rows = [
        Decision("2026-11-24", "a steward", what, f"{one}+{other}", one, other, "seen")
        for what, one, other in said
    ]
    return pl.DataFrame([row.__dict__ for row in rows], schema=decisions.SCHEMA)


PATIENT, PUPIL, OTHER_PUPIL = f"nhs|{NUMBERS['N1']}", f"upn|{UPNS['U1']}", f"upn|{UPNS['U2']}"


@pytest.mark.parametrize(
    ("why", "drawn", "said", "expected"),
    [
        ("same", TIED, [("same", PATIENT, PUPIL)], "U1"),
        ("same, whichever stands first", TIED, [("same", PUPIL, PATIENT)], "U1"),
        ("same, by the provider's number", TIED, [("same", "local|P1|A", PUPIL)], "U1"),
        ("taken back", TIED, [("same", PATIENT, PUPIL), ("undo", PATIENT, PUPIL)], None),
        ("not the other", TIED, [("not the same", PATIENT, OTHER_PUPIL)], "U1"),
        ("parted", CLEAR, [("not the same", PATIENT, PUPIL)], None),
        ("parted and taken back", CLEAR, [("not the same", PATIENT, PUPIL), ("undo", PATIENT, PUPIL)], "U1"),
        ("of a record that is gone", CLEAR, [("same", "nhs|9990000042", PUPIL)], "U1"),
    ],
)
def test_the_next_run_obeys_a_steward(why: str, drawn: Any, said: Any, expected: str | None) -> None:
    people = link(*drawn, decided=decided(*said))
    assert linked(people) == [("N1", expected, None)], why
    if said[0][0] == "same" and expected:
        open_pairs = (
            people.review.filter(left=PATIENT, right=PUPIL) if why != "of a record that is gone" else None
        )
        assert open_pairs is None or open_pairs.is_empty(), "what is decided waits no more"


def test_a_steward_who_parts_a_child_from_somebody_else_has_not_told_twins_apart() -> None:
    drawn = (
        health("number | forename | surname\nN1 | Ashby | Jen"),
        pupils("upn | forename | surname | school\nU1 | Ashby | Jenna | 1\nU2 | Jenny | Ashby | 1"),
        children("child | forename | born\n7 | Rose | 2011-01-01"),
    )
    parted = decided(("not the same", PATIENT, "council|879|7"))
    assert linked(link(*drawn, decided=parted)) == [("N1", None, None)]


def test_a_link_that_a_person_decided_has_no_number_for_how_sure_it_is() -> None:
    persons = link(*TIED, decided=decided(("same", PATIENT, PUPIL))).persons
    told = ("education_link_method", "education_link_confidence")
    assert persons.filter("is_linked_to_education").select(told).rows() == [("decided by a person", None)]


def test_a_steward_joins_two_numbers_of_one_child_and_may_take_it_back() -> None:
    drawn = health("number\nN1\nN2")
    one, other = (f"nhs|{NUMBERS[name]}" for name in ("N1", "N2"))
    assert link(drawn, decided=decided(("same", one, other))).persons.height == 1
    assert link(drawn, decided=decided(("same", one, other), ("undo", one, other))).persons.height == 2


def test_a_steward_settles_a_upn_in_doubt() -> None:
    drawn = (health("number\nN1"), pupils("upn\nU1"), children("child | upn | forename\n7 | U1 | Rose"))
    said = link(*drawn).review.filter(pl.col("why") == "one pupil number on what look like two children")
    pair = said.row(0, named=True)
    assert linked(link(*drawn, decided=decided(("same", pair["left"], pair["right"])))) == [("N1", "U1", "7")]
