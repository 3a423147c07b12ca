"""The pages for people: my lists, and one list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from service import listing, notices, reviews
from service.access import Person, SignedIn, check_user_can_see_lists, user_can_see_list
from service.listing import Filters
from service.parts import (
    OpenedList,
    Parts,
    WithParts,
    decided_about,
    live_act,
    open_list,
    open_run,
    record_list_read,
)
from service.problems import problem
from service.schemas import ListPage, Row

PAGES_SHOWN_AROUND = 1
MOST_CHILDREN = 0.75
router = APIRouter(include_in_schema=False)


@router.get("/lists")
def my_lists(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """Show each list this person may see, with how many wait and how many need a look."""
    check_user_can_see_lists(person)
    run = open_run(parts, None)
    services = [
        listing.service(run, listed, decided_about(parts, run, listed)[1])
        for listed in run.services.values()
        if user_can_see_list(person, listed.provider_code)
    ]
    services.sort(key=lambda service: (service.decided - service.to_look_at_first, service.service_name))
    return parts.renderer.page(
        request,
        "lists.jinja",
        run=run,
        services=services,
        notices=notices.warnings(run, _today(parts), run.name),
    )


@router.get("/lists/{service}")
def newest_list(request: Request, parts: WithParts, person: SignedIn, service: str) -> Response:
    """Show the live list of a service."""
    return _list(request, parts, person, open_list(parts, person, service))


@router.get("/lists/{service}/{run}")
def one_list(request: Request, parts: WithParts, person: SignedIn, service: str, run: str) -> Response:
    """Show the list of one run, at an address that stays."""
    return _list(request, parts, person, open_list(parts, person, service, run))


def saved_notice(parts: Parts, person: Person, review_id: str) -> dict[str, str] | None:
    """Return the sentence that confirms this person's decision, and where to change it."""
    if not (review_id.isascii() and review_id.isdigit() and len(review_id) < 12):
        return None
    with parts.store.reading() as session:
        review = reviews.own(session, person, int(review_id))
    if review is None:
        return None
    address = f"/lists/{review.service_id}/{review.run}/{review.referral_id}"
    return {"words": reviews.saved_words(review), "address": address}


def _list(request: Request, parts: Parts, person: Person, opened: OpenedList) -> Response:
    try:
        filters = Filters.of(request.query_params)
    except ValidationError:
        return problem(
            request, 422, "This filter is not known", "Go back and choose one of the filters of the list."
        )
    is_recorded = record_list_read(parts, person, opened)
    states, decided = decided_about(parts, opened.run, opened.listed)
    page = listing.list_page(opened.run, opened.listed, filters, states, decided)
    return parts.renderer.page(
        request,
        "list.jinja",
        page=page,
        run=opened.run,
        filters=filters,
        base=f"/lists/{opened.service_id}/{opened.run.name}",
        lanes=_lanes(page),
        lane_places=_lane_places(opened.listed.frame),
        cut_band=opened.listed.cut_band(),
        most_need_a_look=_most_need_a_look(page),
        page_numbers=_page_numbers(page),
        notices=[
            *([] if is_recorded else [notices.LOG_CANNOT_BE_WRITTEN]),
            *notices.warnings(opened.run, _today(parts), live_act(parts).run),
        ],
        signature=notices.signature(opened.run.provenance),
        saved=saved_notice(parts, person, request.query_params.get("saved", "")),
        printed=f"{parts.now().astimezone():%d %B %Y %H:%M}",
    )


def _lanes(page: ListPage) -> list[tuple[str, list[Row]]]:
    """Cut the rows of one page where the lane changes."""
    return [
        (lane, rows)
        for lane in ("need", "time", "next")
        if (rows := [row for row in page.rows if row.lane == lane])
    ]


def _lane_places(frame: pl.DataFrame) -> Mapping[str, tuple[int, int]]:
    """Return the first and last place of each lane in the whole list."""
    found = frame.group_by("lane").agg(first=pl.col("place").min(), last=pl.col("place").max())
    return {row["lane"]: (row["first"], row["last"]) for row in found.to_dicts()}


def _most_need_a_look(page: ListPage) -> str | None:
    """Return the commonest cause when nearly everybody would be looked at first."""
    if page.counts.first <= MOST_CHILDREN * page.service.waiting:
        return None
    causes = {
        "most are offered a slot": page.counts.slot,
        "the slot line cuts a large band": page.counts.line,
        "a fact is not known for most": page.counts.unknown,
        "most are past their latest date": page.counts.late,
    }
    return max(causes, key=lambda cause: causes[cause])


def _page_numbers(page: ListPage) -> list[int | None]:
    """Return the pages to link to, with None where some are left out."""
    near = range(page.page - PAGES_SHOWN_AROUND, page.page + PAGES_SHOWN_AROUND + 1)
    kept = [number for number in range(1, page.pages + 1) if number in (1, page.pages) or number in near]
    numbers: list[int | None] = []
    for number in kept:
        if numbers and numbers[-1] is not None and number - numbers[-1] > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def _today(parts: Parts) -> date:
    return parts.now().astimezone().date()
