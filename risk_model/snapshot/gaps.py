"""For each child and feed: why the feed cannot say "no" of this child, or nothing if it can.

A child's localities are its home council, the councils of its newest records, and in health the providers it waits
for. Where one of them does not send a feed, the absence of a record in that feed means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from risk_model import coverage
from risk_model.coverage import COVERED, FEEDS, Feed

SOCIAL_CARE = "social care"


def column_of(feed: str) -> str:
    """Return the column of the children that says why a feed is silent about them; null where it covers them.

    >>> column_of("sen2")
    'gap_sen2'
    """
    return f"gap_{feed}"


def with_gaps(
    children: pl.DataFrame, tables: Mapping[str, pl.DataFrame], waits: pl.DataFrame, covered: pl.DataFrame
) -> pl.DataFrame:
    """Return the children with a column for each feed that only it can tell something of."""
    councils = _councils(children, tables)
    providers = waits.select("person_id", locality="provider_code").unique()
    for feed in (feed for feed in FEEDS.values() if feed.tells):
        localities = councils if feed.comes_from_councils else providers
        if feed.comes_from_councils:
            localities = pl.concat([localities, _anywhere(feed, children, tables, covered)])
        silent = _silent(feed, localities, covered).rename({"words": column_of(feed.name)})
        children = children.join(silent, on="person_id", how="left", maintain_order="left")
    return children


def _councils(children: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Each child's home council, and the council of its newest record of every kind."""
    found = [children.select("person_id", locality="home_la_code")]
    for table in tables.values():
        if "la_code" in table.columns:
            newest = table.sort("known_on").unique("person_id", keep="last", maintain_order=True)
            found.append(
                newest.join(children, on="person_id", how="semi").select("person_id", locality="la_code")
            )
    return pl.concat(found).drop_nulls().unique()


def _anywhere(
    feed: Feed, children: pl.DataFrame, tables: Mapping[str, pl.DataFrame], covered: pl.DataFrame
) -> pl.DataFrame:
    """Children whom any of the expected councils may know: home not known, or in the care of nobody knows whom.

    Many looked-after children live outside the council that looks after them; health notes the care, not the council.
    Where a council's record of open care is there, we know whose it is.
    """
    who = children.filter(pl.col("home_la_code").is_null()).select("person_id")
    if feed.partner == SOCIAL_CARE:
        placed = tables["care_episode"].filter(pl.col("ended_on").is_null())
        noted = tables["patient"].filter(pl.col("is_looked_after").fill_null(False))
        in_care = noted.join(placed, on="person_id", how="anti")
        who = pl.concat([who, children.join(in_care, on="person_id", how="semi").select("person_id")])
    expected = covered.filter("is_expected", feed=feed.name).select("locality")
    return who.unique().join(expected, how="cross")


def _silent(feed: Feed, localities: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Children with a locality that the feed does not cover, and in words what is missing there."""
    state = covered.filter(feed=feed.name).select("locality", "state", "last_period")
    asked = localities.select("locality").unique().join(state, on="locality", how="left")
    gaps = asked.filter((pl.col("state") != COVERED).fill_null(True)).sort("locality")
    words = [
        coverage.what_is_missing({**row, "feed": feed.name, "state": row["state"] or coverage.MISSING})
        for row in gaps.iter_rows(named=True)
    ]
    named = gaps.select("locality", words=pl.Series(words, dtype=pl.String))
    return (
        localities.join(named, on="locality", how="inner")
        .unique()
        .sort("person_id", "locality")
        .group_by("person_id", maintain_order=True)
        .agg(pl.col("words").str.join("; "))
    )
