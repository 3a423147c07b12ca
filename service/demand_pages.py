"""The page on which a commissioner moves slots and sees waits move; no route leads from here to a child.

All on it is reckoned from the figures that the month's release shows, so that asking often tells nothing more.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from risk_model.demand import forecast, plan, released, report
from risk_model.disclosure import NHS_ENGLAND
from service.access import NotThereError, SignedIn, check_user_can_see_demand, user_can_see_provider
from service.notices import signature, standing
from service.oversight import TIERS, open_release, release_months
from service.parts import WithParts

MOST_SLOTS = 500
"""A week; more is a slip of the keyboard."""
router = APIRouter(include_in_schema=False)
Slots = Annotated[float, Query(ge=-MOST_SLOTS, le=MOST_SLOTS, allow_inf_nan=False)]
Percent = Annotated[float, Query(ge=-100, le=MOST_SLOTS, allow_inf_nan=False)]


@router.get("/demand/{service}")
def service_demand(
    request: Request,
    parts: WithParts,
    person: SignedIn,
    service: str,
    month: str | None = None,
    slots: Slots = 2,
    demand: Percent = 0,
) -> Response:
    """Show one service's figures and, with slots and demand as asked, what its list and waits may come to."""
    check_user_can_see_demand(person)
    run = open_release(parts, month)
    listed = run.services.get(service)
    if listed is None or not user_can_see_provider(person, listed.provider_code):
        raise NotThereError
    figures = released.of_list(listed.frame, listed.facts, run.index_date)
    asked = forecast.Scenario(_name(slots, demand), slots, demand)
    planned = plan.of_service(figures, [forecast.AS_NOW, asked])
    return parts.renderer.page(
        request,
        "demand-service.jinja",
        run=run,
        plan=planned,
        figures=figures,
        drawn=report.drawing(planned),
        lines=list(forecast.FAN),
        slots=f"{slots:g}",
        demand=f"{demand:g}",
        months=_choices(release_months(parts), run.index_date),
        tiers=TIERS,
        rule=NHS_ENGLAND,
        target_weeks=released.TARGET_WAIT_WEEKS,
        in_words=report.number_in_words,
        day_in_words=report.day_in_words,
        signature=signature(run.provenance),
        notices=standing(run.provenance),
    )


def _choices(months: list[str], shown: date) -> list[dict[str, Any]]:
    """The months to choose from, newest first."""
    return [
        {
            "value": month,
            "text": f"{date.fromisoformat(month + '-01'):%B %Y}",
            "selected": month == f"{shown:%Y-%m}",
        }
        for month in reversed(months)
    ]


def _name(slots: float, demand: float) -> str:
    """What was asked, as it reads beside its line."""
    if slots and demand:
        return f"{slots:+g} slots, demand {demand:+g} %"
    return f"demand {demand:+g} %" if demand else f"{slots:+g} slots a week"
