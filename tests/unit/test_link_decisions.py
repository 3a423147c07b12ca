"""Stewards' decisions: rows that are only added to, that can be taken back, and that may not contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from risk_model.errors import UserError
from risk_model.linkage import decisions
from risk_model.linkage.decisions import Decision
from tests.tables import rows

BY, REASON = "a steward", "looked at both files"


def decide(vault: Path, drawn: str) -> None:
    """Add the drawn decisions (`pair | decision`), a pair being two letters with their record below."""
    for row in rows(drawn):
        one, other = str(row["pair"]).split("+")
        decisions.add(
            vault,
            Decision(
                "2026-11-24T10:00:00",
                BY,
                str(row["decision"]),
                str(row["pair"]),
                RECORD[one],
                RECORD[other],
                REASON,
            ),
        )


RECORD = {
    "patient": "nhs|9990000018",
    "other patient": "nhs|9990000026",
    "pupil": "upn|A950000178301",
    "other pupil": "upn|H243278544154",
    "child in need": "council|879|7",
    "other child in need": "council|879|8",
    "child elsewhere": "council|878|8",
}


def in_force(vault: Path) -> list[tuple[str, str]]:
    held = decisions.in_force(decisions.read(vault))
    return sorted(held.select("review_id", "decision").iter_rows())


def test_a_decision_holds_until_it_is_taken_back(tmp_path: Path) -> None:
    decide(tmp_path, "pair | decision\npatient+pupil | same")
    assert in_force(tmp_path) == [("patient+pupil", "same")]
    decide(tmp_path, "pair | decision\npatient+pupil | undo")
    assert in_force(tmp_path) == []
    decide(tmp_path, "pair | decision\npatient+pupil | not the same")
    assert in_force(tmp_path) == [("patient+pupil", "not the same")]
    assert decisions.read(tmp_path).height == 3, "what was decided once stays to be read"


@pytest.mark.parametrize(
    ("before", "then", "message"),
    [
        ("", "patient+pupil | undo", "no decision on .* to take back"),
        ("patient+pupil | same", "patient+pupil | same", "already decided: same"),
        ("patient+pupil | same", "patient+pupil | not the same", "already decided: same"),
        ("patient+pupil | same", "patient+other pupil | same", "two records at school"),
        ("patient+child in need | same", "patient+other child in need | same", "two records at council 879"),
        (
            "patient+pupil | same",
            "other patient+other pupil | same\npatient+other patient | same",
            "at school",
        ),
        (
            "patient+pupil | same\npupil+child in need | same",
            "patient+child in need | not the same",
            "these two records are one child's",
        ),
        (
            "patient+pupil | same\npatient+child in need | not the same",
            "pupil+child in need | same",
            "these two records are not one child's",
        ),
        ("", "patient+pupil | perhaps", "'perhaps' is no decision"),
    ],
)
def test_a_decision_that_cannot_stand_beside_the_others_is_refused(
    tmp_path: Path, before: str, then: str, message: str
) -> None:
    if before:
        decide(tmp_path, f"pair | decision\n{before}")
    with pytest.raises(UserError, match=message):
        decide(tmp_path, f"pair | decision\n{then}")


def test_one_child_may_have_a_record_at_each_of_two_councils(tmp_path: Path) -> None:
    decide(tmp_path, "pair | decision\npatient+child in need | same\npatient+child elsewhere | same")
    assert len(in_force(tmp_path)) == 2


def test_a_decision_needs_a_name_and_a_reason(tmp_path: Path) -> None:
    nameless = Decision("2026-11-24T10:00:00", " ", "same", "P", RECORD["patient"], RECORD["pupil"], REASON)
    with pytest.raises(UserError, match="a name and a reason"):
        decisions.add(tmp_path, nameless)


def test_a_damaged_file_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / decisions.FILE).write_text('{"decided_at": ')
    with pytest.raises(UserError, match="damaged"):
        decisions.read(tmp_path)
