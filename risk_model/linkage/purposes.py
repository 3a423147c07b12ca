"""Which contract columns tell that records are one child's, held against the purposes that the contracts give them."""

from __future__ import annotations

from collections.abc import Mapping

from risk_model import contracts
from risk_model.contracts.purposes import check_may_use

_PATIENT = (
    "provider_code",
    "local_patient_id",
    "nhs_number",
    "nhs_number_status_code",
    "born_on",
    "sex_code",
    "postcode",
)
_COUNCIL_CHILD = ("la_code", "la_child_id", "upn", "born_on", "sex_code")
_PUPIL = ("upn", "la_code", "surname", "forename", "born_on", "sex_code", "postcode")
JOINED_ON = {
    "csds_patient": (*_PATIENT, "school_urn", "home_la_code"),
    "csds_referral": ("provider_code", "service_request_id", "local_patient_id"),
    "csds_team": ("provider_code", "service_request_id"),
    "mhsds_patient": (*_PATIENT, "school_urn"),
    "mhsds_referral": ("provider_code", "service_request_id", "local_patient_id"),
    "patient_details": (*_PATIENT, "surname", "forename"),
    "cin_child": _COUNCIL_CHILD,
    "cin_episode": ("la_code", "la_child_id", "closure_reason_code"),
    "looked_after_child": _COUNCIL_CHILD,
    "looked_after_episode": ("la_code", "la_child_id", "home_postcode", "reason_ended_code"),
    "safeguarding_person": (*_COUNCIL_CHILD, "nhs_number", "surname", "forename"),
    "safeguarding_identifier": (
        "la_code",
        "la_child_id",
        "identifier_type_code",
        "identifier",
        "valid_until",
    ),
    "safeguarding_address": ("la_code", "la_child_id", "postcode"),
    "safeguarding_send": ("la_code", "la_child_id", "upn"),
    "safeguarding_episode": ("la_code", "la_child_id", "closure_reason_code"),
    "safeguarding_care_episode": ("la_code", "la_child_id", "reason_ended_code"),
    "school_census_pupil": (*_PUPIL, "former_upn", "former_surname", "school_urn"),
    "sen2_person": _PUPIL,
}
"""Every contract column by which records are told to be one child's; other columns only say who is looked for."""


def check_may_join(tables: Mapping[str, contracts.Table]) -> None:
    """Raise when a column that the join needs may not be used for linkage."""
    for name, columns in JOINED_ON.items():
        check_may_use(tables[name], columns, "linkage")
