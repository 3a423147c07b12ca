"""Who is asking, and what each role may see and do. What is not allowed here is not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

EVERY_PROVIDER = "*"


class Role(StrEnum):
    """What somebody is here for."""

    CLINICIAN = "clinician"
    COMMISSIONER = "commissioner"
    AUDITOR = "auditor"
    DATA_STEWARD = "data steward"


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in."""

    person_id: str
    name: str
    title: str
    role: Role
    organisation_code: str
    organisation_name: str
    # The providers whose lists the own organisation oversees, beside its own: an Integrated Care Board's, for example.
    oversees: frozenset[str] = frozenset()


class NotSignedInError(Exception):
    """Nobody is signed in."""


class NotThereError(Exception):
    """It does not exist, or this person may not know whether it exists: one answer for both."""


DEMO_PEOPLE: Mapping[str, Person] = {
    person.person_id: person
    for person in (
        Person("r-demo", "R. Demo", "therapist", Role.CLINICIAN, "NR5", "Demo Community Trust"),
        Person("c-demo", "C. Demo", "commissioner", Role.COMMISSIONER, "QJK", "Demo Integrated Care Board"),
        Person("a-demo", "A. Demo", "auditor", Role.AUDITOR, "QJK", "Demo Integrated Care Board"),
        Person("d-demo", "D. Demo", "data steward", Role.DATA_STEWARD, "QJK", "Demo Integrated Care Board"),
    )
}

MAY_DO: Mapping[Role, str] = {
    Role.CLINICIAN: "See the own organisation’s lists and the reasons for each place; agree or override.",
    Role.COMMISSIONER: "See how many children wait for each service, small numbers hidden; never a child.",
    Role.AUDITOR: "See the lists without names, check that a run is as it was written, and read the log.",
    Role.DATA_STEWARD: "See which files each run was made from, their warnings, and data marked as wrong.",
}

HOME: Mapping[Role, str] = {
    Role.CLINICIAN: "/lists",
    Role.COMMISSIONER: "/demand",
    Role.AUDITOR: "/audit",
    Role.DATA_STEWARD: "/files",
}


def signed_in(request: Request) -> Person:
    """Return who is asking, as the guard has found out."""
    person = person_or_nobody(request)
    if person is None:
        raise NotSignedInError
    return person


def person_or_nobody(request: Request) -> Person | None:
    """Return who is asking, if somebody is signed in."""
    person: Person | None = getattr(request.state, "person", None)
    return person


SignedIn = Annotated[Person, Depends(signed_in)]


def user_can_see_provider(person: Person, provider_code: str) -> bool:
    """An organisation sees its own services, and those of the providers that it oversees; a clinician the own alone.

    >>> board = Person("a", "A", "auditor", Role.AUDITOR, "QJK", "Board", frozenset({"NR5"}))
    >>> user_can_see_provider(board, "NR5"), user_can_see_provider(board, "RK9")
    (True, False)
    """
    if person.organisation_code == provider_code:
        return True
    overseen = provider_code in person.oversees or EVERY_PROVIDER in person.oversees
    return overseen and person.role is not Role.CLINICIAN


def user_can_see_lists(person: Person) -> bool:
    """Clinicians and auditors work with lists."""
    return person.role in (Role.CLINICIAN, Role.AUDITOR)


def check_user_can_see_lists(person: Person) -> None:
    """Raise unless the person works with lists."""
    _check(user_can_see_lists(person))


def user_can_see_list(person: Person, provider_code: str) -> bool:
    """Clinicians and auditors see the lists of the providers they may see."""
    return user_can_see_lists(person) and user_can_see_provider(person, provider_code)


def check_user_can_see_list(person: Person, provider_code: str) -> None:
    """Raise unless the person may see this provider's lists."""
    _check(user_can_see_list(person, provider_code))


def user_can_review(person: Person, provider_code: str) -> bool:
    """Only a clinician of the provider decides about a child."""
    return person.role is Role.CLINICIAN and person.organisation_code == provider_code


def check_user_can_review(person: Person, provider_code: str) -> None:
    """Raise unless the person may decide about this provider's children."""
    _check(user_can_review(person, provider_code))


def user_can_second(person: Person, provider_code: str, asked_by: str) -> bool:
    """The second person is another clinician of the same provider."""
    return user_can_review(person, provider_code) and person.person_id != asked_by


def check_user_can_second(person: Person, provider_code: str, asked_by: str) -> None:
    """Raise unless the person may be the second to agree."""
    _check(user_can_second(person, provider_code, asked_by))


def user_can_see_demand(person: Person) -> bool:
    """Aggregates are the commissioner's."""
    return person.role is Role.COMMISSIONER


def check_user_can_see_demand(person: Person) -> None:
    """Raise unless the person may see the aggregates."""
    _check(user_can_see_demand(person))


def user_can_audit(person: Person) -> bool:
    """Runs are checked and the log is read by the auditor."""
    return person.role is Role.AUDITOR


def check_user_can_audit(person: Person) -> None:
    """Raise unless the person may check runs and read the log."""
    _check(user_can_audit(person))


def user_can_see_files(person: Person) -> bool:
    """Partner files are the data steward's."""
    return person.role is Role.DATA_STEWARD


def check_user_can_see_files(person: Person) -> None:
    """Raise unless the person may see the partner files."""
    _check(user_can_see_files(person))


def _check(is_allowed: bool) -> None:
    if not is_allowed:
        raise NotThereError
