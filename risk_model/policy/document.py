"""The policy file: its schema, as frozen values. How it is read: `reading.py`; what it must prove: `proof.py`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from risk_model.coverage import FEEDS, FeedLimits, Limits
from risk_model.features import FEATURES, NeedArea
from risk_model.services import SERVICE_NAMES

DEFAULT_POLICY = Path(__file__).parent.parent / "policies" / "devon-default.yaml"
LOWEST_TIER = 2

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]

NEEDS = frozenset({f.name for f in FEATURES if f.rises} | {"marked_urgent_here"})
"""Facts of which more is never less need: the features that never lower a risk, and the referrer's mark."""

READABLE_FACTS = NEEDS | {"age_years"}
"""Facts that a rule may read: needs, and the age, which is none."""

MOST_FACTS_IN_A_RULE = 8
"""Ours: every combination of a rule's facts is tried before it is used."""


USUAL_SHARE_OF_TOP_THAT_ASKS = 0.2
"""Ours, for a policy that names none: a new model or policy may replace one in five of those offered a slot next."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Strict):
    """What a rule asks for; exactly one of its forms."""

    fact: str | None = None
    at_least: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    at_most: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    all_facts: Annotated[list[str] | None, Field(min_length=1, max_length=MOST_FACTS_IN_A_RULE)] = None
    any_facts: Annotated[list[str] | None, Field(min_length=1, max_length=MOST_FACTS_IN_A_RULE)] = None
    areas_beyond_this_service: Annotated[int | None, Field(ge=1, le=len(NeedArea))] = None
    risk_low: Annotated[float | None, Field(gt=0, lt=1)] = None

    @property
    def facts(self) -> list[str]:
        return [self.fact] if self.fact is not None else self.all_facts or self.any_facts or []

    @model_validator(mode="after")
    def _has_one_form(self) -> Condition:
        forms = (self.fact, self.all_facts, self.any_facts, self.areas_beyond_this_service, self.risk_low)
        if sum(form is not None for form in forms) != 1:
            raise ValueError(
                "a rule asks for exactly one of: fact, all_facts, any_facts, areas_beyond_this_service, risk_low"
            )
        if self.at_least is not None and self.at_most is not None:
            raise ValueError("a rule asks for at_least or for at_most, not for both")
        if (self.at_least or self.at_most) is not None and not self.facts:
            raise ValueError("at_least and at_most belong to facts")
        if unreadable := sorted(set(self.facts) - READABLE_FACTS):
            raise ValueError(
                f"a rule may not read {', '.join(unreadable)}: it is no fact of which more is never less need, so a "
                "recorded need could lower a child"
            )
        return self


class Rule(_Strict):
    """One rule: whoever meets it, and not its exception, is in its tier at least."""

    id: Name
    tier: Annotated[int, Field(ge=0, lt=LOWEST_TIER)]
    words: Annotated[str, Field(min_length=3, max_length=120)]
    because: Annotated[str, Field(min_length=3, max_length=200)]
    when: Condition
    unless: Condition | None = None

    @property
    def facts(self) -> list[str]:
        return [*self.when.facts, *(self.unless.facts if self.unless else [])]

    @model_validator(mode="after")
    def _words_hold_one_number_at_most(self) -> Rule:
        counts_areas = self.when.areas_beyond_this_service is not None
        if "{" in self.words.replace("{n}", "", int(counts_areas)):
            raise ValueError("words may hold {n} once, in a rule that counts areas, and no other brace")
        return self


class Tier(_Strict):
    """A tier: its name, and within how many weeks of referral its children should be offered a slot."""

    tier: Annotated[int, Field(ge=0, le=LOWEST_TIER)]
    name: Annotated[str, Field(min_length=3, max_length=60)]
    standard_weeks: Annotated[int, Field(ge=1, le=260)]


class Lanes(_Strict):
    """How the slots of a review are shared, and in which order the longest waits are offered theirs."""

    need_lane_share: Annotated[float, Field(ge=0, le=1)]
    time_lane_order: Literal["entry on the register", "referral date", "clock start", "tier"]


class Unknowns(_Strict):
    """Facts for which "not known" counts as recorded; for all others it does not meet a rule, and the range
    shows it."""

    count_as_recorded: list[str]

    @model_validator(mode="after")
    def _are_needs(self) -> Unknowns:
        if strange := sorted(set(self.count_as_recorded) - NEEDS):
            raise ValueError(f"{', '.join(strange)} is no need that a rule could read")
        return self


class Reason(_Strict):
    """Why a place may be overridden, and whether a second person must agree."""

    code: Name
    words: Annotated[str, Field(min_length=3, max_length=120)]
    second_person: bool


class Overrides(_Strict):
    """What reviewers may do, for how long, and when a second person must agree."""

    weeks: Annotated[int, Field(ge=1, le=52)]
    longest_weeks: Annotated[int, Field(ge=1, le=52)]
    second_person_to_lower_tiers: list[Annotated[int, Field(ge=0, le=LOWEST_TIER)]]
    reasons: Annotated[list[Reason], Field(min_length=1)]

    @model_validator(mode="after")
    def _codes_differ(self) -> Overrides:
        if len({reason.code for reason in self.reasons}) != len(self.reasons):
            raise ValueError("two reasons have the same code")
        if self.weeks > self.longest_weeks:
            raise ValueError("weeks is longer than longest_weeks")
        return self


class Reviews(_Strict):
    """When slots are offered, and how many reviews are planned ahead."""

    counted_from: date
    every_days: Annotated[int, Field(ge=1, le=366)]
    planned_ahead: Annotated[int, Field(ge=1, le=520)]


class MandatoryFeed(_Strict):
    """A feed without which no list is made, how old it may be, and how small against what is usual."""

    feed: str
    stale_after_days: Annotated[int, Field(ge=1, le=1000)]
    shrunk_below: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _is_a_feed(self) -> MandatoryFeed:
        if self.feed not in FEEDS:
            raise ValueError(f"{self.feed} is no known feed; known are {', '.join(FEEDS)}")
        return self


class Policy(_Strict):
    """A signed set of rules; see `policies/devon-default.yaml` for what each line means."""

    id: Name
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    title: Annotated[str, Field(min_length=3, max_length=200)]
    signed_by: Annotated[str | None, Field(max_length=120)]
    signed_on: date | None
    tiers: list[Tier]
    lanes: Lanes
    bands: Literal["estimated", "none"]
    unknowns: Unknowns
    overrides: Overrides
    reviews: Reviews
    tier_1_share_that_warns: Annotated[float, Field(gt=0, le=1)]
    share_of_top_that_asks: Annotated[float, Field(gt=0, le=1)] = USUAL_SHARE_OF_TOP_THAT_ASKS
    mandatory_feeds: Annotated[list[MandatoryFeed], Field(min_length=1)]
    council_share_that_counts: Annotated[float, Field(gt=0, le=1)]
    treats: Annotated[dict[str, NeedArea], Field(min_length=1)]
    rules: Annotated[list[Rule], Field(min_length=1)]

    @property
    def time_share(self) -> float:
        """The share of the slots that the time lane gets."""
        return 1 - self.lanes.need_lane_share

    @property
    def reasons(self) -> dict[str, Reason]:
        """The reasons for an override by code."""
        return {reason.code: reason for reason in self.overrides.reasons}

    @property
    def feed_limits(self) -> Limits:
        """What this policy asks of the feeds, as the coverage table reads it."""
        limits = {m.feed: FeedLimits(m.stale_after_days, m.shrunk_below) for m in self.mandatory_feeds}
        return Limits(self.council_share_that_counts, limits)

    @model_validator(mode="before")
    @classmethod
    def _names_its_feeds(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("mandatory_feeds"):
            raise ValueError(
                "mandatory_feeds is missing: a policy names the feeds without which no list is made, since a lost feed "
                "would read as no need"
            )
        return given

    @model_validator(mode="after")
    def _feeds_are_named_once(self) -> Policy:
        if len({mandatory.feed for mandatory in self.mandatory_feeds}) != len(self.mandatory_feeds):
            raise ValueError("mandatory_feeds names a feed twice")
        return self

    @model_validator(mode="after")
    def _rules_run_down_the_tiers(self) -> Policy:
        if [tier.tier for tier in self.tiers] != list(range(LOWEST_TIER + 1)):
            raise ValueError("tiers names each of the tiers 0, 1 and 2 once, in this order")
        tiers = [rule.tier for rule in self.rules]
        if tiers != sorted(tiers):
            raise ValueError("rules of tier 0 stand above rules of tier 1, since the first rule met decides")
        if len({rule.id for rule in self.rules}) != len(self.rules):
            raise ValueError("two rules have the same id")
        if unknown := sorted(set(self.treats) - set(SERVICE_NAMES)):
            raise ValueError(f"treats names no known service: {', '.join(unknown)}")
        return self
