"""Signing in and out: as one of the demo people on this machine, else through the organisation's own provider."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from service import audit, sessions
from service.access import HOME, MAY_DO, NotSignedInError, NotThereError, Person, SignedIn
from service.parts import Parts, WithParts, see
from service.protection import check_csrf

FOR_PROGRAMS = ("/v1/", "/metrics")
SESSION_KEY = "session"
router = APIRouter(include_in_schema=False)


@router.get("/")
def sign_in_page(request: Request, parts: WithParts) -> Response:
    """Show who may sign in and what each may do."""
    people = [(person, MAY_DO[person.role]) for person in parts.people.values()]
    return parts.renderer.page(request, "sign-in.jinja", people=people)


@router.post("/sign-in", dependencies=[Depends(check_csrf)])
def sign_in(request: Request, parts: WithParts, person: Annotated[str, Form(max_length=80)] = "") -> Response:
    """Open a session for one of the demo people; there are none but in the demo."""
    found = parts.people.get(person)
    if found is None:
        raise NotThereError
    open_for(request, parts, found)
    return see(HOME[found.role])


@router.get("/sign-in/start")
async def start(request: Request, parts: WithParts) -> Response:
    """Send the browser to the identity provider."""
    if parts.provider is None:
        raise NotThereError
    return await parts.provider.send_there(request, f"{parts.addresses.public_url}/sign-in/back")


@router.get("/sign-in/back")
async def back(request: Request, parts: WithParts) -> Response:
    """Open a session for whoever comes back from the identity provider."""
    if parts.provider is None:
        raise NotThereError
    person = await parts.provider.person_from(request)
    await run_in_threadpool(open_for, request, parts, person)
    return see(HOME[person.role])


@router.post("/sign-out", dependencies=[Depends(check_csrf)])
def sign_out(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """End the session, also for a copy of its cookie."""
    with parts.store.writing() as session:
        audit.append(session, person, "signed_out", parts.now())
        sessions.close_session(session, str(request.session.get(SESSION_KEY)))
    request.session.clear()
    return see("/")


def open_for(request: Request, parts: Parts, person: Person) -> None:
    """Open a new session for this person and record it; what the browser held before is forgotten."""
    with parts.store.writing() as session:
        audit.append(session, person, "signed_in", parts.now())
        key = sessions.open_session(session, person, parts.now())
    request.session.clear()
    request.session[SESSION_KEY] = key


def who_is_asking(request: Request) -> Person | None:
    """Return who is asking, or None; a bearer token counts under /v1 only, and then nothing else does."""
    parts: Parts = request.app.state.parts
    authorization = request.headers.get("authorization")
    if authorization is not None and request.url.path.startswith(FOR_PROGRAMS):
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or parts.tokens is None:
            raise NotSignedInError
        return parts.organisations.with_overseen(parts.tokens.person_of(token.strip(), parts.now()))
    key = request.session.get(SESSION_KEY)
    found = sessions.person_of(parts.store, str(key), parts.now()) if key else None
    return parts.organisations.with_overseen(found) if found else None
