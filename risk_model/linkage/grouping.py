"""Health records of one child: those without a usable number beside those with one, and what a person joined."""

from __future__ import annotations

import polars as pl

from risk_model.linkage.choosing import GIVEN_SIMILAR, Chosen, choose
from risk_model.linkage.register import NHS_NUMBER


def choose_health(pairs: pl.DataFrame, numbers: pl.DataFrame) -> Chosen:
    """Return which records without a usable number (on the right) belong to which other health record.

    Two records of different usable numbers are never joined: one of the two numbers is wrong, and a person must say
    which. `numbers` has `record` and `nhs_number`; a record whose number is in doubt is joined to that number only. Nor
    are two joined without given names: a provider's two nameless patients may be twins. A short form or a slip is
    enough under the rules that hold for pupils.
    """
    number_of = numbers.select("record", "nhs_number")
    known = (
        pairs.join(number_of.rename({"record": "left"}), on="left", how="left")
        .join(number_of.rename({"record": "right"}), on="right", how="left", suffix="_beside")
        .filter((pl.col("nhs_number") == pl.col("nhs_number_beside")).fill_null(True))
        .drop("nhs_number", "nhs_number_beside")
    )
    chosen = choose(known.sort("left", "right"), one_to_one=False)
    accepted = chosen.accepted.filter(pl.col("given") >= GIVEN_SIMILAR)
    turned = accepted.select(left="right", right="left")
    is_numbered = pl.col("left").str.starts_with(NHS_NUMBER)
    both_ways = accepted.join(turned, on=["left", "right"], how="semi")
    return Chosen(pl.concat([accepted.filter(is_numbered), both_ways]), chosen.doubtful)


def groups(edges: pl.DataFrame) -> pl.DataFrame:
    """Return in which `group` each joined `record` is; `edges` has `left` and `right`.

    A group is named by its record with a number, if it has one.
    """
    both = pl.concat([edges.select("left", "right"), edges.select(left="right", right="left")]).unique()
    named = both.select(record="left").unique().with_columns(group="record").sort("record")
    while True:
        beside = (
            both.join(named.rename({"record": "right"}), on="right")
            .group_by("left")
            .agg(pl.col("group").max())
        )
        spread = (
            named.join(beside.rename({"left": "record", "group": "of_other"}), on="record", how="left")
            .select("record", group=pl.max_horizontal("group", "of_other"))
            .sort("record")
        )
        if spread.equals(named):
            return named.filter(pl.col("record") != pl.col("group"))
        named = spread
