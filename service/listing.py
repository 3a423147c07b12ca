"""A page of a list: filtered, searched and counted, with nothing hidden silently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from risk_model.policy.signing import DRAFT
from service import links
from service.schemas import (
    PARTNERS,
    AcceptedGap,
    Counts,
    LinkedPartner,
    ListPage,
    Needs,
    Partner,
    ReviewState,
    Row,
    Service,
    Tier,
    UnknownFact,
)
from service.shelf import Run, ServiceList

CHILDREN_ON_A_PAGE = 50
TIER_OF_THE_REST = 2
Show = Literal["first", "slot", "line", "unknown", "late"]
TO_REVIEW = ReviewState(kind="todo", words="To review")
MARKS: Mapping[Show, str] = {
    "first": "looks_first",
    "slot": "has_slot",
    "line": "cuts_line",
    "unknown": "unknown_decides_slot",
    "late": "is_late",
}


def _as_number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class Filters(BaseModel):
    """What part of a list is asked for; an empty field asks for everything."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    show: Show | None = None
    tier: Annotated[Tier | None, BeforeValidator(_as_number)] = None
    unknown: Partner | None = None
    not_linked: LinkedPartner | None = None
    child: str = Field(default="", max_length=20)
    page: int = Field(default=1, ge=1, le=100_000)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters of an address; an empty field is none, an unknown value raises."""
        return cls.model_validate({name: value for name, value in query.items() if value != ""})

    @property
    def is_active(self) -> bool:
        return bool(
            self.show or self.tier is not None or self.unknown or self.not_linked or self.child.strip()
        )

    def as_query(self) -> dict[str, str]:
        """Return the filters for a link, without the page."""
        given = {
            "show": self.show,
            "tier": self.tier,
            "unknown": self.unknown,
            "not_linked": self.not_linked,
            "child": self.child.strip(),
        }
        return {name: str(value) for name, value in given.items() if value not in (None, "")}


def apply(filters: Filters, listed: ServiceList) -> pl.DataFrame:
    """Return the children that the filters leave, in the order of their places."""
    conditions = []
    if filters.show:
        conditions.append(pl.col(MARKS[filters.show]))
    if filters.tier is not None:
        conditions.append(pl.col("tier") == filters.tier)
    if filters.unknown:
        conditions.append(pl.col(_column(filters.unknown, "state")) == "unknown")
    if filters.not_linked:
        conditions.append(links.is_not_linked(listed.frame, filters.not_linked))
    if filters.child.strip():
        wanted = filters.child.strip().upper().removeprefix("CHILD").strip()
        conditions.append(pl.col("child_reference").str.starts_with(wanted))
    return listed.frame.filter(conditions) if conditions else listed.frame


def list_page(
    run: Run, listed: ServiceList, filters: Filters, states: Mapping[str, ReviewState], decided: int
) -> ListPage:
    """Return one page of a list with the counts of what it shows and hides."""
    left = apply(filters, listed)
    pages = max(1, -(-left.height // CHILDREN_ON_A_PAGE))
    page = min(filters.page, pages)
    rows = left.slice((page - 1) * CHILDREN_ON_A_PAGE, CHILDREN_ON_A_PAGE)
    return ListPage(
        service=service(run, listed, decided),
        page=page,
        pages=pages,
        shown=left.height,
        hidden=listed.frame.height - left.height,
        hidden_tier_0_or_1=_urgent(listed.frame) - _urgent(left),
        counts=counts(listed),
        rows=[row(values, states) for values in rows.to_dicts()],
    )


def counts(listed: ServiceList) -> Counts:
    """Count the children that deserve a look first; one child can be in several counts."""
    sums = listed.frame.select(pl.col(list(MARKS.values())).sum()).row(0, named=True)
    return Counts(**{show: int(sums[mark] or 0) for show, mark in MARKS.items()})


def service(run: Run, listed: ServiceList, decided: int) -> Service:
    """Return what the run says about one service as a whole."""
    facts = listed.facts
    return Service(
        service_id=facts["service_id"],
        service_name=facts["service_name"],
        provider_code=facts["provider_code"],
        run=run.name,
        index_date=run.index_date,
        mode="model" if run.uses_model else "policy-only",
        no_estimate_because=run.provenance.get("no_estimate_because"),
        policy_signed_by=run.policy_signed_by,
        policy_status="signed" if run.policy_signed_by else DRAFT,
        waiting=listed.frame.height,
        slots=facts["slots"],
        need_slots=facts["need_slots"],
        time_slots=facts["time_slots"],
        review_on=_date(facts.get("review_on")),
        slots_planned_until=_date(facts.get("slots_planned_until")),
        to_look_at_first=int(listed.frame["looks_first"].sum()),
        decided=decided,
        accepted_gaps=accepted_gaps(run),
    )


def accepted_gaps(run: Run) -> list[AcceptedGap]:
    """Return the feeds that the run went on without."""
    return [AcceptedGap(**gap) for gap in run.accepted_gaps]


def row(values: Mapping[str, Any], states: Mapping[str, ReviewState]) -> Row:
    """Return one line of a list."""
    return Row(**row_values(values, states))


def row_values(values: Mapping[str, Any], states: Mapping[str, ReviewState]) -> dict[str, Any]:
    """Return what a line of a list holds, by name."""
    unknown = [UnknownFact(**fact) for fact in values["unknown_facts"] or ()]
    same = {name: values[name] for name in Row.model_fields if name in values}
    return same | {
        "is_past_latest": values["is_late"],
        "unknown_facts": unknown,
        "links": links.links(values),
        "needs": [_needs(values, partner, unknown) for partner in PARTNERS],
        "review": states.get(values["referral_id"], TO_REVIEW),
    }


def _needs(values: Mapping[str, Any], partner: Partner, unknown: list[UnknownFact]) -> Needs:
    state = values[_column(partner, "state")]
    why = next((fact.why for fact in unknown if fact.partner == partner), None)
    return Needs(
        partner=partner,
        state=state,
        facts=_telling_first(values[_column(partner, "facts")] or [], values["service_name"]),
        why_unknown=why,
    )


def _telling_first(facts: list[str], service_name: str) -> list[str]:
    """Everybody on a list waits for its service: that fact comes last, for a row shows the first."""
    own_wait = f"Waiting for {service_name.lower()} since"
    return sorted(facts, key=lambda fact: fact.startswith(own_wait))


def _column(partner: Partner, kind: str) -> str:
    return f"{partner.replace(' ', '_')}_{kind}"


def _urgent(frame: pl.DataFrame) -> int:
    return int((frame["tier"] < TIER_OF_THE_REST).sum())


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
