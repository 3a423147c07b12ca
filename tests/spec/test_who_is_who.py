"""Brothers and sisters, twins, numbers of others and adoptions: nobody's record lands on another child.

Each row draws what a provider's index, a school and social care hold of the children of one home (tests/linking.py says
what a column leaves out), and which of these records are one child's: patient, pupil, council's child.
"""

from __future__ import annotations

import pytest

from tests.linking import children, health, link, linked, pupils, waiting

Who = list[tuple[str | None, str | None, str | None]]
ROWS: list[tuple[str, str, str | None, str | None, Who, list[str]]] = [
    # --- brothers and sisters with one surname at one address
    (
        "a sister is no twin",
        "number | forename | born\nN1 | Isla | 2015-04-01\nN2 | Rose | 2017-09-12",
        "upn | forename | born\nU1 | Isla | 2015-04-01\nU2 | Rose | 2017-09-12",
        None,
        [("N1", "U1", None), ("N2", "U2", None)],
        [],
    ),
    (
        "only the sister is at school",
        "number | forename | born\nN1 | Isla | 2015-04-01",
        "upn | forename | born\nU2 | Rose | 2012-09-12",
        None,
        [("N1", None, None)],
        [],
    ),
    # --- twins
    (
        "names that differ",
        "number | forename\nN1 | Isla\nN2 | Rose",
        "upn | forename\nU1 | Isla\nU2 | Rose",
        None,
        [("N1", "U1", None), ("N2", "U2", None)],
        [],
    ),
    (
        "names that begin alike and end each in its own way",
        "number | forename\nN1 | Harriet\nN2 | Harrison",
        "upn | forename\nU1 | Harriet\nU2 | Harrison",
        None,
        [("N1", "U1", None), ("N2", "U2", None)],
        [],
    ),
    (
        "a short form of both names",
        "number | forename\nN1 | Har",
        "upn | forename\nU1 | Harriet\nU2 | Harrison",
        None,
        [("N1", None, None)],
        ["another record fits as well or nearly as well"],
    ),
    (
        "one letter between the names, and the twin is the one in school",
        "number | forename\nN1 | Ella\nN2 | Elsa",
        "upn | forename\nU1 | Ella",
        None,
        [("N1", None, None), ("N2", None, None)],
        ["another record fits as well or nearly as well"],
    ),
    (
        "only health knows both, and social care one of them",
        "number | forename\nN1 | Ella\nN2 | Elsa",
        None,
        "child | forename\n7 | Elssa",
        [("N1", None, None), ("N2", None, None)],
        ["the given names are only similar, as a twin's may be"],
    ),
    (
        "the family name in the given name's place tells no twin apart",
        "number | forename | surname\nN1 | Ashby | Jen",
        "upn | forename | surname | school\nU1 | Ashby | Jenna | 1\nU2 | Jenny | Ashby | 1",
        None,
        [("N1", None, None)],
        ["a twin could be written with the same name"],
    ),
    (
        "a twin whose birth date the school has a day early",
        "number | forename | school\nN1 | Har | 1",
        "upn | forename | born | school\nU1 | Harriet | 2015-04-01 | 1\nU2 | Harrison | 2015-03-31 | 1",
        None,
        [("N1", None, None)],
        ["the given names are only similar, as a twin's may be"],
    ),
    (
        "one name for both: only a number could tell",
        "number | forename\nN1 | Isla",
        "upn | forename | school\nU1 | Isla | 1\nU2 | Isla | 1",
        None,
        [("N1", None, None)],
        ["another record fits as well or nearly as well"],
    ),
    (
        "the pupil number of the twin with a name like it",
        "number | forename\nN1 | Ella",
        "upn | forename\nU1 | Ella\nU2 | Elsa",
        "child | upn | forename\n7 | U2 | El",
        [("N1", None, None)],
        ["one pupil number on what look like two children"],
    ),
    # --- NHS numbers of others, and changed ones
    (
        "the number of a sister",
        "number | forename | born\nN1 | Isla | 2015-04-01\nN1 | Rose | 2017-09-12",
        "upn | forename | born\nU1 | Isla | 2015-04-01\nU2 | Rose | 2017-09-12",
        None,
        [("N1", "U1", None), ("N1", "U2", None)],
        ["one NHS number on what look like two people"],
    ),
    (
        "at one provider the number of a sister: the other provider's record is linked all the same",
        "number | forename | born\nN1 | Isla | 2015-04-01\nN2 | Isla | 2015-04-01\nN2 | Rose | 2017-09-12",
        "upn | forename | born\nU1 | Isla | 2015-04-01",
        None,
        [("N1", "U1", None), ("N2", None, None), ("N2", None, None)],
        ["one NHS number on what look like two people"],
    ),
    (
        "the council holds the number of a sister of another surname",
        "number | forename | surname | sex\nN1 | Ella | Ashby | F",
        None,
        "child | number | forename | surname | sex\n7 | N1 | Ellis | Bell | F",
        [("N1", None, None)],
        ["the council holds this NHS number, but birth date or given name differ"],
    ),
    (
        "a number that was changed: neither record is joined by guess",
        "provider | number | recorded\nP1 | N1 | 2020-01-01\nP1 | N2 | 2024-01-01\nP2 | N1 | 2020-01-01",
        "upn\nU1",
        None,
        [("N1", None, None), ("N2", None, None)],
        ["a provider has held both NHS numbers for one patient"],
    ),
]


@pytest.mark.parametrize(
    ("why", "patients", "at_school", "at_council", "who", "waits"), ROWS, ids=[row[0] for row in ROWS]
)
def test_no_record_lands_on_another_child(
    why: str, patients: str, at_school: str | None, at_council: str | None, who: Who, waits: list[str]
) -> None:
    parts = [health(patients), *([pupils(at_school)] if at_school else [])]
    people = link(*parts, *([children(at_council)] if at_council else []))
    assert linked(people) == sorted(who, key=str), why
    assert set(waits) <= set(waiting(people)), "what was not linked for want of evidence waits for a person"
    assert people.review.is_empty() or waits, "what is clear is nobody's work"


def test_an_adoption_does_not_tie_the_old_identity_to_the_new_though_all_else_agrees() -> None:
    """The council closed its record at the adoption; the new patient record has the same given name and birth date."""
    drawn = (
        health("number | surname\nN1 | Ashby\nN2 | Bell"),
        children("child | number | upn\n7 | N1 | U1"),
        pupils("upn | surname\nU1 | Bell"),
    )
    left = {"la_code": "879", "la_child_id": "7", "started_on": "2022-01-01", "ended_on": "2023-01-01"}
    adopted = {"looked_after_episode": [{**left, "reason_ended_code": "E12"}]}
    who = linked(link(*drawn, adopted))
    assert ("N1", None, "7") in who
    assert not any(number == "N2" and child for number, _, child in who)
