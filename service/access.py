"""Who is asking, and what each role may see and do. What is not allowed here is not allowed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

REFRESH_SESSION_AFTER_SECONDS = 60


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
    Role.AUDITOR: "See every list without names, check that a run is as it was written, and read the log.",
    Role.DATA_STEWARD: "See which files each run was made from, their warnings, and data marked as wrong.",
}

HOME: Mapping[Role, str] = {
    Role.CLINICIAN: "/lists",
    Role.COMMISSIONER: "/demand",
    Role.AUDITOR: "/audit",
    Role.DATA_STEWARD: "/files",
}


def signed_in(request: Request) -> Person:
    """Return the person of this session, which stays open as long as it is used."""
    person = person_or_nobody(request)
    if person is None:
        raise NotSignedInError
    now = int(time.time())
    if now - int(request.session.get("seen", 0)) >= REFRESH_SESSION_AFTER_SECONDS:
        request.session["seen"] = now
    return person


def person_or_nobody(request: Request) -> Person | None:
    """Return the person of this session, if somebody is signed in."""
    people: Mapping[str, Person] = request.app.state.parts.people
    return people.get(str(request.session.get("person")))


SignedIn = Annotated[Person, Depends(signed_in)]


def user_can_see_lists(person: Person) -> bool:
    """Clinicians and auditors work with lists."""
    return person.role in (Role.CLINICIAN, Role.AUDITOR)


def check_user_can_see_lists(person: Person) -> None:
    """Raise unless the person works with lists."""
    _check(user_can_see_lists(person))


def user_can_see_list(person: Person, provider_code: str) -> bool:
    """A clinician sees the lists of the own organisation, an auditor every list."""
    if person.role is Role.CLINICIAN:
        return person.organisation_code == provider_code
    return person.role is Role.AUDITOR


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
