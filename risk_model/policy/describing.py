"""A policy in words, for those who sign it and those who live with it, and what changes between two."""

from __future__ import annotations

from typing import Any

from risk_model.policy.document import Policy, Rule

NEVER_MOVES = (
    "id",
    "version",
    "title",
    "signed_by",
    "signed_on",
    "tier_1_share_that_warns",
    "share_of_top_that_asks",
)
NEVER_MOVES_WITHIN = (
    ("tiers", "name"),
    ("tiers", "standard_weeks"),
    ("rules", "words"),
    ("rules", "because"),
)
"""Keys of which a change moves no child: what is said, not what is done."""


def tables(policy: Policy) -> dict[str, list[dict[str, Any]]]:
    """Return the policy as tables of plain cells, by title."""
    return {
        "Tiers": [
            {
                "tier": tier.tier,
                "name": tier.name,
                "a slot should be offered within": f"{tier.standard_weeks} weeks",
            }
            for tier in policy.tiers
        ],
        "Rules, tried from the top": [
            {"rule": rule.id, "tier": rule.tier, "words": words(rule), "because": rule.because}
            for rule in policy.rules
        ],
        "Reasons for an override": [
            {"code": r.code, "words": r.words, "second person": "always" if r.second_person else ""}
            for r in policy.overrides.reasons
        ],
        "Feeds without which no list is made": [
            {"feed": f.feed, "stale after days": f.stale_after_days, "shrunk below": f"{f.shrunk_below:.0%}"}
            for f in policy.mandatory_feeds
        ],
    }


def sentences(policy: Policy) -> list[str]:
    """Return what the tables do not say, one sentence each."""
    lanes, overrides, reviews = policy.lanes, policy.overrides, policy.reviews
    recorded = ", ".join(policy.unknowns.count_as_recorded)
    lowered = " and ".join(map(str, overrides.second_person_to_lower_tiers))
    return [
        f"Of the slots of each review {lanes.need_lane_share:.0%} go to the need lane and {policy.time_share:.0%} to "
        "the time lane; what a lane is owed is carried over.",
        "The need lane goes by tier, "
        + ("then risk band, " if policy.bands == "estimated" else "")
        + f"then referral date; the time lane goes by {lanes.time_lane_order}.",
        f"A fact that is not known counts as recorded for: {recorded}."
        if recorded
        else "A fact that is not known does not meet a rule; the list shows the place it could give.",
        f"An override lasts {overrides.weeks} weeks, {overrides.longest_weeks} at the longest"
        + (f"; who lowers a child of tier {lowered} needs a second person." if lowered else "."),
        f"Reviews are every {reviews.every_days} days, counted from {reviews.counted_from}; {reviews.planned_ahead} "
        "are planned ahead.",
    ]


def words(rule: Rule) -> str:
    """Return a rule's words with its limit in the place of a child's own number."""
    least = f"{rule.when.areas_beyond_this_service} or more"
    return rule.words.replace("{n}", least)


def changes(old: Policy, new: Policy) -> list[dict[str, Any]]:
    """Return what differs, as `key`, `old`, `new` and whether it can move a child."""
    before, after = _flat(old), _flat(new)
    return [
        {"key": key, "old": _text(before.get(key)), "new": _text(after.get(key)), "moves": _moves(key)}
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _flat(policy: Policy) -> dict[str, Any]:
    """Every value by its path; entries of a list go by their own name, so that their order alone is one change."""
    found: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{path}.{key}" if path else str(key))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            names = [str(next(iter(entry.values()))) for entry in value]
            found[f"{path}.order"] = names
            for name, entry in zip(names, value, strict=True):
                walk(entry, f"{path}.{name}")
        elif value is not None:
            found[path] = value

    walk(policy.model_dump(mode="json"), "")
    return found


def _moves(key: str) -> bool:
    parts = key.split(".")
    return parts[0] not in NEVER_MOVES and (parts[0], parts[-1]) not in NEVER_MOVES_WITHIN


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
