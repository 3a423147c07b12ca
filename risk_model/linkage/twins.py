"""Children who were born together: at which homes several are known, and which of their names tell them apart.

Twins share birth date, family name, address and school, so only a given name tells them apart, and not every one does:
it may be the short form of both, or a family name that stands in the place of a given one.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from risk_model.linkage import spelling

KNOWN = pl.Schema(
    {"home": pl.String(), "source": pl.String(), "child": pl.String(), "names": pl.List(pl.String())}
)
"""Children of homes where a source knows several that were born together; `home` holds birth date and place."""
ISSUER = r"^(council\|[^|]*|[^|]*)\|"
"""Whose numbers a record stands under: one council's, or all of one kind; each of its numbers is another child."""


def known(sources: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return KNOWN among `records.SCHEMA`; of each of the sources every record is another child's.

    They share a postcode or a school, a birth date but for a slip, and a family name, be it in the given name's place.
    """
    return pl.concat([KNOWN.to_frame(), *(_of_source(found) for found in sources)]).sort("home", "child")


def with_twins(found: pl.DataFrame, twins: pl.DataFrame) -> pl.DataFrame:
    """Return the records with `has_twin` (a home of theirs is in `twins`, KNOWN) and `twins_names`.

    `twins_names` are those of their names that do not tell: two of the children at home could be written so.
    """
    at_home = _homes(found).select("record", "home").unique().join(twins, on="home")
    names = (
        at_home.join(found.select("record", name=_names()), on="record")
        .explode("name")
        .drop_nulls("name")
        .explode("names")
        .rename({"names": "written"})
        .filter(spelling.may_be_written_for(pl.col("name"), pl.col("written")))
        .group_by("record", "name", "home", "source")
        .agg(children=pl.col("child").n_unique())
        .filter(pl.col("children") > 1)
        .group_by("record")
        .agg(twins_names=pl.col("name").unique().sort())
    )
    return found.join(names, on="record", how="left", maintain_order="left").with_columns(
        pl.col("twins_names").fill_null(pl.lit([], pl.List(pl.String))),
        has_twin=pl.col("record").is_in(at_home["record"].unique().implode()),
    )


def born_with(twins: pl.DataFrame) -> pl.DataFrame:
    """Return `child` and `twin`: each two of KNOWN that a source knows at one home, both ways."""
    both = twins.select("home", "source", "child")
    pairs = both.join(both.rename({"child": "twin"}), on=["home", "source"])
    return pairs.filter(pl.col("child") != pl.col("twin")).select("child", "twin").unique()


def has_telling_name(one: str, other: str) -> pl.Expr:
    """Return whether two records, by the endings of their columns, share a given name that no twin of either has."""
    shared = spelling.shared_given_names(one, other)
    told = shared.list.set_difference(f"twins_names{one}").list.set_difference(f"twins_names{other}")
    return (told.list.len() > 0).fill_null(False)


def _of_source(found: pl.DataFrame) -> pl.DataFrame:
    homes = _homes(found).with_columns(source=pl.col("record").str.extract(ISSUER))
    children = homes.group_by("home", "source").agg(
        several=pl.col("record").n_unique() > 1, is_of_family=pl.col("is_family_name").any()
    )
    return (
        homes.join(children.filter("several", "is_of_family"), on=["home", "source"], how="semi")
        .select("home", "source", "record")
        .unique()
        .join(found.select("record", names=_names()), on="record")
        .select("home", "source", "names", child="record")
        .select(KNOWN.names())
    )


def _homes(found: pl.DataFrame) -> pl.DataFrame:
    """`record` and `home`, where and when a child was born, also as a slip would have it; and whose name says so."""
    named = pl.concat(
        found.select(
            "record", "born_on", "postcodes", "schools", name=name, is_family_name=pl.lit(name == "family")
        )
        for name in ("given", "family")
    ).explode("name")
    placed = pl.concat(
        named.select("record", "born_on", "name", "is_family_name", place=place).explode("place")
        for place in ("postcodes", "schools")
    ).select("record", "born_on", "is_family_name", place=pl.concat_str("place", "name", separator="|"))
    born = pl.col("born_on")
    swapped = born.dt.to_string("%Y-%d-%m").str.to_date("%Y-%m-%d", strict=False)
    slipped = (placed.with_columns(born_on=when) for when in (born, born.dt.offset_by("1d"), swapped))
    return (
        pl.concat(slipped)
        .drop_nulls()
        .select("record", "is_family_name", home=pl.concat_str("born_on", "place", separator="|"))
        .unique()
    )


def _names() -> pl.Expr:
    return pl.concat_list("given", "family").list.unique().list.sort()
