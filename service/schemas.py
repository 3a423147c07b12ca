"""The answers of the service: the JSON under /v1, and what the pages are drawn from."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Partner = Literal["health", "education", "social care"]
PARTNERS: tuple[Partner, ...] = ("health", "education", "social care")
LinkedPartner = Literal["education", "social care"]
LINKED_PARTNERS: tuple[LinkedPartner, ...] = ("education", "social care")
Lane = Literal["need", "time", "next"]
Tier = Literal[0, 1, 2]
LARGEST_REVIEW_ID = 2**31 - 1
"""What the column holds."""


def _not_true_or_false(value: object) -> object:
    """JSON's true is no number, though Python takes it for 1."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


NotTrueOrFalse = BeforeValidator(_not_true_or_false)
OwnWords = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"),
]


class Choice(StrEnum):
    """What a reviewer can decide."""

    AGREE = "agree"
    UP = "up"
    HOLD = "hold"
    PIN = "pin"
    WRONG = "wrong"


class Reason(StrEnum):
    """Why a place is overridden."""

    NOT_RECORDED = "not-recorded"
    FAMILY_ASKED = "family-asked"
    OTHER_SUPPORT = "other-support"
    FACT_WRONG = "fact-wrong"
    OTHER = "other"


class Answer(BaseModel):
    """Anything the service gives out; never changed once made."""

    model_config = ConfigDict(frozen=True)


class Alive(Answer):
    """That the service runs."""

    status: Literal["alive"]


class Readiness(Answer):
    """Whether the service can do its work, and what of it cannot be relied on now."""

    status: Literal["ready", "not ready"]
    store: str
    log: str
    worklist: str
    newest_run: str | None


class Me(Answer):
    """Who is signed in."""

    person_id: str
    name: str
    title: str
    role: str
    organisation_code: str
    organisation_name: str


class AcceptedGap(Answer):
    """A feed that the run went on without: what only it could tell is not known there."""

    feed: str
    feed_words: str
    locality: str
    locality_name: str
    last_period: date | None
    state: Literal["missing", "stale", "shrunk"]
    words: str
    reason: str


class Service(Answer):
    """One waiting list in one run."""

    service_id: str
    service_name: str
    provider_code: str
    run: str
    index_date: date
    mode: Literal["model", "policy-only"]
    no_estimate_because: str | None
    policy_signed_by: str | None
    policy_status: Literal["signed", "draft policy, not signed"]
    waiting: int
    slots: int
    need_slots: int
    time_slots: int
    review_on: date | None
    slots_planned_until: date | None
    to_look_at_first: int
    decided: int
    accepted_gaps: list[AcceptedGap]


class Needs(Answer):
    """What one partner's records show, and why more of it may not be known."""

    partner: Partner
    state: Literal["recorded", "none", "unknown"]
    facts: list[str]
    why_unknown: str | None


class Link(Answer):
    """How one partner's record was linked to the child, and how sure that is.

    `no record`: the partner sent the children it knows, and this child is none of them. `not linked`: nobody can say.
    """

    partner: LinkedPartner
    state: Literal["linked", "no record", "not linked"]
    method: str | None
    confidence: float | None
    words: str


class UnknownFact(Answer):
    """A fact that we do not have, and why."""

    partner: str
    fact: str
    why: str


class RuleTried(Answer):
    """One rule of the policy, as tried for this child."""

    rule: str
    words: str
    records_show: str
    met: Literal["yes", "no", "unknown"]
    decided: bool


class OtherWait(Answer):
    """Another list this child is on."""

    service_name: str
    referred_on: date | None


class ReviewState(Answer):
    """What reviewers have decided about a child, in the words of the page."""

    kind: Literal["todo", "agreed", "up", "hold", "pin", "wrong", "second"]
    words: str


class Row(Answer):
    """One child's wait for one service."""

    referral_id: str
    child_reference: str
    age_years: int | None
    school_year: str | None
    place: int
    place_by_policy: int
    override: Literal["up", "hold", "pin", "wrong"] | None
    override_state: Literal["in force", "waits for a second person"] | None
    override_words: str | None
    lane: Lane
    tier: int
    tier_rule: str
    deciding_rule: str
    next_rule: str
    band: str | None
    referred_on: date | None
    entered_on: date | None
    clock_started_on: date | None
    days_waiting: int | None
    days_on_clock: int | None
    latest_on: date | None
    is_past_latest: bool
    guaranteed_slot: int | None
    guaranteed_review: int | None
    was_offered: bool
    no_date_reason: str | None
    best_place: int
    worst_place: int
    unknown_decides_slot: bool
    unknown_facts: list[UnknownFact]
    needs: list[Needs]
    links: list[Link]
    review: ReviewState


class Risk(Answer):
    """The estimated risk, with the range the arithmetic leaves open."""

    risk: float
    low: float
    high: float
    across_this_list: float | None


class Child(Row):
    """Everything the run says about one child's wait."""

    run: str
    service_id: str
    service_name: str
    provider_code: str
    waiting: int
    longer_waits_ahead: int
    slots_planned_until: date | None
    rules: list[RuleTried]
    other_waits: list[OtherWait]
    risk: Risk | None
    last_review: int
    accepted_gaps: list[AcceptedGap]


class Contribution(Answer):
    """How one fact changes the estimated risk."""

    feature: str
    words: str
    state: Literal["yes", "no", "unknown", "value"]
    factor: float
    used_for_place: bool


class RiskReason(Answer):
    """One reason in a sentence: what the records show, and by how much it raises or lowers the estimated risk."""

    reason: str
    words: str
    sentence: str
    direction: Literal["up", "down", "little", "unknown"]
    state: Literal["yes", "no", "unknown", "value"]
    factor: float
    used_for_place: bool


class ContributionGroup(Answer):
    """What one partner's records show, with the product of the factors: as reasons, and every fact behind them."""

    partner: str
    factor: float
    reasons: list[RiskReason]
    contributions: list[Contribution]


class Contributions(Answer):
    """All facts behind one estimated risk; empty when no risk estimate is used."""

    referral_id: str
    factor: float | None
    risk_without: float | None
    risk: float | None
    groups: list[ContributionGroup]


class Counts(Answer):
    """How many children each counted link of the list leads to."""

    first: int
    slot: int
    line: int
    unknown: int
    late: int


class ListPage(Answer):
    """One page of a list, and what its filters hide."""

    service: Service
    page: int
    pages: int
    shown: int
    hidden: int
    hidden_tier_0_or_1: int
    counts: Counts
    rows: list[Row]


class ReviewIn(BaseModel):
    """A decision as sent; an unknown field is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choice: Choice
    reason: Reason | None = None
    own_words: OwnWords = ""
    pin_to_tier: Annotated[Tier | None, NotTrueOrFalse] = None
    weeks: Annotated[Literal[1, 4, 12], NotTrueOrFalse] = 4
    last_review: int = Field(
        ge=0,
        le=LARGEST_REVIEW_ID,
        strict=True,
        description="`last_review` of the child as you saw it; 0 when there was none",
    )


class ReviewOut(Answer):
    """A decision as kept."""

    review_id: int
    made_at: str
    run: str
    service_id: str
    referral_id: str
    place: int
    tier: int
    person_name: str
    choice: Choice
    reason: Reason | None
    own_words: str
    pin_to_tier: int | None
    ends_on: date | None
    waits_for_second_person: bool


class Problem(Answer):
    """What went wrong, as RFC 9457 lays it out; a sent value is never repeated."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
