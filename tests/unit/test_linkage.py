"""Who is who: exact numbers first, then what can be told apart, and nobody by guess."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk_model import linkage
from risk_model.errors import UserError
from risk_model.linkage import probable, records
from tests import tables
from tests.link_weights import WEIGHTS
from tests.linking import (
    CLEAR,
    FIRST_BIRTHDAY,
    NUMBERS,
    UPNS,
    children,
    health,
    link,
    linked,
    pupils,
    waiting,
)
from tests.naming import REGISTER

# --- one child at two providers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "drawn", "persons"),
    [
        ("one number", "number\nN1\nN1", 1),
        ("one number, one without a name", "number | forename\nN1 | Isla\nN1 | -", 1),
        (
            "one number, one without birth date",
            "number | born | forename\nN1 | 2015-04-01 | Isla\nN1 | - | -",
            1,
        ),
        (
            "one number, a new surname",
            "number | surname | postcode\nN1 | Ashby | PL1 1AA\nN1 | Bell | PL9 9ZZ",
            1,
        ),
        ("never traced, no names", "number | status | forename\nN1 | 03 | -\nN1 | 03 | -", 2),
        ("no number beside the numbered record", "number\nN1\n-", 1),
        ("no number, another given name", "number | forename\nN1 | Isla\n- | Rose", 2),
        ("no number at either provider", "number\n-\n-", 1),
        ("two numbers are never joined", "number\nN1\nN2", 2),
        ("no number, and two whom it may be", "number\nN1\nN2\n-", 3),
    ],
    ids=lambda value: value if isinstance(value, str) and "|" not in value and "\n" not in value else "",
)
def test_one_child_at_two_providers(why: str, drawn: str, persons: int) -> None:
    assert link(health(drawn)).persons.height == persons, why


@pytest.mark.parametrize(
    "drawn",
    [
        "number | forename\nN1 | Isla\nN1 | Rose",
        "number | born       | postcode\nN1 | 2015-04-01 | PL1 1AA\nN1 | 2011-09-09 | PL9 9ZZ",
    ],
    ids=["twins", "another birth date and address"],
)
def test_one_number_on_two_people_goes_to_a_person(drawn: str) -> None:
    people = link(health(drawn))
    assert people.persons.height == 2
    assert waiting(people) == ["one NHS number on what look like two people"]


def test_a_number_that_a_provider_changed_goes_to_a_person_and_joins_nobody() -> None:
    people = link(
        health(
            """
            provider | number | recorded
            P1       | N1     | 2020-01-01
            P1       | N2     | 2024-01-01
            P2       | N1     | 2020-01-01
            """
        )
    )
    assert linked(people) == [("N1", None, None), ("N2", None, None)]
    assert waiting(people) == ["a provider has held both NHS numbers for one patient"]


def test_a_number_that_is_traced_later_counts_for_the_months_before() -> None:
    drawn = health("number\nN1")
    earlier = {**drawn["csds_patient"][0], "period_ended_on": "2025-12-31", "nhs_number_status_code": "07"}
    people = link(
        {**drawn, "csds_patient": [{**earlier, "known_on": date(2019, 12, 1)}, *drawn["csds_patient"]]}
    )
    assert people.identities["nhs_number"].to_list() == [NUMBERS["N1"]]


# --- health and school -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "patient", "pupil"),
    [
        ("everything agrees", "number\nN1", "upn\nU1"),
        ("moved", "number | postcode\nN1 | PL9 9ZZ", "upn\nU1"),
        ("new surname in care", "number | surname\nN1 | Bell", "upn\nU1"),
        ("former surname", "number | postcode\nN1 | PL9 9ZZ", "upn | surname | formerly\nU1 | Bell | Ashby"),
        ("one of two surnames", "number | postcode\nN1 | PL9 9ZZ", "upn | surname\nU1 | Bell-Ashby"),
        ("day and month swapped", "number | born\nN1 | 2015-01-04", "upn\nU1"),
        ("one wrong digit", "number | born\nN1 | 2015-04-11", "upn\nU1"),
        ("accents and case", "number | forename\nN1 | ZOË", "upn | forename\nU1 | zoe"),
        ("short form", "number | forename\nN1 | Alex", "upn | forename\nU1 | Alexandra"),
        ("mistyped", "number | forename\nN1 | Ilsa", "upn\nU1"),
        ("names in each other's place", "number | surname | forename\nN1 | Isla | Ashby", "upn\nU1"),
        ("no names, same postcode", "number | forename\nN1 | -", "upn\nU1"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_a_pupil_is_found(why: str, patient: str, pupil: str) -> None:
    assert linked(link(health(patient), pupils(pupil))) == [("N1", "U1", None)], why


@pytest.mark.parametrize(
    ("why", "patient", "pupil"),
    [
        ("only the twin is at school", "number | forename\nN1 | Isla", "upn | forename\nU1 | Rose"),
        ("the twin brother", "number\nN1", "upn | sex\nU1 | M"),
        ("a sister born on another day", "number\nN1", "upn | born\nU1 | 2012-11-23"),
        ("twins without names", "number | forename\nN1 | -", "upn | forename\nU1 | Isla\nU2 | Rose"),
        (
            "alike twins, the short form",
            "number | forename\nN1 | Sam",
            "upn | forename\nU1 | Samira\nU2 | Samara",
        ),
        ("alike twins, mistyped", "number | forename\nN1 | Isal", "upn | forename\nU1 | Isla\nU2 | Rose"),
        ("two patients of one name", "number\nN1\nN2", "upn\nU1"),
        ("no birth date", "number | born\nN1 | -", "upn\nU1"),
        ("no names, nothing else", "number | forename | postcode\nN1 | - | -", "upn\nU1"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_nobody_is_linked_by_guess(why: str, patient: str, pupil: str) -> None:
    people = link(health(patient), pupils(pupil))
    assert not people.persons["is_linked_to_education"].any(), why
    assert people.persons["education_link_method"].unique().to_list() == ["not linked"]


def test_twins_with_names_of_their_own_are_each_linked() -> None:
    people = link(
        health("number | forename\nN1 | Isla\nN2 | Rose"), pupils("upn | forename\nU1 | Isla\nU2 | Rose")
    )
    assert linked(people) == [("N1", "U1", None), ("N2", "U2", None)]
    assert people.review.is_empty(), "what is clear is nobody's work"


def test_what_is_nearly_clear_waits_with_reason_and_runner_up() -> None:
    people = link(health("number\nN1"), pupils("upn | postcode\nU1 | PL1 1AA\nU2 | PL1 1AA"))
    row = people.review.row(0, named=True)
    assert row["why"] == "another record fits as well or nearly as well"
    assert row["agrees"] == "same name, birth date, sex and postcode"
    assert {row["right"], row["runner_up"]} == {f"upn|{upn}" for upn in UPNS.values()}


def test_a_link_says_in_words_what_agreed() -> None:
    person = link(health("number | surname\nN1 | Bell"), pupils("upn\nU1")).persons.row(0, named=True)
    assert person["education_link_method"] == "same given name, birth date and postcode"
    assert 0.99 < person["education_link_confidence"] < 1
    assert (person["social_care_link_method"], person["social_care_link_confidence"]) == ("not linked", None)


# --- social care -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "pupil", "child", "expected"),
    [
        ("through the UPN", "upn\nU1", "child | upn | surname\n7 | U1 | Bell", ("N1", "U1", "7")),
        ("by number, beside the pupil", "upn\nU1", "child | number\n7 | N1", ("N1", "U1", "7")),
        ("by likeness, beside the pupil", "upn\nU1", "child\n7", ("N1", "U1", "7")),
        ("by likeness, no pupil", None, "child\n7", ("N1", None, "7")),
        ("a twin at the council", "upn\nU1", "child | forename\n7 | Rose", ("N1", "U1", None)),
        ("the number of the twin", "upn\nU1", "child | number | forename\n7 | N1 | Rose", ("N1", "U1", None)),
        ("the UPN of the twin", "upn\nU1", "child | upn | forename\n7 | U1 | Rose", ("N1", "U1", None)),
        (
            "the UPN of somebody else",
            "upn\nU1",
            "child | upn | born\n7 | U1 | 2009-12-31",
            ("N1", "U1", None),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_a_child_known_to_social_care(
    why: str, pupil: str | None, child: str, expected: tuple[str | None, ...]
) -> None:
    parts = [health("number\nN1"), children(child), *([pupils(pupil)] if pupil else [])]
    assert linked(link(*parts)) == [expected], why


def test_a_council_that_knows_the_number_brings_the_name_by_which_the_school_knows_the_child() -> None:
    people = link(
        health("number | surname | postcode\nN1 | Bell | PL9 9ZZ"),
        children("child | number | surname\n7 | N1 | Ashby"),
        pupils("upn\nU1"),
    )
    assert linked(people) == [("N1", "U1", "7")]


def test_an_adoption_parts_the_old_identity_from_the_new() -> None:
    """The old number, name and council record stay together; the pupil's record goes on with the new ones."""
    drawn = (
        health("number | surname | postcode\nN1 | Ashby | PL1 1AA\nN2 | Bell | PL9 9ZZ"),
        children("child | number | upn\n7 | N1 | U1"),
        pupils("upn | surname | postcode\nU1 | Ashby | PL1 1AA\nU1 | Bell | PL9 9ZZ"),
    )
    left = {"la_code": "879", "la_child_id": "7", "started_on": "2022-01-01", "ended_on": "2023-01-01"}
    adopted = {"looked_after_episode": [{**left, "reason_ended_code": "E12"}]}
    assert linked(link(*drawn, adopted)) == [("N1", None, "7"), ("N2", "U1", None)]


def test_a_pupil_is_not_known_to_be_unknown_to_social_care_while_it_may_be_the_child_without_a_upn() -> None:
    def is_linked(told: str, *, closed_on: str | None = None, upn: str = "U1") -> bool:
        child = {"la_code": "879", "la_child_id": "7", "episode_key": "1"}
        episode = {**child, "referred_on": "2018-01-01", "closed_on": closed_on}
        drawn = children(f"child | postcode | {told}")
        people = link(health("number\nN1"), pupils(f"upn\n{upn}"), drawn, {"cin_episode": [episode]})
        return bool(people.persons["is_linked_to_social_care"][0])

    assert not is_linked("forename\n7 | - | -"), "nameless, of the same birth date and sex"
    assert is_linked("forename\n7 | - | Rose"), "a name rules it out"
    assert is_linked("forename | born\n7 | - | - | 2015-04-02"), "another birth date"
    assert is_linked("forename\n7 | - | -", closed_on="2018-06-01"), "closed long ago"


@pytest.mark.parametrize(("council", "says_no"), [("879", True), ("880", False)])
def test_a_council_that_sent_nothing_does_not_say_no(council: str, says_no: bool) -> None:
    sent = {"cin_child": [{"la_code": council, "la_child_id": "7", "born_on": "2001-01-01", "sex_code": "M"}]}
    people = link(health("number\nN1"), pupils("upn\nU1"), sent)
    assert people.persons["is_linked_to_social_care"].to_list() == [says_no]


def test_a_list_of_children_in_care_alone_does_not_say_no_to_need() -> None:
    sent = {
        "looked_after_child": [
            {"la_code": "879", "la_child_id": "7", "born_on": "2001-01-01", "sex_code": "M"}
        ]
    }
    assert not link(health("number\nN1"), pupils("upn\nU1"), sent).persons["is_linked_to_social_care"][0]


# --- what holds always -------------------------------------------------------------------------------------------


def test_no_identifier_stands_in_what_leaves_the_vault() -> None:
    people = link(*CLEAR)
    numbers = [*NUMBERS.values(), *UPNS.values()]
    assert not people.persons.select(pl.any_horizontal(pl.col(pl.String).is_in(numbers).any())).item()
    assert people.persons["person_id"].str.len_chars().to_list() == [26]


def test_weights_of_another_version_are_refused() -> None:
    with pytest.raises(UserError, match="Train again"):
        probable.candidates(*[_two_records()] * 2, {"comparisons": []})


def _two_records() -> pl.DataFrame:
    row = {"record": "nhs|1", "born_on": date(2015, 4, 1), "sex": "F", "la_code": "879"}
    return pl.DataFrame([row | {name: [] for name in records.EVER}], schema=records.SCHEMA)


CHILDREN = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.sampled_from("MF"),
        st.integers(0, 2),
        st.sampled_from(["Isla", "Rose", "Sam", None]),
    ),
    min_size=1,
    max_size=8,
)


def drawn_children(drawn: list[tuple[int, str, int, str | None]]) -> tuple[pl.DataFrame, ...]:
    rows = [
        {
            "born_on": str(FIRST_BIRTHDAY + timedelta(days=day)),
            "sex_code": sex,
            "postcode": f"PL{place} 1AA",
            "surname": "Ashby",
            "forename": name,
        }
        for day, sex, place, name in drawn
    ]
    patient = [{"provider_code": f"P{n}", "local_patient_id": "A"} for n in range(len(rows))]
    request = [{**p, "service_request_id": "R"} for p in patient]
    index = [{**p, **row, "recorded_on": "2020-01-01"} for p, row in zip(patient, rows, strict=True)]
    return (
        tables.frames(
            csds_referral=request,
            csds_team=[
                {"provider_code": r["provider_code"], "service_request_id": "R", "team_type_code": "33"}
                for r in request
            ],
            patient_details=index,
            school_census_pupil=[{**row, "upn": f"U{n}", "pupil_id": str(n)} for n, row in enumerate(rows)],
        ),
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHILDREN, st.randoms(use_true_random=False))
def test_a_link_is_one_to_one_and_the_order_of_rows_does_not_matter(
    drawn: list[tuple[int, str, int, str | None]], order: Any
) -> None:
    (frames,) = drawn_children(drawn)
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    found = people.identities.drop_nulls("upn")
    assert found["upn"].is_unique().all()
    by_pupil = people.holders["pupil"].join(people.holders["patient"], on="person_id")
    for upn, provider in by_pupil.select("upn", "provider_code").iter_rows():
        one, other = drawn[int(upn[1:])], drawn[int(provider[1:])]
        assert one[3] is None or other[3] is None or one[3] == other[3], "never over another given name"
        assert one[:2] == other[:2] or abs(one[0] - other[0]) in (0, 1, 10, 9), "equal or nearly equal"
    shuffled = {
        name: frame.sample(fraction=1, shuffle=True, seed=order.randint(0, 99))
        for name, frame in frames.items()
    }
    again = linkage.link(shuffled, register=REGISTER, weights=WEIGHTS)
    assert again.persons.equals(people.persons)
    assert again.review.equals(people.review)
