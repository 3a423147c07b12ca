"""The policy file: its schema, and the refusal of every policy that could push a child down for a need."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from risk_model.coverage import FEEDS, FeedLimits, Limits
from risk_model.errors import UserError
from risk_model.features import FEATURES, NeedArea
from risk_model.services import SERVICE_NAMES

DEFAULT_POLICY = Path(__file__).parent.parent / "policies" / "devon-default.yaml"
LOWEST_TIER = 2

READABLE_FACTS = {f.name for f in FEATURES if f.rises} | {"age_years", "marked_urgent_here"}
"""Facts a rule may read: those of which more is never less need, the age, and the referrer's mark on the referral."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Strict):
    """What a rule asks for; exactly one of its forms, each of them an "at least"."""

    fact: str | None = None
    at_least: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1
    all_facts: Annotated[list[str], Field(min_length=1)] | None = None
    areas_beyond_this_service: Annotated[int, Field(ge=1, le=len(NeedArea))] | None = None
    risk_low: Annotated[float, Field(gt=0, lt=1)] | None = None

    @property
    def facts(self) -> list[str]:
        return [self.fact] if self.fact is not None else self.all_facts or []

    @model_validator(mode="after")
    def _has_one_form(self) -> Condition:
        forms = (self.fact, self.all_facts, self.areas_beyond_this_service, self.risk_low)
        if sum(form is not None for form in forms) != 1:
            raise ValueError(
                "a rule asks for exactly one of: fact, all_facts, areas_beyond_this_service, risk_low"
            )
        if unreadable := sorted(set(self.facts) - READABLE_FACTS):
            raise ValueError(
                f"a rule may not read {', '.join(unreadable)}: it is no fact of which more is never less need, so a "
                "recorded need could lower a child"
            )
        return self


class Rule(_Strict):
    """One rule: whoever meets it is in its tier at least."""

    id: str
    tier: Annotated[int, Field(ge=0, lt=LOWEST_TIER)]
    words: str
    because: str
    when: Condition

    @model_validator(mode="after")
    def _words_hold_one_number_at_most(self) -> Rule:
        counts_areas = self.when.areas_beyond_this_service is not None
        if re.sub(r"\{n\}", "", self.words, count=int(counts_areas)).count("{"):
            raise ValueError("words may hold {n} once, in a rule that counts areas, and no other brace")
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

    id: str
    version: str
    title: str
    signed_by: str | None
    signed_on: date | None
    need_lane_share: Annotated[float, Field(ge=0, lt=1)]
    reviews: Reviews
    tier_1_share_that_warns: Annotated[float, Field(gt=0, le=1)]
    mandatory_feeds: Annotated[list[MandatoryFeed], Field(min_length=1)]
    council_share_that_counts: Annotated[float, Field(gt=0, le=1)]
    treats: Annotated[dict[str, NeedArea], Field(min_length=1)]
    rules: Annotated[list[Rule], Field(min_length=1)]

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
        tiers = [rule.tier for rule in self.rules]
        if tiers != sorted(tiers):
            raise ValueError("rules of tier 0 stand above rules of tier 1, since the first rule met decides")
        if len({rule.id for rule in self.rules}) != len(self.rules):
            raise ValueError("two rules have the same id")
        if unknown := sorted(set(self.treats) - set(SERVICE_NAMES)):
            raise ValueError(f"treats names no known service: {', '.join(unknown)}")
        return self


def read(content: bytes, name: str) -> Policy:
    """Return the policy of a YAML document, or say in words why it is refused."""
    try:
        return Policy.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"The policy {name} is not readable YAML. Expected a file like {DEFAULT_POLICY.name}."
        ) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'policy'}: {e['msg']}" for e in error.errors()]
        raise UserError(
            f"The policy {name} is refused, {len(problems)} problem(s): {'; '.join(problems)}. "
            f"Mend the file and try again; {DEFAULT_POLICY.name} is an example."
        ) from error


def load(path: Path) -> tuple[Policy, bytes]:
    """Return the policy in a file, with the file's bytes."""
    if not path.is_file():
        raise UserError(
            f"There is no policy file {path}. Expected a YAML file; leave --policy out for the default."
        )
    content = path.read_bytes()
    return read(content, path.name), content
