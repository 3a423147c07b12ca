"""Pages beside a child's own: the letter to the family, and two children of one list side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from service import comparing, letter, notices
from service.access import NotThereError, SignedIn, check_user_can_review
from service.parts import WithParts, child_now, live_act, open_child, record_read, see

Place = Annotated[int, Query(ge=1, le=1_000_000)]
router = APIRouter(include_in_schema=False)


@router.get("/lists/{service}/{run}/{referral}/letter")
def family_letter(
    request: Request, parts: WithParts, person: SignedIn, service: str, run: str, referral: str
) -> Response:
    """Show the letter to the child's family, to be read by a clinician before it is printed."""
    opened = open_child(parts, person, service, run, referral)
    check_user_can_review(person, opened.listed.provider_code)
    record_read(parts, person, opened)
    today = parts.now().astimezone().date()
    shown = child_now(parts, opened)
    return parts.renderer.page(
        request,
        "letter.jinja",
        child=shown,
        run=opened.run,
        sections=letter.letter(shown, opened.run.features_of(service, referral), today),
        notices=notices.warnings(opened.run, today, live_act(parts).run),
        today=today,
        back=f"/lists/{service}/{run}/{referral}",
    )


@router.get("/lists/{service}/{run}/{referral}/beside")
def beside_place(
    parts: WithParts, person: SignedIn, service: str, run: str, referral: str, place: Place = 1
) -> Response:
    """Go to the comparison with the child at a place of the same list."""
    opened = open_child(parts, person, service, run, referral)
    at_place = opened.listed.frame.filter(place=place)["referral_id"]
    if at_place.is_empty():
        raise NotThereError
    return see(f"/lists/{service}/{run}/{referral}/beside/{at_place[0]}")


@router.get("/lists/{service}/{run}/{referral}/beside/{other}")
def two_children(
    request: Request, parts: WithParts, person: SignedIn, service: str, run: str, referral: str, other: str
) -> Response:
    """Show two children of one list side by side; that both were read is recorded."""
    opened = [open_child(parts, person, service, run, each) for each in (referral, other)]
    for each in opened:
        record_read(parts, person, each)
    first, second = (child_now(parts, each) for each in opened)
    return parts.renderer.page(
        request,
        "beside.jinja",
        first=first,
        second=second,
        run=opened[0].run,
        rows=comparing.rows(first, second),
        why=comparing.why(*opened),
        base=f"/lists/{service}/{run}",
        notices=notices.warnings(opened[0].run, parts.now().astimezone().date(), live_act(parts).run),
    )
