"""One record per person of a source: every name, birth date, postcode and school under which it was ever known."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from risk_model.linkage import spelling, twins

EVER = ("births", "given", "family", "postcodes", "schools")
"""Lists of all that was ever recorded."""
SCHEMA = pl.Schema(
    {
        "record": pl.String(),
        "born_on": pl.Date(),
        "sex": pl.String(),
        "la_code": pl.String(),
        **{name: pl.List(pl.String()) for name in EVER},
    }
)
ROWS = {
    "born_on": pl.Date,
    "sex_code": pl.String,
    "surname": pl.String,
    "former_surname": pl.String,
    "forename": pl.String,
    "postcode": pl.String,
    "school_urn": pl.String,
    "la_code": pl.String,
}
"""What a row of any source can say of a child; a source leaves out what it does not know."""


def one_each(rows: pl.DataFrame) -> pl.DataFrame:
    """Return SCHEMA: one record per `record` of rows in the order in which they became known, the newest last."""
    missing = {name: kind for name, kind in ROWS.items() if name not in rows.columns}
    rows = rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in missing.items())
    spelled = (
        rows.select("record", *ROWS)
        .unique(maintain_order=True, keep="last")
        .select(
            "record",
            "born_on",
            "la_code",
            sex=spelling.sex(pl.col("sex_code")),
            births=pl.col("born_on").dt.to_string("%Y-%m-%d"),
            given=spelling.given_name(pl.col("forename")),
            family=_families(),
            postcodes=spelling.postcode(pl.col("postcode")),
            schools="school_urn",
        )
    )
    ever = [pl.col(name).drop_nulls().unique().sort() for name in EVER if name != "family"]
    return (
        spelled.group_by("record", maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().last() for name in ("born_on", "sex", "la_code")),
            *ever,
            family=pl.col("family").explode().drop_nulls().unique().sort(),
        )
        .select(SCHEMA.names())
    )


def together(parts: Iterable[pl.DataFrame], groups: pl.DataFrame) -> pl.DataFrame:
    """Return SCHEMA with the records of each group as one; `groups` says of a `record` in which `group` it is.

    What the parts say first counts where one can be said only; a record in no group stands for itself.
    """
    several = pl.concat(part.select(SCHEMA.names()) for part in parts)
    named = several.join(groups, on="record", how="left", maintain_order="left").with_columns(
        record=pl.coalesce("group", "record")
    )
    return named.group_by("record", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in ("born_on", "sex", "la_code")),
        *(pl.col(name).explode().drop_nulls().unique().sort() for name in EVER),
    )


def may_be_one(one: str = "", other: str = "_beside") -> pl.Expr:
    """Return whether two records side by side do not contradict each other in birth date or given name.

    `one` and `other` are the endings of their columns. Of a child with a known twin (`has_twin`) a given name must be
    shared that tells the twins apart, since twins' names are often alike. A given name that is only similar, with
    another sex or no family name in common, is a brother's or sister's.
    """
    has_twin = pl.col(f"has_twin{one}") | pl.col(f"has_twin{other}")
    is_same = spelling.shared_given_names(one, other).list.len() > 0
    is_other_sex = (pl.col(f"sex{one}") != pl.col(f"sex{other}")).fill_null(False)
    names, beside = pl.col(f"family{one}"), pl.col(f"family{other}")
    is_of_family = (
        (names.list.set_intersection(beside).list.len() > 0)
        | (names.list.len() == 0)
        | (beside.list.len() == 0)
    ).fill_null(True)
    is_similar = spelling.may_be_one_given_name(one, other) & ~is_other_sex & is_of_family
    return spelling.may_be_one_birth_date(f"born_on{one}", f"born_on{other}") & (
        pl.when(has_twin).then(twins.has_telling_name(one, other)).otherwise(is_same | is_similar)
    )


def _families() -> pl.Expr:
    names = ("surname", "former_surname")
    whole = [pl.concat_list(spelling.family_name(pl.col(name))) for name in names]
    parts = [spelling.family_name_parts(pl.col(name)).fill_null([]) for name in names]
    return pl.concat_list(*whole, *parts)
