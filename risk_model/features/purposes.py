"""Holds every feature against the purposes of the contract columns it is made of; one for audit alone is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from risk_model import merged
from risk_model.contracts.contract import LINEAGE, Table
from risk_model.contracts.purposes import check_may_use
from risk_model.features.definition import Feature
from risk_model.snapshot.records import RECORDS

_REFERRAL, _TEAM, _CLOCK, _CONTACT = map(merged.contract_tables, ("referral", "team", "clock", "contact"))
TABLES_OF = {name: merged.contract_tables(record.source) for name, record in RECORDS.items()} | {
    "wait": (*_REFERRAL, *_TEAM, *_CLOCK),
    "past_referral": (*_REFERRAL, *_TEAM),
    "contact": (*_CONTACT, *_TEAM),
    "urgent_care": (*_CONTACT, *_TEAM),
    "development_score": ("csds_assessment",),
    "school_need": ("school_census_need",),
}
"""The contract tables that a snapshot table is made of; a column of its own name comes from each that has it."""

MADE_FROM: Mapping[tuple[str | None, str], tuple[tuple[str, str], ...]] = {
    (None, "age_years"): (("csds_patient", "born_on"), ("mhsds_patient", "born_on")),
    ("wait", "service_id"): (("csds_team", "team_type_code"), ("mhsds_team_type", "team_type_code")),
    ("wait", "days_waiting"): (("csds_referral", "received_on"), ("mhsds_referral", "received_on")),
    ("wait", "priority_code"): (
        ("csds_referral", "priority_code"),
        ("mhsds_referral", "clinical_priority_code"),
    ),
    ("past_referral", "days_ago"): (
        ("csds_referral", "received_on"),
        ("csds_referral", "discharged_on"),
        ("csds_team", "team_type_code"),
        ("mhsds_referral", "received_on"),
        ("mhsds_referral", "discharged_on"),
    ),
    ("contact", "days_ago"): (("csds_contact", "contact_on"), ("mhsds_contact", "contact_on")),
    ("contact", "was_not_brought"): (
        ("csds_contact", "attendance_code"),
        ("mhsds_contact", "attendance_code"),
    ),
    ("urgent_care", "days_ago"): (
        ("csds_contact", "contact_on"),
        ("csds_contact", "attendance_code"),
        ("csds_team", "team_type_code"),
    ),
    ("development_score", "area_code"): (("csds_assessment", "snomed_code"),),
    ("development_score", "is_below_cut_off"): (
        ("csds_assessment", "snomed_code"),
        ("csds_assessment", "score"),
    ),
    ("attendance", "sessions_missed"): (
        ("attendance_week", "sessions_authorised"),
        ("attendance_week", "sessions_unauthorised"),
    ),
    ("pupil", "is_newest"): (("school_census_pupil", "census_on"),),
    ("ehc_request", "is_in_progress"): (
        ("sen2_request", "received_on"),
        ("sen2_request", "outcome_on"),
        ("sen2_plan", "started_on"),
    ),
    ("episode", "is_open"): (
        ("cin_episode", "closed_on"),
        ("cin_episode", "is_no_further_action"),
        ("cin_episode", "primary_need_code"),
        ("safeguarding_episode", "closed_on"),
        ("safeguarding_episode", "is_no_further_action"),
        ("safeguarding_episode", "primary_need_code"),
    ),
    ("care_episode", "is_open"): (
        ("looked_after_episode", "ended_on"),
        ("looked_after_episode", "legal_status_code"),
        ("safeguarding_care_episode", "ended_on"),
        ("safeguarding_legal_status", "legal_status_code"),
    ),
}
"""What the snapshot's own columns are made from, since a contract knows them not."""


def check_features(features: Iterable[Feature], tables: Mapping[str, Table]) -> None:
    """Raise when a feature is made of a contract column that may not be used for triage."""
    features = list(features)
    names = {feature.name for feature in features}
    used: dict[str, set[str]] = {}
    for feature in features:
        for table, column in columns_of(feature, tables, other_features=names):
            used.setdefault(table, set()).add(column)
    for table, columns in used.items():
        check_may_use(tables[table], columns, "triage")


def columns_of(
    feature: Feature, tables: Mapping[str, Table], *, other_features: Iterable[str] = ()
) -> set[tuple[str, str]]:
    """The contract columns that a feature is made of, as table and column."""
    others = set(other_features) - {feature.name} if feature.source is None else set()
    found = {
        origin
        for name in feature.expression.meta.root_names()
        if name not in others
        for origin in _origins(feature.source, name, tables)
    }
    if feature.applies is not None:
        for name in feature.applies.meta.root_names():
            found.update(_origins(None, name, tables))
    return found


def _origins(source: str | None, name: str, tables: Mapping[str, Table]) -> tuple[tuple[str, str], ...]:
    if (source, name) in MADE_FROM:
        return MADE_FROM[source, name]
    assert source is not None, f"nothing says what {name} is made from"
    if name == "days_ago":
        name = RECORDS[source].event_on
    if name in LINEAGE:
        return ()
    origins = tuple((table, name) for table in TABLES_OF[source] if name in tables[table].columns)
    assert origins, f"nothing says what {name} of {source} is made from"
    return origins
