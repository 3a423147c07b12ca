"""What an identity provider says of somebody, in the shape of NHS CIS2, and whom that makes them here.

CIS2 lists every role that a person holds and names the one they chose today (`selected_roleid`); its organisation
bounds what they may see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from service.access import Person, Role

CODE = re.compile(r"[A-Z0-9]{3,10}")
"""An organisation code of the Organisation Data Service."""
LONGEST_ID, LONGEST_NAME = 80, 120


class NotLetInError(Exception):
    """The provider knows this person, and that is not enough to work here; the words say what is missing."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class ProviderUnreachableError(Exception):
    """The identity provider does not answer, or not as OpenID Connect asks."""


def person_of(
    claims: Mapping[str, Any],
    *,
    roles: Mapping[str, Role],
    least_authentication_level: int,
    least_identity_level: int,
) -> Person:
    """Return the person that these claims describe, or raise with what is missing."""
    if _level(claims, "authentication_assurance_level") < least_authentication_level:
        raise NotLetInError(
            f"This sign-in was not strong enough: expected authentication assurance level "
            f"{least_authentication_level} or higher. Sign in with a smartcard or a security key."
        )
    if max(_level(claims, "id_assurance_level"), _level(claims, "idassurancelevel")) < least_identity_level:
        raise NotLetInError(
            f"Your identity was not checked far enough: expected identity assurance level {least_identity_level} or "
            "higher. Ask your registration authority."
        )
    chosen = _chosen_role(claims)
    role = roles.get(_text(chosen, "role_code"))
    if role is None:
        raise NotLetInError(
            "The role you chose is not one that works here. Sign in again with another role, or ask your service lead "
            "to have yours added."
        )
    organisation_code = _text(chosen, "org_code")
    if not CODE.fullmatch(organisation_code):
        raise NotLetInError("The role you chose names no organisation. Ask your registration authority.")
    person_id = _text(claims, "sub")
    if not person_id or len(person_id) > LONGEST_ID:
        raise NotLetInError("Your identity provider does not say who you are. Ask your service desk.")
    return Person(
        person_id,
        (_name(claims) or person_id)[:LONGEST_NAME],
        (_text(chosen, "role_name") or role.value)[:LONGEST_NAME],
        role,
        organisation_code,
        (_organisation_name(claims, organisation_code) or organisation_code)[:LONGEST_NAME],
    )


def _chosen_role(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the role chosen for today; the only one counts as chosen."""
    held = [each for each in _list(claims, "nhsid_nrbac_roles") if isinstance(each, Mapping)]
    selected = _text(claims, "selected_roleid")
    chosen = [role for role in held if _text(role, "person_roleid") == selected] if selected else held
    if len(chosen) != 1:
        raise NotLetInError("No role was chosen. Sign in again and choose the role you work in today.")
    return chosen[0]


def _level(claims: Mapping[str, Any], name: str) -> int:
    """An assurance level, which CIS2 writes as text; what is not told is level 0."""
    value = str(claims.get(name, ""))
    return int(value) if re.fullmatch("[0-9]", value) else 0


def _name(claims: Mapping[str, Any]) -> str:
    return _text(claims, "name") or " ".join(
        filter(None, (_text(claims, "given_name"), _text(claims, "family_name")))
    )


def _organisation_name(claims: Mapping[str, Any], code: str) -> str:
    names = (
        _text(each, "org_name")
        for each in _list(claims, "nhsid_user_orgs")
        if isinstance(each, Mapping) and _text(each, "org_code") == code
    )
    return next(names, "")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(claims: Mapping[str, Any], name: str) -> list[Any]:
    value = claims.get(name)
    return value if isinstance(value, list) else []
