"""School Census as COLLECT exports it: one CSV per node, tied together by row numbers within one extract."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model.sources.assembly import Frames, all_rows, newest_date, of, with_parent
from risk_model.sources.extracts import Part

KNOWN_AFTER = "42d"


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """Pupils, needs and exclusions of one extract, joined to its returns, pupils and addresses."""
    returns = all_rows(parts, f"{contract}_return")
    addresses = all_rows(parts, f"{contract}_address").drop_nulls("postcode")
    pupils = all_rows(parts, f"{contract}_pupil")
    pupils = with_parent(pupils, returns, "school_census_id", ["census_on", "la_code", "school_urn"])
    pupils = with_parent(pupils, addresses, "pupil_id", ["postcode"])
    leavers = all_rows(parts, f"{contract}_leaver")
    leavers = with_parent(leavers, returns, "school_census_id", ["census_on"])
    who = pl.concat([frame.select("pupil_id", "upn", "census_on") for frame in (pupils, leavers)])
    needs = all_rows(parts, f"{contract}_need")
    exclusions = all_rows(parts, f"{contract}_exclusion")
    fallback = None if of(parts, f"{contract}_return") else newest_date(parts)
    known_on = pl.coalesce(pl.col("census_on").dt.offset_by(KNOWN_AFTER), pl.lit(fallback, pl.Date))
    joined = {
        f"{contract}_pupil": pupils,
        f"{contract}_need": with_parent(needs, who, "pupil_id", ["census_on"]),
        f"{contract}_exclusion": with_parent(exclusions, who, "pupil_id", ["upn", "census_on"]),
    }
    return {name: frame.with_columns(known_on=known_on) for name, frame in joined.items()}, {}
