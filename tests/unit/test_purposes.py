"""Purposes: a column is used for what its contract names, and a use that it does not name is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from risk_model import contracts, features, linkage, snapshot
from risk_model.contracts.purposes import check_may_use
from risk_model.errors import PurposeRefused, UserError
from risk_model.features.purposes import MADE_FROM, check_features, columns_of
from risk_model.linkage.purposes import JOINED_ON, check_may_join
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

NUMBER = "9990000018"
CHOOSES = {"team_type_code", "started_on", "ended_on", "closed_on", "period_ended_on", *contracts.LINEAGE}
"""Columns that say who is looked for and which row is newest, and join nothing."""


def narrowed(table: str, column: str, *purposes: str) -> dict[str, contracts.Table]:
    """The contracts as they would be if one column served these purposes alone."""
    found = contracts.tables()[table]
    columns = found.columns | {column: replace(found.columns[column], purpose=purposes)}
    return contracts.tables() | {table: replace(found, columns=columns)}


def test_a_refusal_names_table_columns_and_purpose() -> None:
    table = narrowed("csds_patient", "born_on", "linkage")["csds_patient"]
    with pytest.raises(
        PurposeRefused, match=r"2 columns of csds_patient .* triage .*: born_on, ethnicity_code\."
    ):
        check_may_use(table, ["school_urn", "ethnicity_code", "born_on"], "triage")
    assert issubclass(PurposeRefused, UserError)


def test_the_contracts_allow_what_is_done() -> None:
    check_may_join(contracts.tables())
    check_features(features.FEATURES, contracts.tables())


JOINS = [(table, column) for table, columns in JOINED_ON.items() for column in columns]


@pytest.mark.parametrize(("table", "column"), JOINS)
def test_a_join_on_a_column_without_that_purpose_is_refused(table: str, column: str) -> None:
    with pytest.raises(PurposeRefused, match=rf"{table} may not be used for linkage.*: {column}\."):
        check_may_join(narrowed(table, column, "audit", "triage"))


def test_linking_stops_at_a_refused_join(monkeypatch: pytest.MonkeyPatch) -> None:
    without_upn = narrowed("cin_child", "upn", "audit")
    monkeypatch.setattr(contracts, "tables", lambda: without_upn)
    with pytest.raises(PurposeRefused, match="cin_child"):
        linkage.link(tables.frames(), register=REGISTER, weights=WEIGHTS)


def test_the_join_reads_no_column_that_is_not_held_against_its_purpose() -> None:
    child = {"born_on": "2015-04-01", "sex_code": "F", "postcode": "PL1 1AA", "school_urn": "100001"}
    referral = {"provider_code": "P1", "service_request_id": "R", "local_patient_id": "A"}
    drawn: dict[str, list[dict[str, Any]]] = {
        "csds_patient": [{"provider_code": "P1", "local_patient_id": "A", **child}],
        "csds_referral": [referral],
        "csds_team": [{"provider_code": "P1", "service_request_id": "R", "team_type_code": "33"}],
        "school_census_pupil": [{"upn": "A950000178301", **child}],
        "cin_child": [{"la_code": "879", "la_child_id": "7", "born_on": "2015-04-01", "sex_code": "F"}],
        "mhsds_patient": [
            {
                "provider_code": "P2",
                "local_patient_id": "B",
                "nhs_number": NUMBER,
                "nhs_number_status_code": "01",
            }
        ],
        "mhsds_referral": [{"provider_code": "P2", "service_request_id": "R", "local_patient_id": "B"}],
        "safeguarding_person": [{"la_code": "879", "la_child_id": "8"}],
        "safeguarding_identifier": [
            {"la_code": "879", "la_child_id": "8", "identifier_type_code": "NHS Number", "identifier": NUMBER}
        ],
    }
    whole = tables.frames(**drawn)
    bare: dict[str, pl.DataFrame] = {
        name: whole[name].select(c for c in whole[name].columns if c in CHOOSES or c in columns)
        for name, columns in JOINED_ON.items()
    }
    linked = [linkage.link(frames, register=REGISTER, weights=WEIGHTS).persons for frames in (whole, bare)]
    assert linked[0].equals(linked[1])
    assert sorted(linked[0]["is_linked_to_education"]) == [False, True]
    assert linked[0]["is_linked_to_social_care"].any()


USED = sorted(
    {
        (feature.name, *origin)
        for feature in features.FEATURES
        for origin in columns_of(
            feature, contracts.tables(), other_features=[other.name for other in features.FEATURES]
        )
    }
)


@pytest.mark.parametrize(("table", "column"), sorted({(table, column) for _, table, column in USED}))
def test_a_feature_of_a_column_without_that_purpose_is_refused(table: str, column: str) -> None:
    with pytest.raises(
        PurposeRefused, match=re.escape(f"{table} may not be used for triage") + f".*: {column}"
    ):
        check_features(features.FEATURES, narrowed(table, column, "audit"))


def test_features_are_not_built_of_a_refused_column(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = tables.frames()
    taken = snapshot.take(frames, linkage.link(frames, register=REGISTER, weights=WEIGHTS), date(2026, 1, 1))
    assert features.build(taken).is_empty()
    without_score = narrowed("looked_after_outcome", "sdq_score", "audit")
    monkeypatch.setattr(contracts, "tables", lambda: without_score)
    features.check_purposes.cache_clear()
    with pytest.raises(PurposeRefused, match="sdq_score"):
        features.build(taken)


@pytest.mark.parametrize(
    ("feature", "table", "column"),
    [
        ("age_years", "csds_patient", "born_on"),
        ("not_brought_12_months", "csds_contact", "attendance_code"),
        ("protection_plan", "cin_protection_plan", "ended_on"),
        ("protection_plan", "safeguarding_protection_plan", "ended_on"),
        ("marked_urgent", "mhsds_referral", "clinical_priority_code"),
        ("absence_share_3_months", "attendance_week", "sessions_authorised"),
        ("absence_share_3_months", "attendance_week", "week_ended_on"),
        ("development_areas_below", "csds_patient", "born_on"),
        ("looked_after_by_council", "looked_after_episode", "legal_status_code"),
    ],
)
def test_what_a_feature_is_made_of(feature: str, table: str, column: str) -> None:
    assert (feature, table, column) in USED


def test_every_feature_of_a_record_is_made_of_contract_columns() -> None:
    known = {name for name, _, _ in USED}
    assert [f.name for f in features.FEATURES if f.source is not None and f.name not in known] == []


def test_what_computed_columns_are_made_from_is_in_the_contracts() -> None:
    for origins in MADE_FROM.values():
        for table, column in origins:
            assert column in contracts.tables()[table].columns, (table, column)
