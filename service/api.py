"""The same answers as JSON under /v1."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from service import child, listing, reviews
from service.access import SignedIn, check_user_can_review, check_user_can_see_lists, user_can_see_list
from service.listing import Filters
from service.parts import (
    WithParts,
    child_now,
    decided_about,
    open_child,
    open_list,
    open_run,
    record_list_read,
    record_read,
)
from service.protection import SESSION_COOKIE
from service.schemas import Child, Contributions, ListPage, Me, Problem, ReviewIn, ReviewOut, Service

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}, "description": words}
    for status, words in {
        401: "Not signed in",
        403: "Sent by another site’s page, or to the demo from another machine",
        404: "Not there, or not for this person",
        408: "Sent too slowly",
        409: "Somebody else changed it, the list is not live, or the key was used twice",
        412: "It is not as your If-Match says that you saw it",
        413: "Too much was sent",
        421: "Asked under a name that is not the service’s",
        422: "Not understood",
        429: "Asked too often; `Retry-After` says how many seconds to wait",
        431: "Too many header fields",
        500: "The service failed",
        503: "The list or the log cannot be used",
    }.items()
}
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern="^[A-Za-z0-9_-]{8,64}$",
        description="One key per decision: sent again, the first answer comes again and nothing is added",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern='^"[0-9]{1,18}"$',
        description="The ETag of the child as you saw it; when somebody has decided since, nothing is saved",
    ),
]
TOKEN = HTTPBearer(auto_error=False, description="An issuer’s token; for the demo: `risk-service token`")
COOKIE = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="The session of somebody signed in")
router = APIRouter(prefix="/v1", responses=PROBLEMS, dependencies=[Security(TOKEN), Security(COOKIE)])


@router.get("/me")
def me(person: SignedIn) -> Me:
    """Who is signed in."""
    return Me(
        person_id=person.person_id,
        name=person.name,
        title=person.title,
        role=person.role.value,
        organisation_code=person.organisation_code,
        organisation_name=person.organisation_name,
    )


@router.get("/services")
def services(parts: WithParts, person: SignedIn) -> list[Service]:
    """The lists of the live run that this person may see."""
    check_user_can_see_lists(person)
    run = open_run(parts, None)
    return [
        listing.service(run, listed, decided_about(parts, run, listed)[1])
        for listed in run.services.values()
        if user_can_see_list(person, listed.provider_code)
    ]


@router.get("/lists/{service}")
def newest_list(
    parts: WithParts, person: SignedIn, service: str, filters: Annotated[Filters, Query()]
) -> ListPage:
    """One page of a service's live list."""
    opened = open_list(parts, person, service)
    record_list_read(parts, person, opened)
    return listing.list_page(
        opened.run, opened.listed, filters, *decided_about(parts, opened.run, opened.listed)
    )


@router.get("/lists/{service}/{run}")
def one_list(
    parts: WithParts, person: SignedIn, service: str, run: str, filters: Annotated[Filters, Query()]
) -> ListPage:
    """One page of the list of one run."""
    opened = open_list(parts, person, service, run)
    record_list_read(parts, person, opened)
    return listing.list_page(
        opened.run, opened.listed, filters, *decided_about(parts, opened.run, opened.listed)
    )


@router.get("/lists/{service}/{run}/{referral}")
def one_child(
    parts: WithParts, person: SignedIn, response: Response, service: str, run: str, referral: str
) -> Child:
    """Everything the run says about one child's wait; that it was read is recorded."""
    opened = open_child(parts, person, service, run, referral)
    record_read(parts, person, opened)
    shown = child_now(parts, opened)
    response.headers["ETag"] = f'"{shown.last_review}"'
    return shown


@router.get("/lists/{service}/{run}/{referral}/contributions")
def contributions(parts: WithParts, person: SignedIn, service: str, run: str, referral: str) -> Contributions:
    """What raises and lowers one child's estimated risk; that it was read is recorded."""
    opened = open_child(parts, person, service, run, referral)
    record_read(parts, person, opened)
    return child.contributions(opened.run, opened.values)


@router.get("/lists/{service}/{run}/{referral}/reviews")
def decisions(parts: WithParts, person: SignedIn, service: str, run: str, referral: str) -> list[ReviewOut]:
    """Every decision about one child's wait, newest first; that they were read is recorded."""
    opened = open_child(parts, person, service, run, referral)
    record_read(parts, person, opened)
    with parts.store.reading() as session:
        found = reviews.all_of_child(session, opened.service_id, opened.referral_id)
        return [reviews.as_answer(review) for review in found]


@router.post(
    "/lists/{service}/{run}/{referral}/reviews",
    status_code=201,
    responses={200: {"model": ReviewOut, "description": "Sent before with this key; nothing was added"}},
)
def decide(
    parts: WithParts,
    person: SignedIn,
    response: Response,
    service: str,
    run: str,
    referral: str,
    sent: ReviewIn,
    key: IdempotencyKey,
    if_match: IfMatch = None,
) -> ReviewOut:
    """Keep a decision together with its entry in the log, once per key."""
    opened = open_child(parts, person, service, run, referral)
    check_user_can_review(person, opened.listed.provider_code)
    missing = reviews.mistakes(sent)
    if missing:
        raise reviews.DecisionIncompleteError(missing)
    shown = child_now(parts, opened)
    with parts.store.writing() as session:
        seen = int(if_match.strip('"')) if if_match else None
        saved = reviews.decide(session, person, shown, sent, key, parts.now(), if_match=seen)
    if saved.was_there:
        response.status_code = 200
    return reviews.as_answer(saved.review)
