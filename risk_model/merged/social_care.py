"""What a council's returns say of a child in social care, as one table for each kind of fact.

The same fact comes in several returns under the same date: the newest known row of a record is the one that counts,
whichever return brought it. Early help, and lists of Annex A that give only a period or no end, are not merged.
"""

from __future__ import annotations

import polars as pl

from risk_model.merged.definition import Frames, Part

CHILD = ("la_code", "la_child_id")
LARGEST_AGE_OF_A_SCORE = "-1y"
"""The SSDA903 tells a year's questionnaire; the safeguarding dataset keeps every one that was ever filled in."""


def _episodes(frames: Frames) -> pl.DataFrame:
    """Episodes under the census's key, the referral date, numbered where one day has several."""
    rows = frames["safeguarding_episode"].sort("known_on", "episode_key", maintain_order=True)
    day = pl.col("referred_on").dt.to_string("%Y-%m-%d")
    time = pl.int_range(1, pl.len() + 1).over(*CHILD, "referred_on", "known_on", "source_file")
    return rows.with_columns(
        episode_key=pl.when(time == 1).then(day).otherwise(pl.format("{}/{}", day, time))
    )


def _scores(frames: Frames) -> pl.DataFrame:
    """The newest questionnaire in each delivery, if it is of the last year."""
    is_new = (pl.col("completed_on") >= pl.col("known_on").dt.offset_by(LARGEST_AGE_OF_A_SCORE)).fill_null(
        True
    )
    return (
        frames["safeguarding_outcome"]
        .filter(is_new, pl.col("sdq_score").is_not_null())
        .sort("completed_on", nulls_last=False, maintain_order=True)
        .unique((*CHILD, "known_on"), keep="last", maintain_order=True)
    )


def _plan_holders(frames: Frames) -> pl.DataFrame:
    """Children on the list of plan holders, where it says since when."""
    return frames["annex_a_plan_holder"].drop_nulls(("upn", "started_on"))


TABLES = {
    "episode": (Part("cin_episode"), Part("safeguarding_episode", _episodes)),
    "child_in_need_plan": (Part("cin_plan"), Part("safeguarding_need_plan")),
    "section47": (Part("cin_section47"), Part("safeguarding_section47"), Part("annex_a_section47")),
    "protection_plan": (
        Part("cin_protection_plan"),
        Part("safeguarding_protection_plan"),
        Part("annex_a_protection_plan"),
    ),
    "care_episode": (Part("looked_after_episode"), Part("safeguarding_care_episode")),
    "care_missing": (Part("looked_after_missing"), Part("safeguarding_missing")),
    "care_outcome": (Part("looked_after_outcome"), Part("safeguarding_outcome", _scores)),
    "ehc_plan": (Part("sen2_plan"), Part("annex_a_plan_holder", _plan_holders)),
}
