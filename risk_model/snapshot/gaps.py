"""For each child: why the feeds that tell of something cannot say "no" of this child, or nothing if they can.

A child's localities are its home council, the councils of its newest records, and in health the providers it waits
for. Where one of them sends none of the feeds that tell of a thing, the absence of a record means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from risk_model import coverage, merged
from risk_model.coverage import COVERED, FEEDS, HEALTH, SOCIAL_CARE, TELLERS


def column_of(tellers: tuple[str, ...]) -> str:
    """Return the column of the children that says why these feeds are silent about them; null where one tells.

    >>> column_of(("sen2",)), column_of(("cin_census", "safeguarding"))
    ('gap_sen2', 'gap_cin_census_or_safeguarding')
    """
    return f"gap_{'_or_'.join(tellers)}"


def with_gaps(
    children: pl.DataFrame, tables: Mapping[str, pl.DataFrame], waits: pl.DataFrame, covered: pl.DataFrame
) -> pl.DataFrame:
    """Return the children with a column for each set of feeds that tell of the same tables.

    Councils may tell in either of two returns. Providers tell each of its own patients: a child that waits for two
    data sets is known only where both are there.
    """
    councils = _councils(children, tables)
    for tellers in TELLERS:
        if FEEDS[tellers[0]].partner == HEALTH:
            found = [
                _silent((feed,), _providers(feed, children, waits, covered), covered) for feed in tellers
            ]
        else:
            anywhere = _anywhere(tellers[0], children, tables, covered)
            found = [_silent(tellers, pl.concat([councils, anywhere]), covered)]
        silent = _in_one_sentence(pl.concat(found)).rename({"words": column_of(tellers)})
        children = children.join(silent, on="person_id", how="left", maintain_order="left")
    return children


def _providers(feed: str, children: pl.DataFrame, waits: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """The providers whose data set the child waits in; of the community's, any of them, if it waits for none."""
    mine = waits.filter(dataset=feed).select("person_id", locality="provider_code").unique()
    if feed != merged.CSDS:
        return mine
    elsewhere = children.select("person_id").join(mine, on="person_id", how="anti")
    return pl.concat([mine, elsewhere.join(_expected(feed, covered), how="cross")])


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
    feed: str, children: pl.DataFrame, tables: Mapping[str, pl.DataFrame], covered: pl.DataFrame
) -> pl.DataFrame:
    """Children whom any of the expected councils may know: home not known, or in the care of nobody knows whom.

    Many looked-after children live outside the council that looks after them; health notes the care, not the council.
    Where a council's record of open care is there, we know whose it is.
    """
    who = children.filter(pl.col("home_la_code").is_null()).select("person_id")
    if FEEDS[feed].partner == SOCIAL_CARE:
        placed = tables["care_episode"].filter(pl.col("ended_on").is_null())
        noted = tables["patient"].filter(pl.col("is_looked_after").fill_null(False))
        in_care = noted.join(placed, on="person_id", how="anti")
        who = pl.concat([who, children.join(in_care, on="person_id", how="semi").select("person_id")])
    return who.unique().join(_expected(feed, covered), how="cross")


def _expected(feed: str, covered: pl.DataFrame) -> pl.DataFrame:
    return covered.filter("is_expected", feed=feed).select("locality")


def _silent(tellers: tuple[str, ...], localities: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Children with a locality that none of the feeds covers, and in words what is missing there."""
    told = covered.filter(pl.col("feed").is_in(tellers), state=COVERED)["locality"]
    gaps = sorted(set(localities["locality"]) - set(told))
    rows = {(row["feed"], row["locality"]): row for row in covered.iter_rows(named=True)}
    words = [_missing(tellers, locality, rows) for locality in gaps]
    named = pl.DataFrame(
        {"locality": gaps, "words": words}, schema={"locality": pl.String, "words": pl.String}
    )
    return localities.join(named, on="locality", how="inner").unique()


def _missing(
    tellers: tuple[str, ...], locality: str, rows: Mapping[tuple[str, str], Mapping[str, object]]
) -> str:
    """What the first feed lacks there, and what the others lack that once came from there."""
    usual, *others = tellers
    nothing = {"feed": usual, "locality": locality, "state": coverage.MISSING, "last_period": None}
    came = [rows[feed, locality] for feed in others if (feed, locality) in rows]
    lacking = [rows.get((usual, locality), nothing), *(row for row in came if row["last_period"])]
    return " and ".join(coverage.what_is_missing(row) for row in lacking)


def _in_one_sentence(silent: pl.DataFrame) -> pl.DataFrame:
    return (
        silent.sort("person_id", "locality")
        .group_by("person_id", maintain_order=True)
        .agg(pl.col("words").str.join("; "))
    )
