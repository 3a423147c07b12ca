"""Whole sources that were not sent: a council whose system was down, a provider that submitted nothing for a while.

The figure `outages` is a list of entries such as `{feed: cin_census, council: 879, from: 2025-12-01}` or
`{feed: csds, provider: RK9, from: 2025-07-01, until: 2025-09-30}`: no return whose period ends within the dates is
sent; without `until` none ever again. A feed is named as its folder among the extracts; the
patient index has no periods and is never lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from risk_model.synthetic.calibration import Calibration

FAR = date(9999, 12, 31)
DAY_IN_A_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Outage:
    """One feed that one sender does not send for periods that end between two days."""

    feed: str
    sender: str
    first: date
    last: date


def planned(calibration: Calibration) -> list[Outage]:
    """The outages of a scenario."""
    return [
        Outage(
            feed=row["feed"],
            sender=str(row["council"] if "council" in row else row["provider"]),
            first=row["from"],
            last=row.get("until", FAR),
        )
        for row in calibration.values["outages"]
    ]


def was_sent(outages: Sequence[Outage], feed: str, sender: str, period_end: date) -> bool:
    """Whether a sender sent the return of a period."""
    return not any(outage.first <= period_end <= outage.last for outage in _of(outages, feed, sender))


def rows_sent(
    outages: Sequence[Outage], feed: str, sender: str, rows: pl.DataFrame, day: str
) -> pl.DataFrame:
    """The rows of a file that holds many periods, without those of periods that were not sent."""
    for outage in _of(outages, feed, sender):
        rows = rows.filter(~pl.col(day).is_between(outage.first, outage.last))
    return rows


def submissions_sent(outages: Sequence[Outage], header: pl.DataFrame) -> pl.DataFrame:
    """The header of CSDS without the submissions that never came."""
    for outage in outages:
        if outage.feed == "csds":
            is_lost = pl.col("RP_EndDate").is_between(outage.first, outage.last)
            header = header.filter(~((pl.col("OrgID_Provider") == outage.sender) & is_lost))
    return header


def withdraw(outages: Sequence[Outage], feed: str, sender: str, folder: Path) -> None:
    """Take a sender's files out of a folder whose name, or that of their own folder, is the end of a lost period."""
    if not _of(outages, feed, sender):
        return
    for file in sorted(folder.rglob("*.*")):
        found = DAY_IN_A_NAME.search(str(file.relative_to(folder)))
        if found and not was_sent(outages, feed, sender, date.fromisoformat(found.group())):
            file.unlink()
    for place in sorted(folder.iterdir()):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def _of(outages: Sequence[Outage], feed: str, sender: str) -> list[Outage]:
    return [outage for outage in outages if (outage.feed, outage.sender) == (feed, sender)]
