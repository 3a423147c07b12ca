"""A gap in words: which feed of which council or provider, since when."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl

from risk_model import contracts
from risk_model.coverage.feeds import ANY, FEEDS, HEALTH
from risk_model.coverage.measure import MISSING, SHRUNK

DAY = "%-d %b %Y"


@cache
def _councils() -> Mapping[str, str]:
    return contracts.tables()["csds_patient"].columns["home_la_code"].codes or {}


def locality_name(locality: str) -> str:
    """Return a council's name with its number; a provider, and a council without a name, is its code.

    >>> locality_name("879"), locality_name("NR5")
    ('Plymouth (879)', 'NR5')
    """
    name = _councils().get(locality)
    return f"{name} ({locality})" if name else locality


def what_is_missing(row: Mapping[str, Any]) -> str:
    """Return what a row of the coverage table lacks, in words that can stand behind "not known:".

    >>> what_is_missing({"feed": "sen2", "locality": "878", "state": "missing", "last_period": None})
    'no SEN2 return from Devon (878)'
    """
    feed = FEEDS[row["feed"]]
    whose = f"any {'provider' if feed.partner == HEALTH else 'council'}"
    from_whom = whose if row["locality"] == ANY else locality_name(row["locality"])
    if row["state"] == MISSING or row["last_period"] is None:
        return f"no {feed.words} from {from_whom}"
    last = f"{row['last_period']:{DAY}}"
    if row["state"] == SHRUNK:
        return f"the {feed.words} of {from_whom} is too small since {last}"
    return f"no {feed.words} from {from_whom} since {last}"


def in_words(row: Mapping[str, Any]) -> str:
    """Return a gap as a sentence that names feed and locality as they are typed, and what was expected."""
    head = f"{row['feed']}:{row['locality']} is {row['state']}: {what_is_missing(row)}"
    if row["state"] == MISSING:
        return f"{head}. Expected its newest period; nothing was received."
    if row["state"] == SHRUNK:
        return f"{head}. Received {row['rows_last']:.0f} rows, expected about {row['rows_expected']:.0f}."
    stands = " Its last list stands." if FEEDS[row["feed"]].partner == HEALTH else ""
    return f"{head}, {row['days_old']} days before the index date.{stands}"


def as_facts(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the coverage table as the provenance keeps it: plain values, with the names that people use."""
    return [
        {
            **row,
            "last_period": row["last_period"] and str(row["last_period"]),
            "feed_words": FEEDS[row["feed"]].words,
            "locality_name": locality_name(row["locality"]),
            **{
                name: _rounded(row[name])
                for name in ("rows_last", "rows_expected", "share_of_expected", "share_linked")
            },
        }
        for row in table.iter_rows(named=True)
    ]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
