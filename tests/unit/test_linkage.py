"""Who is who: exact numbers first, then what can be told apart, and nobody by guess."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_model import linkage
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

NUMBERS = ["9990000018", "9990000026"]
FIRST_BIRTHDAY = date(2012, 1, 1)


def patients(*drawn: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    """Patients of providers P1, P2, ... who are all referred to a service that children wait for."""
    month = {"period_ended_on": "2026-01-31"}
    listed = [
        {
            **month,
            "provider_code": f"P{number}",
            "local_patient_id": "A",
            "nhs_number_status_code": "01",
            **row,
        }
        for number, row in enumerate(drawn, start=1)
    ]
    referrals = [
        {**month, "provider_code": row["provider_code"], "service_request_id": "R", "local_patient_id": "A"}
        for row in listed
    ]
    teams = [
        {**month, "provider_code": row["provider_code"], "service_request_id": "R", "team_type_code": "33"}
        for row in listed
    ]
    return {"csds_patient": listed, "csds_referral": referrals, "csds_team": teams}


def pupils(*drawn: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    return {"school_census_pupil": [{"pupil_id": str(n), **row} for n, row in enumerate(drawn)]}


def link(**drawn: list[dict[str, object]]) -> linkage.People:
    return linkage.link(tables.frames(**drawn), register=REGISTER, weights=WEIGHTS)


CHILD = {"born_on": "2015-04-01", "sex_code": "F", "postcode": "PL1 1AA", "school_urn": "100001"}


def test_one_nhs_number_at_two_providers_is_one_person() -> None:
    people = link(**patients({**CHILD, "nhs_number": NUMBERS[0]}, {**CHILD, "nhs_number": NUMBERS[0]}))
    assert people.persons.height == 1


def test_a_number_that_was_never_traced_joins_nobody() -> None:
    untraced = {**CHILD, "nhs_number": NUMBERS[0], "nhs_number_status_code": "03"}
    assert link(**patients(untraced, untraced)).persons.height == 2


def test_a_number_that_is_traced_later_counts_for_the_months_before() -> None:
    drawn = patients({**CHILD, "nhs_number": NUMBERS[0]})
    earlier = {**drawn["csds_patient"][0], "period_ended_on": "2025-12-31", "nhs_number_status_code": "07"}
    people = link(
        **{**drawn, "csds_patient": [{**earlier, "known_on": date(2019, 12, 1)}, *drawn["csds_patient"]]}
    )
    assert people.identities["nhs_number"].to_list() == [NUMBERS[0]]


def test_one_number_on_two_people_is_not_merged() -> None:
    other = {"born_on": "2011-09-09", "sex_code": "M", "postcode": "PL9 9ZZ", "school_urn": "100002"}
    people = link(**patients({**CHILD, "nhs_number": NUMBERS[0]}, {**other, "nhs_number": NUMBERS[0]}))
    assert people.persons.height == 2


def test_a_row_without_a_date_of_birth_is_no_second_person() -> None:
    bare = {"nhs_number": NUMBERS[0]}
    assert link(**patients({**CHILD, "nhs_number": NUMBERS[0]}, bare)).persons.height == 1


def test_health_meets_school_by_birth_sex_postcode_and_school() -> None:
    people = link(
        **patients({**CHILD, "nhs_number": NUMBERS[0]}), **pupils({**CHILD, "upn": "A950000178301"})
    )
    assert people.identities.select("nhs_number", "upn").rows() == [(NUMBERS[0], "A950000178301")]
    assert people.persons["link_confidence"][0] > 0.95


def test_same_sex_twins_at_one_address_are_linked_to_nobody() -> None:
    twins = pupils({**CHILD, "upn": "A950000178301"}, {**CHILD, "upn": "H243278544154"})
    people = link(**patients({**CHILD, "nhs_number": NUMBERS[0]}), **twins)
    assert not people.persons["is_linked_to_education"].any()


def test_a_sister_is_told_from_her_twin_brother() -> None:
    twins = pupils({**CHILD, "upn": "A950000178301"}, {**CHILD, "sex_code": "M", "upn": "H243278544154"})
    people = link(**patients({**CHILD, "nhs_number": NUMBERS[0]}), **twins)
    assert people.identities["upn"].to_list() == ["A950000178301"]


def test_a_council_child_is_found_through_its_upn_and_brings_its_records() -> None:
    council = {"la_code": "879", "la_child_id": "7"}
    people = link(
        **patients({**CHILD, "nhs_number": NUMBERS[0]}),
        **pupils({**CHILD, "upn": "A950000178301"}),
        cin_child=[{**council, "upn": "A950000178301", "born_on": "2015-04-01"}],
        looked_after_child=[{**council, "born_on": "2015-04-01"}],
    )
    assert people.holders["council_child"].height == 1
    assert people.holders["council_child"]["person_id"][0] == people.persons["person_id"][0]


def test_a_pupil_is_not_known_to_be_unknown_to_social_care_while_it_may_be_the_child_without_a_upn() -> None:
    def is_linked(born_on: str, closed_on: str | None) -> tuple[bool, bool]:
        council = {"la_code": "879", "la_child_id": "7"}
        people = link(
            **patients({**CHILD, "nhs_number": NUMBERS[0]}),
            **pupils({**CHILD, "upn": "A950000178301", "la_code": "879"}),
            cin_child=[{**council, "born_on": born_on, "sex_code": "F"}],
            cin_episode=[
                {**council, "episode_key": "1", "referred_on": "2018-01-01", "closed_on": closed_on}
            ],
        )
        return people.persons.select("is_linked_to_education", "is_linked_to_social_care").row(0)

    assert is_linked(born_on="2015-04-01", closed_on=None) == (True, False)
    assert is_linked(born_on="2015-04-02", closed_on=None) == (True, True)
    assert is_linked(born_on="2015-04-01", closed_on="2018-06-01") == (True, True)


def test_a_council_that_sent_nothing_does_not_say_no() -> None:
    def is_linked_to_social_care(council: str) -> bool:
        people = link(
            **patients({**CHILD, "nhs_number": NUMBERS[0]}),
            **pupils({**CHILD, "upn": "A950000178301", "la_code": "879"}),
            cin_child=[{"la_code": council, "la_child_id": "7", "born_on": "2001-01-01", "sex_code": "M"}],
        )
        return bool(people.persons["is_linked_to_social_care"][0])

    assert is_linked_to_social_care("879")
    assert not is_linked_to_social_care("880")


def test_a_list_of_children_in_care_alone_does_not_say_no_to_need() -> None:
    people = link(
        **patients({**CHILD, "nhs_number": NUMBERS[0]}),
        **pupils({**CHILD, "upn": "A950000178301", "la_code": "879"}),
        looked_after_child=[{"la_code": "879", "la_child_id": "7", "born_on": "2001-01-01", "sex_code": "M"}],
    )
    assert not people.persons["is_linked_to_social_care"][0]


def test_no_identifier_stands_in_what_leaves_the_vault() -> None:
    people = link(
        **patients({**CHILD, "nhs_number": NUMBERS[0]}), **pupils({**CHILD, "upn": "A950000178301"})
    )
    assert not people.persons.select(pl.any_horizontal(pl.col(pl.String).is_in(NUMBERS).any())).item()
    assert people.persons["person_id"].str.len_chars().to_list() == [26]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("MF"), st.integers(0, 3)), min_size=1, max_size=12)
)
def test_a_link_is_one_to_one_and_only_to_an_equal_or_nearly_equal_record(
    drawn: list[tuple[int, str, int]],
) -> None:
    children = [
        {
            "born_on": str(FIRST_BIRTHDAY + timedelta(days=day)),
            "sex_code": sex,
            "postcode": f"PL{place} 1AA",
            "school_urn": f"10000{place}",
        }
        for day, sex, place in drawn
    ]
    upns = {f"U{number}": child for number, child in enumerate(children)}
    people = link(**patients(*children), **pupils(*({**child, "upn": upn} for upn, child in upns.items())))
    linked = people.identities.join(people.persons, on="person_id").filter(pl.col("upn").is_not_null())
    assert linked["upn"].is_unique().all()
    for born_on, upn in linked.select("born_on", "upn").iter_rows():
        assert children.count(upns[upn]) == 1 or upns[upn]["born_on"] == str(born_on)
