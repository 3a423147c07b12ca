"""Small tables of children as a provider's index, a school and a council know them, and who is who among them.

Each table draws what a provider's index (health), a school (pupil) and a council (child) hold, one row per record. What
a column leaves out is the same in all: born 1 April 2015, a girl, Ashby by family name, at PL1 1AA.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from risk_model import linkage
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

NUMBERS = {"N1": "9990000018", "N2": "9990000026", "N3": "9990000034"}
UPNS = {"U1": "A950000178301", "U2": "H243278544154"}
FIRST_BIRTHDAY = date(2012, 1, 1)
SAME = {"born": "2015-04-01", "sex": "F", "surname": "Ashby", "forename": "Isla", "postcode": "PL1 1AA"}
MONTH = {"period_ended_on": "2026-01-31"}


def health(drawn: str) -> dict[str, list[dict[str, Any]]]:
    """Patients who wait, as their provider's index knows them; a patient without a name is in CSDS alone."""
    found: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("csds_patient", "patient_details", "csds_referral", "csds_team")
    }
    for place, row in enumerate(tables.rows(drawn), start=1):
        told = SAME | row
        patient = {"provider_code": f"P{place}", "local_patient_id": "A"} | _of(
            row, "provider_code", "provider"
        )
        patient |= _of(row, "local_patient_id", "local")
        number = {
            "nhs_number": NUMBERS.get(str(told.get("number"))),
            "nhs_number_status_code": told.get("status", "01"),
        }
        who = {"born_on": told["born"], "sex_code": told["sex"], "postcode": told["postcode"]}
        request = {**MONTH, "provider_code": patient["provider_code"], "service_request_id": f"R{place}"}
        found["csds_patient"].append(
            {**MONTH, **patient, **number, **who, **_of(told, "school_urn", "school")}
        )
        found["csds_referral"].append({**request, "local_patient_id": patient["local_patient_id"]})
        found["csds_team"].append({**request, "team_type_code": "33"})
        if told["forename"]:
            names = {"surname": told["surname"], "forename": told["forename"]}
            on = {"recorded_on": told.get("recorded", "2020-01-01")}
            found["patient_details"].append({**patient, **number, **who, **names, **on})
    return found


def pupils(drawn: str) -> dict[str, list[dict[str, Any]]]:
    """Pupils of Plymouth in the School Census."""
    rows = [SAME | row for row in tables.rows(drawn)]
    return {
        "school_census_pupil": [
            {
                "upn": UPNS[str(row["upn"])],
                "la_code": "879",
                "pupil_id": str(place),
                **_names(row),
                **_of(row, "former_surname", "formerly"),
                **_of(row, "school_urn", "school"),
                "postcode": row["postcode"],
            }
            for place, row in enumerate(rows)
        ]
    }


def children(drawn: str) -> dict[str, list[dict[str, Any]]]:
    """Children known to Plymouth's social care, in its safeguarding dataset, with one address each."""
    rows = [SAME | row for row in tables.rows(drawn)]
    child = [{"la_code": "879", "la_child_id": row["child"]} for row in rows]
    told = [
        {"upn": UPNS.get(str(row.get("upn"))), "nhs_number": NUMBERS.get(str(row.get("number")))}
        for row in rows
    ]
    return {
        "safeguarding_person": [{**c, **t, **_names(r)} for c, t, r in zip(child, told, rows, strict=True)],
        "safeguarding_address": [{**c, "postcode": r["postcode"]} for c, r in zip(child, rows, strict=True)],
    }


def _names(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "born_on": row["born"],
        "sex_code": row["sex"],
        "surname": row["surname"],
        "forename": row["forename"],
    }


def _of(row: dict[str, Any], ours: str, drawn: str) -> dict[str, Any]:
    return {ours: row[drawn]} if row.get(drawn) else {}


def link(*drawn: dict[str, list[dict[str, Any]]], decided: pl.DataFrame | None = None) -> linkage.People:
    together: dict[str, list[dict[str, Any]]] = {}
    for part in drawn:
        for table, rows in part.items():
            together.setdefault(table, []).extend(rows)
    return linkage.link(tables.frames(**together), register=REGISTER, weights=WEIGHTS, decisions=decided)


def linked(people: linkage.People) -> list[tuple[str | None, str | None, str | None]]:
    """NHS number, UPN and council number of each person, in the words of the tables."""
    names = {number: name for name, number in (NUMBERS | UPNS).items()}
    rows = people.identities.select("nhs_number", "upn", "la_child_id").iter_rows()
    return sorted([(names.get(n), names.get(u), child) for n, u, child in rows], key=str)


def waiting(people: linkage.People) -> list[str]:
    return people.review["why"].to_list()


TIED = (health("number\nN1"), pupils("upn\nU1\nU2"))
CLEAR = (health("number\nN1"), pupils("upn\nU1"))
