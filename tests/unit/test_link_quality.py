"""Link quality: pairs of records against the truth, with what exact numbers alone would have joined beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from risk_model.evaluation import children_of, link_quality, wrong_twins

CHILDREN = [
    {"child_id": 1, "upn": "U1", "la_child_id": "7", "local_patient_ids": ["A", "B"]},
    {"child_id": 2, "upn": "U2", "la_child_id": "8", "local_patient_ids": ["C"], "is_twin": True},
    {"child_id": 3, "upn": "U3", "la_child_id": "9", "local_patient_ids": ["D"], "is_twin": True},
    {"child_id": 4, "upn": "U4", "la_child_id": "10", "local_patient_ids": ["E", "F"], "is_adopted": True,
     "former_nhs_number": "OLD"},
]  # fmt: skip


def identities() -> pl.DataFrame:
    usual = {"is_adopted": False, "former_nhs_number": None, "is_looked_after_ever": False, "speaks_english": True,
             "quintile": 3, "moved": False, "is_twin": False, "la_code": "879", "household": 1,
             "born_on": date(2015, 4, 1)}  # fmt: skip
    return pl.DataFrame([usual | child for child in CHILDREN], infer_schema_length=None)


def held(*drawn: tuple[str, str, str | None, str | None]) -> pl.DataFrame:
    """Records as kind, number, person by all evidence and person by exact numbers alone."""
    issuer = {"patient": "P1", "pupil": None, "council_child": "879"}
    rows = [
        {"kind": kind, "issuer": issuer[kind], "number": number, "person_id": person, "exact_person": exact,
         "nhs_number": "OLD" if number == "E" else None}
        for kind, number, person, exact in drawn
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def measured(records: pl.DataFrame, source: str, group: str = "all") -> dict[str, Any]:
    found = link_quality(records, identities())
    return next(one for one in found if (one["source"], one["group"]) == (source, group))


def test_a_child_whom_a_source_does_not_hold_is_no_miss() -> None:
    found = measured(
        held(("patient", "A", "x", "x"), ("patient", "C", "y", "y"), ("pupil", "U1", "x", None)), "education"
    )
    assert (found["pairs"], found["recall"], found["recall_by_number_alone"]) == (1, 1.0, 0.0)


def test_a_link_to_another_child_is_wrong_and_counts_against_the_twin() -> None:
    records = held(("patient", "C", "x", "x"), ("pupil", "U3", "x", None), ("pupil", "U2", None, None))
    found = measured(records, "education", "twins")
    assert (found["wrong"], found["precision"], found["recall"]) == (1, 0.0, 0.0)
    assert wrong_twins(records, identities()) == 1


def test_a_person_is_the_child_of_most_of_its_records() -> None:
    records = held(("patient", "A", "x", "x"), ("patient", "B", "x", "x"), ("patient", "C", "x", "x"))
    assert children_of(records, identities()).rows() == [("x", 1)]


def test_two_records_of_health_are_a_pair_too() -> None:
    found = measured(held(("patient", "A", "x", "x"), ("patient", "B", "x", "other")), "health")
    assert (found["recall"], found["recall_by_number_alone"]) == (1.0, 0.0)


def test_what_was_before_an_adoption_must_not_be_joined_to_what_came_after() -> None:
    """E is the patient of before (the old number), F of after; the council's record is of before."""
    kept_apart = held(
        ("patient", "E", "x", "x"), ("patient", "F", "y", "y"), ("council_child", "10", "x", "x")
    )
    assert measured(kept_apart, "social care")["wrong"] == 0
    assert measured(kept_apart, "social care")["recall"] == 1.0
    joined = held(("patient", "E", "x", "x"), ("patient", "F", "x", "y"), ("council_child", "10", "x", "x"))
    assert measured(joined, "social care")["wrong"] == 1
    assert measured(joined, "health")["wrong"] > 0
