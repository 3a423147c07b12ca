"""Whether the tables that a waiting list is made of belong together: a file cut at a line end is whole to look at."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from risk_model.errors import UserError
from risk_model.sources.checked import CheckedExtracts

LIST_TABLES = ("csds_patient", "csds_referral", "csds_team")
SUBMITTED_REFERRAL = ("provider_code", "service_request_id", "period_ended_on")
LARGEST_SHARE_MISSING = 0.02
"""Ours: intact submissions have none; a few rejected rows leave a few, a cut file leaves many."""


def gaps(checked: CheckedExtracts) -> list[str]:
    """Return a sentence for every gap through which children would vanish from the list."""
    referral, team = checked.frames["csds_referral"], checked.frames["csds_team"]
    pairs: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]] = {
        "teams have no referral": (team, referral),
        "referrals have no team": (referral, team),
    }
    found = [
        f"{orphans} of {rows.height} {words} in the same submission: a CSDS file is missing or cut short."
        for words, (rows, others) in pairs.items()
        if (orphans := rows.join(others, on=SUBMITTED_REFERRAL, how="anti").height)
        > LARGEST_SHARE_MISSING * rows.height
    ]
    rejected = dict(checked.rejected.group_by("table").len().iter_rows())
    return found + [
        f"{rejected[name]} rows of {name} were rejected, more than {LARGEST_SHARE_MISSING:.0%} of them."
        for name in LIST_TABLES
        if rejected.get(name, 0)
        > LARGEST_SHARE_MISSING * (checked.frames[name].height + rejected.get(name, 0))
    ]


def check_is_whole(checked: CheckedExtracts) -> None:
    """Refuse extracts from which children would vanish."""
    if found := gaps(checked):
        raise UserError(
            f"No list is made, since children would be missing from it: {' '.join(found)} Expected whole CSDS tables. "
            "Ask the provider to send them again; until then the last list stands."
        )
