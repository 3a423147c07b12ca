"""What every route works with: the shelf, the database, the people, the clock and the page renderer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from risk_model.errors import UserError
from service import audit, child, publishing, reviews
from service.access import (
    NotThereError,
    Person,
    check_user_can_see_list,
    check_user_can_see_lists,
    user_can_audit,
)
from service.addresses import Addresses
from service.organisations import Organisations
from service.rendering import Renderer
from service.schemas import Child, ReviewState
from service.settings import Settings
from service.shelf import Run, ServiceList, Shelf
from service.store import Publication, Store
from service.tokens import Tokens
from service.watching import Measures

if TYPE_CHECKING:
    from service.provider import Provider


@dataclass(frozen=True)
class Parts:
    """Made once at start, handed to every route."""

    settings: Settings
    shelf: Shelf
    store: Store
    people: Mapping[str, Person]
    renderer: Renderer
    now: Callable[[], datetime]
    addresses: Addresses
    organisations: Organisations
    provider: Provider | None
    tokens: Tokens | None
    measures: Measures


@dataclass(frozen=True)
class OpenedList:
    """One list that this person may see."""

    run: Run
    listed: ServiceList

    @property
    def service_id(self) -> str:
        return str(self.listed.facts["service_id"])


@dataclass(frozen=True)
class OpenedChild:
    """One child's wait that this person may see."""

    run: Run
    listed: ServiceList
    values: Mapping[str, Any]

    @property
    def service_id(self) -> str:
        return str(self.values["service_id"])

    @property
    def referral_id(self) -> str:
        return str(self.values["referral_id"])


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


WithParts = Annotated[Parts, Depends(_parts)]


def see(address: str) -> Response:
    """Send the browser on, so that loading the page again does not send the form again."""
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def open_run(parts: Parts, name: str | None) -> Run:
    """Return a run by name, or the live one when no name is given."""
    run = live_run(parts) if name is None else parts.shelf.run(name)
    if run is None:
        raise NotThereError
    return run


def live_run(parts: Parts) -> Run:
    """Return the run that people made live; one that is not as it was then is not shown."""
    return _as_made_live(parts, live_act(parts))


def live_act(parts: Parts) -> Publication:
    """Return the act that made the live run live."""
    with parts.store.reading() as session:
        made = publishing.live(session)
    if made is None:
        raise UserError(publishing.NOTHING_LIVE)
    return made


def once_live_run(parts: Parts, name: str) -> Run:
    """Return a run that is or was live, as it was then; any other is the auditor's alone."""
    with parts.store.reading() as session:
        made = publishing.made_live(session, name)
    if made is None:
        raise NotThereError
    return _as_made_live(parts, made)


def _as_made_live(parts: Parts, made: Publication) -> Run:
    run = parts.shelf.run(made.run)
    if run is None or run.provenance_sha256 != made.provenance_sha256:
        raise UserError(
            f"The list {made.run} is not there as it was made live. Expected its folder as its run wrote it. "
            "Put it back from its backup, or go back to the run before with `risk-service rollback`."
        )
    return run


def open_list(parts: Parts, person: Person, service_id: str, run_name: str | None = None) -> OpenedList:
    """Return a list; one that is not this person's is not there."""
    check_user_can_see_lists(person)
    if run_name is not None and not user_can_audit(person):
        run = once_live_run(parts, run_name)
    else:
        run = open_run(parts, run_name)
    listed = run.services.get(service_id)
    if listed is None:
        raise NotThereError
    check_user_can_see_list(person, listed.provider_code)
    return OpenedList(run, listed)


def open_child(parts: Parts, person: Person, service_id: str, run_name: str, referral_id: str) -> OpenedChild:
    """Return a child's wait; one that is not this person's is not there."""
    opened = open_list(parts, person, service_id, run_name)
    values = child.find(opened.listed, referral_id)
    if values is None:
        raise NotThereError
    return OpenedChild(opened.run, opened.listed, values)


def record_list_read(parts: Parts, person: Person, opened: OpenedList) -> bool:
    """Write into the log that this person has read this list, and say whether that could be written.

    A list names nobody and is what a clinic falls back on: it is shown even where the disk is full. A child is not.
    """
    run, service_id = opened.run.name, opened.service_id
    try:
        with parts.store.writing() as session:
            audit.append(session, person, "read_list", parts.now(), run=run, service_id=service_id)
    except SQLAlchemyError:
        return False
    return True


def record_read(parts: Parts, person: Person, opened: OpenedChild) -> None:
    """Write into the log that this person has read about this child."""
    with parts.store.writing() as session:
        audit.append(
            session,
            person,
            "read_child",
            parts.now(),
            run=opened.run.name,
            service_id=opened.service_id,
            referral_id=opened.referral_id,
        )


def child_now(parts: Parts, opened: OpenedChild) -> Child:
    """Return a child's page content with what reviewers have decided so far."""
    with parts.store.reading() as session:
        last = reviews.newest(session, opened.service_id, opened.referral_id)
        state = reviews.state(last, opened.run.name, parts.now()) if last else None
    return child.child(opened.run, opened.listed, opened.values, state, last.review_id if last else 0)


def decided_about(parts: Parts, run: Run, listed: ServiceList) -> tuple[dict[str, ReviewState], int]:
    """Return what is decided about a list's children, and about how many of those to look at first."""
    with parts.store.reading() as session:
        states = reviews.states(session, run.name, str(listed.facts["service_id"]), parts.now())
    first = listed.frame.filter("looks_first")["referral_id"]
    return states, int(first.is_in(list(states)).sum()) if states else 0
