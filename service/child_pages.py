"""One child's page and the decision form on it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from service import audit, child, notices, reviews
from service.access import (
    Person,
    SignedIn,
    check_user_can_review,
    user_can_review,
    user_can_second,
)
from service.listing import Filters
from service.pages import saved_notice
from service.parts import (
    OpenedChild,
    Parts,
    WithParts,
    child_now,
    decided_about,
    live_act,
    open_child,
    record_read,
    see,
)
from service.protection import check_csrf
from service.schemas import ReviewIn
from service.store import Review
from service.wording import count, day

ENTRIES_SHOWN = 20
NOTHING_CHOSEN = "Choose a decision"
TOO_LONG = "Use at most 1,000 letters and no control characters"
FormKey = Annotated[str, Form(pattern="^[A-Za-z0-9_-]{8,64}$")]
router = APIRouter(include_in_schema=False)


class DecisionForm(BaseModel):
    """The decision form as a browser sends it: text, and nothing chosen is an empty text."""

    choice: str = ""
    reason: str = ""
    own_words: str = ""
    pin_to_tier: str = ""
    weeks: str = "4"
    last_review: str = "0"
    then: str = "list"
    form_key: FormKey


@router.get("/lists/{service}/{run}/{referral}")
def one_child(
    request: Request, parts: WithParts, person: SignedIn, service: str, run: str, referral: str
) -> Response:
    """Show everything about one child's wait; that it was read is recorded."""
    opened = open_child(parts, person, service, run, referral)
    record_read(parts, person, opened)
    return _page(request, parts, person, opened)


@router.post("/lists/{service}/{run}/{referral}", dependencies=[Depends(check_csrf)])
def decide(
    request: Request,
    parts: WithParts,
    person: SignedIn,
    service: str,
    run: str,
    referral: str,
    form: Annotated[DecisionForm, Form()],
) -> Response:
    """Keep a decision with its log entry, or say what is missing from it."""
    opened = open_child(parts, person, service, run, referral)
    check_user_can_review(person, opened.listed.provider_code)
    sent, errors = _understand(form)
    if sent is None or errors:
        record_read(parts, person, opened)
        return _page(request, parts, person, opened, form=form, errors=errors)
    shown = child_now(parts, opened)
    with parts.store.writing() as session:
        saved = reviews.decide(session, person, shown, sent, form.form_key, parts.now())
    return _after_saving(parts, opened, _filters(request), saved.review, form.then)


@router.post("/lists/{service}/{run}/{referral}/second", dependencies=[Depends(check_csrf)])
def second(
    parts: WithParts,
    person: SignedIn,
    service: str,
    run: str,
    referral: str,
    form_key: FormKey,
    asked: Annotated[int, Form(ge=1)],
    answer: Annotated[str, Form(pattern="^(agree|refuse)$")],
) -> Response:
    """Keep the second person's answer to a decision that moves a child of tier 0 or 1 down."""
    opened = open_child(parts, person, service, run, referral)
    check_user_can_review(person, opened.listed.provider_code)
    shown = child_now(parts, opened)
    with parts.store.writing() as session:
        saved = reviews.second(session, person, shown, asked, answer == "agree", form_key, parts.now())
    return see(f"{_address(opened)}?saved={saved.review.review_id}")


def _page(
    request: Request,
    parts: Parts,
    person: Person,
    opened: OpenedChild,
    *,
    form: DecisionForm | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    shown = child_now(parts, opened)
    filters = _filters(request)
    states, _ = decided_about(parts, opened.run, opened.listed)
    with parts.store.reading() as session:
        entries = audit.of_child(session, opened.service_id, opened.referral_id, ENTRIES_SHOWN)
        decisions = reviews.all_of_child(session, opened.service_id, opened.referral_id)
        asked = reviews.waiting_decision(session, opened.service_id, opened.referral_id)
    provider, today = opened.listed.provider_code, parts.now().astimezone().date()
    return parts.renderer.page(
        request,
        "child.jinja",
        422 if errors else 200,
        child=shown,
        run=opened.run,
        service=opened.listed.facts,
        contributions=child.contributions(opened.run, opened.values),
        neighbours=child.neighbours(opened.listed, filters, shown.place, states),
        filters=filters,
        base=f"/lists/{opened.service_id}/{opened.run.name}",
        address=_address(opened),
        can_review=user_can_review(person, provider),
        asked=asked,
        can_second=asked is not None and user_can_second(person, provider, asked.person_id),
        entries=entries,
        decisions={str(decision.review_id): decision for decision in decisions},
        action_words=audit.ACTION_WORDS,
        endings=_endings(today),
        form=form,
        form_key=form.form_key if form else secrets.token_urlsafe(24),
        errors=errors or {},
        saved=saved_notice(parts, person, request.query_params.get("saved", "")),
        notices=notices.warnings(opened.run, today, live_act(parts).run),
    )


def _endings(today: date) -> list[tuple[int, str]]:
    return [
        (weeks, f"{day(today + timedelta(weeks=weeks))} ({count(weeks, 'week')})")
        for weeks in reviews.WEEKS_TO_CHOOSE_FROM
    ]


def _understand(form: DecisionForm) -> tuple[ReviewIn | None, dict[str, str]]:
    """Turn the text of the form into a decision, or say what to mend, by field."""
    given = form.model_dump(exclude={"then", "form_key"})
    for number in ("pin_to_tier", "weeks", "last_review"):
        given[number] = int(given[number]) if given[number].isascii() and given[number].isdigit() else None
    for text in ("choice", "reason"):
        given[text] = given[text] or None
    if given["choice"] is None:
        return None, {"choice": NOTHING_CHOSEN}
    try:
        sent = ReviewIn.model_validate(given)
    except ValidationError as error:
        fields = {str(found["loc"][0]) for found in error.errors()}
        words = {"choice": NOTHING_CHOSEN, "own_words": TOO_LONG}
        return None, {
            field: words.get(field, "Choose one of the answers in the form") for field in sorted(fields)
        }
    return sent, reviews.mistakes(sent)


def _after_saving(parts: Parts, opened: OpenedChild, filters: Filters, review: Review, then: str) -> Response:
    """Go to the next child still to review, or back to the list when that was asked or nobody is left."""
    query = filters.as_query() | {"saved": str(review.review_id)}
    base = f"/lists/{opened.service_id}/{opened.run.name}"
    if then == "next":
        states, _ = decided_about(parts, opened.run, opened.listed)
        following = child.neighbours(opened.listed, filters, opened.values["place"], states).next_to_review
        if following is not None:
            return see(f"{base}/{following['referral_id']}?{urlencode(query)}")
    return see(f"{base}?{urlencode(query)}")


def _filters(request: Request) -> Filters:
    try:
        return Filters.of(request.query_params)
    except ValidationError:
        return Filters()


def _address(opened: OpenedChild) -> str:
    return f"/lists/{opened.service_id}/{opened.run.name}/{opened.referral_id}"
