"""What reviewers decided, as rows of data that the next list obeys: in the need lane alone, and until it ends.

Move up: before all others of its tier. Hold: no slot of the need lane for now. Pin: as if of that tier. Mark
wrong data: the place stays. A decision ends by itself. Where the policy asks for a second person, nothing
changes until one agreed.
"""

from __future__ import annotations

import polars as pl

from risk_model.errors import UserError
from risk_model.policy.document import Policy
from risk_model.policy.inputs import DECISIONS, read

WAIT = ("service_id", "referral_id")
CHOICES = {"up": "Moved up", "hold": "Held", "pin": "Pinned", "wrong": "Data marked as wrong"}
IN_FORCE, WAITS = "in force", "waits for a second person"
SCHEMA = {
    "override": pl.String,
    "override_state": pl.String,
    "override_words": pl.String,
    "is_moved_up": pl.Boolean,
    "is_held": pl.Boolean,
    "pinned_to": pl.Int64,
}


def read_decisions(content: bytes | None, policy: Policy) -> pl.DataFrame | None:
    """Return the decisions of a file, or say in words which of them this policy does not allow."""
    decisions = read(content, DECISIONS)
    if decisions is None:
        return None
    weeks = policy.overrides.longest_weeks
    strange = decisions.filter(~pl.col("reason").is_in(list(policy.reasons)))
    too_long = decisions.filter((pl.col("ends_on") - pl.col("made_on")).dt.total_days() > 7 * weeks)
    if strange.height:
        raise UserError(
            f"The file of decisions holds {strange.height} with a reason that policy {policy.id} does not list. "
            f"Expected one of {', '.join(policy.reasons)}. Correct them, or have the reason added to the policy."
        )
    if too_long.height:
        raise UserError(
            f"The file of decisions holds {too_long.height} that last longer than {weeks} weeks, the longest that "
            f"policy {policy.id} allows. Decide anew about these children."
        )
    return decisions


def with_overrides(tiers: pl.DataFrame, decisions: pl.DataFrame | None, policy: Policy) -> pl.DataFrame:
    """Return the children with what was decided about them, and the marks by which `lanes.need_key` obeys it.

    Reads `tier`, as the policy has it, and `decided_until` and `review_on`: a decision counts that was made up to the
    first day and does not end before the second. Adds `SCHEMA`; the newest decision about a wait is the one that holds.
    """
    if decisions is None:
        absent = {name: pl.lit(None, dtype) for name, dtype in SCHEMA.items() if not name.startswith("is_")}
        return tiers.with_columns(**absent, is_moved_up=pl.lit(False), is_held=pl.lit(False))
    newest = decisions.sort("decision_id").unique(WAIT, keep="last", maintain_order=True)
    always = [code for code, reason in policy.reasons.items() if reason.second_person]
    joined = tiers.join(newest, on=WAIT, how="left", maintain_order="left")
    choice, tier = pl.col("choice"), pl.col("tier")
    counts = (pl.col("made_on") <= pl.col("decided_until")) & (pl.col("ends_on") >= pl.col("review_on"))
    lowers = (choice == "hold") | (pl.col("pin_to_tier") > tier).fill_null(False)
    needs_second = lowers & tier.is_in(policy.overrides.second_person_to_lower_tiers)
    waits = (needs_second | pl.col("reason").is_in(always)) & pl.col("seconded_by").is_null()
    state = pl.when(waits).then(pl.lit(WAITS)).otherwise(pl.lit(IN_FORCE))
    told = joined.with_columns(
        override=pl.when(counts).then(choice), override_state=pl.when(counts).then(state)
    )
    obeyed = pl.col("override_state") == IN_FORCE
    return told.with_columns(
        override_words=pl.when(counts).then(_words(policy)),
        is_moved_up=(obeyed & (choice == "up")).fill_null(False),
        is_held=(obeyed & (choice == "hold")).fill_null(False),
        pinned_to=pl.when(obeyed & (choice == "pin")).then("pin_to_tier"),
    ).select(*tiers.columns, *SCHEMA)


def _words(policy: Policy) -> pl.Expr:
    """What was decided, by whom, why and until when, as a sentence."""
    reasons = {code: reason.words for code, reason in policy.reasons.items()}
    done = pl.col("choice").replace_strict(CHOICES, return_dtype=pl.String)
    tier = pl.when(pl.col("choice") == "pin").then(pl.format(" to tier {}", "pin_to_tier"))
    second = pl.when(pl.col("seconded_by").is_not_null()).then(pl.format(" and {}", "seconded_by"))
    waits = pl.when(pl.col("override_state") == WAITS).then(pl.lit(" It waits for a second person."))
    return pl.concat_str(
        done,
        tier.fill_null(""),
        pl.format(" until {} by {}", pl.col("ends_on").dt.strftime("%-d %b %Y"), "decided_by"),
        second.fill_null(""),
        pl.format(": {}.", pl.col("reason").replace_strict(reasons, return_dtype=pl.String)),
        waits.fill_null(""),
    )
