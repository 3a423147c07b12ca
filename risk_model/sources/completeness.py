"""Whether the tables that a waiting list is made of belong together: a file cut at a line end is whole to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import polars as pl

from risk_model.errors import UserError

LIST_TABLES = ("csds_patient", "csds_referral", "csds_team")
SUBMITTED_REFERRAL = ("provider_code", "service_request_id", "period_ended_on")
LARGEST_SHARE_MISSING = 0.02
"""Ours: intact submissions have none; a few rejected rows leave a few, a cut file leaves many."""


class _HasGaps(Protocol):
    @property
    def gaps(self) -> list[str]: ...


def gaps_of(frames: Mapping[str, pl.DataFrame], rejected: pl.DataFrame) -> list[str]:
    """Return a sentence for every gap in a CSDS delivery through which children would vanish from the list."""
    nothing = pl.DataFrame(
        schema=dict.fromkeys(SUBMITTED_REFERRAL[:2], pl.String) | {"period_ended_on": pl.Date}
    )
    referral, team = (frames.get(name, nothing) for name in ("csds_referral", "csds_team"))
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
    lost = dict(rejected.group_by("table").len().iter_rows())
    return found + [
        f"{lost[name]} rows of {name} were rejected, more than {LARGEST_SHARE_MISSING:.0%} of them."
        for name in LIST_TABLES
        if lost.get(name, 0) > LARGEST_SHARE_MISSING * (_height(frames, name) + lost.get(name, 0))
    ]


def check_is_whole(checked: _HasGaps) -> None:
    """Refuse extracts from which children would vanish."""
    if checked.gaps:
        raise UserError(
            f"No list is made, since children would be missing from it: {' '.join(checked.gaps)} Expected whole CSDS "
            "tables. Ask the provider to send them again; until then the last list stands."
        )


def _height(frames: Mapping[str, pl.DataFrame], name: str) -> int:
    return frames[name].height if name in frames else 0
