"""Twins, however alike their names are and are written: who is known as one, and nobody is taken for the other."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import polars as pl
import pytest

from risk_model import linkage
from risk_model.linkage import records, spelling, twins
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER


def known(drawn: str) -> pl.DataFrame:
    """Records of the drawn children; born 1 April 2015, an Ashby at PL1 1AA unless they say otherwise."""
    same = {"born": "2015-04-01", "surname": "Ashby", "postcode": "PL1 1AA", "school": None}
    told = [same | row for row in tables.rows(drawn)]
    return records.one_each(
        pl.DataFrame(
            [
                {
                    "record": str(row["record"]).replace(":", "|"),
                    "born_on": date.fromisoformat(str(row["born"])),
                    "surname": row["surname"],
                    "forename": row["forename"],
                    "postcode": row["postcode"],
                    "school_urn": row["school"],
                }
                for row in told
            ],
            schema_overrides={"school_urn": pl.String, "postcode": pl.String},
        ).with_columns(sex_code=pl.lit("F"))
    )


@pytest.mark.parametrize(
    ("why", "drawn", "is_twin"),
    [
        ("one day, one home", "record | forename\nupn:1 | Isla\nupn:2 | Rose", True),
        ("day, month swapped", "record | forename | born\nupn:1 | Isla | 2015-04-01\nupn:2 | Rose | 2015-01-04", True),
        ("a day early", "record | forename | born\nupn:1 | Isla | 2015-04-01\nupn:2 | Rose | 2015-03-31", True),
        (
            "moved, at one school",
            "record | forename | postcode | school\nupn:1 | Isla | PL1 1AA | 7\nupn:2 | Rose | PL9 9ZZ | 7",
            True,
        ),
        ("names swapped", "record | forename | surname\nupn:1 | Isla | Ashby\nupn:2 | Ashby | Rose", True),
        ("at one council", "record | forename\ncouncil:879:1 | Isla\ncouncil:879:2 | Rose", True),
        ("a sister", "record | forename | born\nupn:1 | Isla | 2015-04-01\nupn:2 | Rose | 2017-04-01", False),
        ("a neighbour", "record | forename | surname\nupn:1 | Isla | Ashby\nupn:2 | Rose | Bell", False),
        ("a neighbour of one name", "record | forename | surname\nupn:1 | Isla | Ashby\nupn:2 | Isla | Bell", False),
        ("one child at two councils", "record | forename\ncouncil:879:1 | Isla\ncouncil:878:1 | Isla", False),
        ("one child in two sources", "record | forename\nupn:1 | Isla\nnhs:1 | Isla", False),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)  # fmt: skip
def test_twins_are_two_children_of_one_source_born_together(why: str, drawn: str, is_twin: bool) -> None:
    found = known(drawn)
    described = twins.with_twins(found, twins.known([found]))
    assert described["has_twin"].to_list() == [is_twin] * 2, why


@pytest.mark.parametrize(
    ("name", "twin", "tells"),
    [
        ("Isla", "Rose", True),
        ("Harriet", "Harrison", True),
        ("Har", "Harrison", False),
        ("Harrison", "Har", False),
        ("Ella", "Elsa", False),
        ("Isla", "Ilsa", False),
        ("Isla", "Isla", False),
        ("Ashby", "Isla", False),
    ],
)
def test_a_name_tells_if_no_twin_could_be_written_so(name: str, twin: str, tells: bool) -> None:
    found = known(f"record | forename\nupn:1 | {name}\nupn:2 | {twin}")
    own = twins.with_twins(found, twins.known([found])).filter(record="upn|1")
    written = spelling.given_name(pl.lit(name))
    assert pl.select(written).item() in own["given"][0]
    beside = own.join(own.select(pl.all().name.suffix("_beside")), how="cross")
    assert beside.select(twins.has_telling_name("", "_beside")).item() is tells


NAMES = [("Harriet", "Harrison"), ("Ella", "Elsa"), ("Isla", "Isla"), ("Coran", "Coriny"), ("Rose", "Imogen")]
WRITTEN = ("full", "short", "in each other's place")
WHO = [("AB", "AB"), ("AB", "A"), ("AB", "B"), ("A", "AB"), ("B", "AB")]
"""Which of the twins health and school know; where each knows another one only, nobody could tell."""
LETTERS = "bdfgkmptvz"


def written(name: str, surname: str, how: str) -> dict[str, str]:
    given = name[:3] if how == "short" else name
    forename, family = (surname, given) if how == WRITTEN[2] else (given, surname)
    return {"forename": forename, "surname": family}


def born_on(home: int) -> str:
    """A day of its own for each home, of which no other is the day and month swapped."""
    years, days = divmod(home, 12 * 16)
    return str(date(2008 + years, 1 + days % 12, 13 + days // 12))


def test_no_twin_is_linked_to_the_other_however_their_names_are_written() -> None:
    """A home for each pair of names, each way in which health and school write them, and whom they know."""
    patients: list[dict[str, Any]] = []
    at_school: list[dict[str, Any]] = []
    ways = list(product(NAMES, product(WRITTEN, repeat=2), product(WRITTEN, repeat=2), WHO))
    for home, (names, by_health, by_school, (in_health, in_school)) in enumerate(ways):
        surname = "".join(LETTERS[int(digit)] + "o" for digit in f"{home:04d}")
        same = {
            "born_on": born_on(home),
            "sex_code": "F",
            "postcode": f"PL1 {home}",
        }
        for place, who in enumerate("AB"):
            if who in in_health:
                patients.append(
                    {"local_patient_id": f"{home}{who}", "nhs_number": f"{home}{place}", **same}
                    | written(names[place], surname, by_health[place])
                )
            if who in in_school:
                at_school.append(
                    {"upn": f"{home}{who}", "pupil_id": f"{home}{who}", "school_urn": str(home), **same}
                    | written(names[place], surname, by_school[place])
                )
    named = [{"provider_code": "P", "nhs_number_status_code": "01", **row} for row in patients]
    waiting = [row["local_patient_id"] for row in patients]
    frames = tables.frames(
        csds_patient=[{name: told for name, told in row.items() if "name" not in name} for row in named],
        csds_referral=[
            {"provider_code": "P", "local_patient_id": one, "service_request_id": one} for one in waiting
        ],
        csds_team=[
            {"provider_code": "P", "service_request_id": one, "team_type_code": "33"} for one in waiting
        ],
        patient_details=[{**row, "recorded_on": "2020-01-01"} for row in named],
        school_census_pupil=at_school,
    )
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    linked = people.holders["pupil"].join(people.holders["patient"], on="person_id")
    wrong = linked.filter(pl.col("upn") != pl.col("local_patient_id"))
    assert wrong.is_empty(), sorted({str(ways[int(upn[:-1])]) for upn in wrong["upn"]})[:10]
    plain = [
        f"{home}A"
        for home, (names, by_health, by_school, who) in enumerate(ways)
        if names in (NAMES[0], NAMES[4])
        and {*by_health, *by_school} == {"full"}
        and all("A" in at for at in who)
    ]
    assert plain and set(plain) <= set(linked["upn"]), "names that tell are enough"
