"""School Census as COLLECT exports it: one CSV per node, tied together by row numbers within one extract."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import all_rows, newest_date, of, text_as_date, together, with_parent
from risk_model.sources.extracts import Part

CONTRACT = "school_census"
KNOWN_AFTER = "42d"
DELIVERED = ("school_census_pupil", "school_census_need", "school_census_exclusion")


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """Pupils, needs and exclusions of every extract, each with its census day."""
    found: dict[str, list[pl.LazyFrame]] = {name: [] for name in DELIVERED}
    for _, extract in groupby(sorted(parts, key=lambda part: part.group), key=lambda part: part.group):
        for name, frame in _one_extract(list(extract)).items():
            found[name].append(frame)
    return {name: together(contracts.tables()[name], rows) for name, rows in found.items()}, {}


def _one_extract(parts: list[Part]) -> dict[str, pl.LazyFrame]:
    """The three tables of one extract, joined to its returns, pupils and addresses."""
    returns = all_rows(parts, "school_census_return")
    addresses = all_rows(parts, "school_census_address").drop_nulls("postcode")
    pupils = all_rows(parts, "school_census_pupil")
    pupils = with_parent(pupils, returns, "school_census_id", ["census_on", "la_code", "school_urn"])
    pupils = with_parent(pupils, addresses, "pupil_id", ["postcode"])
    leavers = all_rows(parts, "school_census_leaver")
    leavers = with_parent(
        leavers, returns.select("school_census_id", "census_on"), "school_census_id", ["census_on"]
    )
    who = pl.concat([frame.select("pupil_id", "upn", "census_on") for frame in (pupils, leavers)])
    needs = all_rows(parts, "school_census_need")
    exclusions = all_rows(parts, "school_census_exclusion")
    fallback = None if of(parts, "school_census_return") else newest_date(parts)
    known_on = text_as_date("census_on", contracts.tables()["school_census_pupil"]).dt.offset_by(KNOWN_AFTER)
    dated = pl.coalesce(known_on, pl.lit(fallback, pl.Date)).alias("known_on")
    return {
        "school_census_pupil": pupils.with_columns(dated),
        "school_census_need": with_parent(needs, who, "pupil_id", ["census_on"]).with_columns(dated),
        "school_census_exclusion": with_parent(
            exclusions, who, "pupil_id", ["upn", "census_on"]
        ).with_columns(dated),
    }
