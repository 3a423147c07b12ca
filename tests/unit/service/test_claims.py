"""What NHS CIS2 says of somebody, and whom that makes them here."""

from __future__ import annotations

from typing import Any

import pytest

from service import claims
from service.access import Person, Role
from tests.functional.service import oidc
from tests.functional.service.oidc import role

THERAPIST = role("555001", oidc.ROLE_CODE, "NR5", "Speech and language therapist")
TOO_WEAK, NOT_CHECKED = "sign-in was not strong enough", "identity was not checked far enough"
NOT_HERE, NOT_CHOSEN = "not one that works here", "No role was chosen"
NO_ORGANISATION, NOBODY = "names no organisation", "does not say who you are"


def read(**changed: Any) -> Person:
    told = {"sub": "555000000001"} | oidc.claims(**changed)
    return claims.person_of(
        told, roles={oidc.ROLE_CODE: Role.CLINICIAN}, least_authentication_level=2, least_identity_level=3
    )


def test_the_chosen_role_and_its_organisation_decide() -> None:
    assert read() == Person(
        "555000000001", "T. Sample", THERAPIST["role_name"], Role.CLINICIAN, "NR5", "A Community Trust"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"authentication_assurance_level": 2},
        {"id_assurance_level": None, "idassurancelevel": 3},
        {"selected_roleid": None, "nhsid_nrbac_roles": [THERAPIST]},
        {"name": None, "given_name": "T.", "family_name": "Sample"},
        {"nhsid_user_orgs": None},
    ],
)
def test_who_may_come_in(changed: dict[str, Any]) -> None:
    assert (read(**changed).name, read(**changed).organisation_code) == ("T. Sample", "NR5")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"authentication_assurance_level": "1"}, TOO_WEAK),
        ({"authentication_assurance_level": None}, TOO_WEAK),
        ({"authentication_assurance_level": "high"}, TOO_WEAK),
        ({"authentication_assurance_level": True}, TOO_WEAK),
        ({"authentication_assurance_level": "33"}, TOO_WEAK),
        ({"id_assurance_level": "2"}, NOT_CHECKED),
        ({"id_assurance_level": None}, NOT_CHECKED),
        ({"nhsid_nrbac_roles": [THERAPIST | {"role_code": "S0:G0:R9999"}]}, NOT_HERE),
        ({"nhsid_nrbac_roles": [THERAPIST | {"role_code": ["S8000"]}]}, NOT_HERE),
        ({"nhsid_nrbac_roles": None}, NOT_CHOSEN),
        ({"nhsid_nrbac_roles": "admin"}, NOT_CHOSEN),
        ({"selected_roleid": "555009"}, NOT_CHOSEN),
        ({"selected_roleid": None}, NOT_CHOSEN),
        ({"nhsid_nrbac_roles": [THERAPIST, THERAPIST | {"org_code": "RK9"}]}, NOT_CHOSEN),
        ({"nhsid_nrbac_roles": [THERAPIST | {"org_code": ""}]}, NO_ORGANISATION),
        ({"nhsid_nrbac_roles": [THERAPIST | {"org_code": "*"}]}, NO_ORGANISATION),
        ({"sub": ""}, NOBODY),
        ({"sub": "5" * 81}, NOBODY),
    ],
)
def test_who_is_told_what_is_missing(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(claims.NotLetInError, match=words):
        read(**changed)
