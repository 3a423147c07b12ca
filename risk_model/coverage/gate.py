"""The gate before every list: a mandatory feed that is not there stops the run, unless somebody accepts the gap."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from risk_model.coverage.feeds import FEEDS
from risk_model.coverage.measure import COVERED
from risk_model.coverage.wording import in_words, locality_name, what_is_missing
from risk_model.errors import FindingError, UserError

LEAST_REASON = 20
"""Letters of a reason: enough to say who knows of the gap and until when."""


@dataclass(frozen=True)
class AcceptedGap:
    """A feed that somebody goes on without in one locality, and why."""

    feed: str
    locality: str
    reason: str

    @property
    def name(self) -> str:
        return f"{self.feed}:{self.locality}"


def parse(gaps: Sequence[str], reason: str | None) -> list[AcceptedGap]:
    """Return the gaps that a person names as FEED:LOCALITY, or say what is wrong with them."""
    if not gaps:
        if reason is not None:
            raise UserError("--reason was given and no --accept-gap. Name the gap that it is the reason for.")
        return []
    words = (reason or "").strip()
    if len(words) < LEAST_REASON:
        raise UserError(
            f"A gap is accepted with a reason of {LEAST_REASON} letters or more, since every page shows it; "
            f'{len(words)} were given. Add --reason, such as --reason "Devon sends its census again on 2 December".'
        )
    return [_parsed(gap, words) for gap in dict.fromkeys(gaps)]


def _parsed(gap: str, reason: str) -> AcceptedGap:
    feed, _, locality = gap.partition(":")
    if feed not in FEEDS or not locality:
        raise UserError(
            f"--accept-gap {gap} names no feed and locality. Expected FEED:LOCALITY, such as cin_census:878. "
            f"Known feeds: {', '.join(FEEDS)}."
        )
    return AcceptedGap(feed, locality.strip(), reason)


def check(table: pl.DataFrame, mandatory: Collection[str], accepted: Sequence[AcceptedGap]) -> None:
    """Refuse a list where a mandatory feed is missing, stale or shrunk and nobody has accepted it."""
    gaps = table.filter(
        pl.col("feed").is_in(list(mandatory)),
        "is_expected",
        pl.col("state") != COVERED,
        ~pl.concat_str("feed", "locality", separator=":").is_in([gap.name for gap in accepted]),
    )
    if gaps.is_empty():
        return
    named = [f"{row['feed']}:{row['locality']}" for row in gaps.iter_rows(named=True)]
    listed = "\n".join(f"  {in_words(row)}" for row in gaps.iter_rows(named=True))
    options = " ".join(f"--accept-gap {name}" for name in named)
    raise FindingError(
        f'No list is made, since {_count(len(named))} not there and would read as "no need":\n{listed}\n'
        "Ask for them to be sent again; until then the last list stands. To go on without them, add "
        f'{options} --reason "who knows of it, and until when". What only they tell is then not known.'
    )


def accept(table: pl.DataFrame, accepted: Sequence[AcceptedGap]) -> list[dict[str, Any]]:
    """Return each accepted gap as the provenance keeps it; a gap that does not exist is a mistake."""
    return [_accepted(table, gap) for gap in accepted]


def _accepted(table: pl.DataFrame, gap: AcceptedGap) -> dict[str, Any]:
    found = table.filter(feed=gap.feed, locality=gap.locality)
    if found.is_empty() or found["state"][0] == COVERED:
        is_there = "is covered" if found.height else "is not expected"
        open_gaps = table.filter("is_expected", pl.col("state") != COVERED).select("feed", "locality").rows()
        named = ", ".join(f"{feed}:{locality}" for feed, locality in open_gaps) or "none"
        raise UserError(
            f"There is no gap {gap.name} to accept: this feed {is_there} there. Gaps on this day: {named}. "
            "Leave the option out, or name one of these."
        )
    row = found.row(0, named=True)
    return {
        "feed": gap.feed,
        "feed_words": FEEDS[gap.feed].words,
        "locality": gap.locality,
        "locality_name": locality_name(gap.locality),
        "last_period": row["last_period"] and str(row["last_period"]),
        "state": row["state"],
        "words": what_is_missing(row),
        "reason": gap.reason,
    }


def _count(number: int) -> str:
    return "1 mandatory feed is" if number == 1 else f"{number} mandatory feeds are"
