"""What a run hands on to the next: the parts of slots carried over, and who was offered a slot by a list of ours."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from risk_model.policy import capacity
from risk_model.policy.overrides import WAIT
from risk_model.worklist.folder import Worklist, check_seal, load, runs
from risk_model.worklist.replay import services_of


def earlier_run(worklists: Path, on: date) -> Worklist | None:
    """Return the newest run of a day up to this one that is still as it was written; None without one.

    A run that was changed afterwards hands nothing on.
    """
    if not worklists.is_dir():
        return None
    until = [folder for folder in runs(worklists) if folder.name.rpartition("-r")[0] <= str(on)]
    return next((load(folder) for folder in reversed(until) if not check_seal(folder)), None)


def carried_over(earlier: Worklist | None) -> pl.DataFrame | None:
    """Return what an earlier run owed each service's lanes, as `capacity.plan` reads it."""
    return None if earlier is None else capacity.carried_from(earlier.provenance["services"])


def with_offers(table: pl.DataFrame, earlier: Worklist | None, review_on: date) -> pl.DataFrame:
    """Return the open waits with `offered_on` and `was_offered`.

    `offered_on` is the first review at which a list of ours offered the child a slot; `was_offered` says that the slot
    came to nothing since then, because the child was not brought or the family could not make the day.
    """
    known = _offers(earlier, review_on)
    offered = table.join(known, on=WAIT, how="left", maintain_order="left")
    missed_since = pl.col("missed_on") >= pl.col("offered_on")
    return offered.with_columns(was_offered=missed_since.fill_null(False))


def _offers(earlier: Worklist | None, review_on: date) -> pl.DataFrame:
    if earlier is None:
        return pl.DataFrame(schema={name: pl.String for name in WAIT} | {"offered_on": pl.Date})
    listed = earlier.list
    if "offered_on" not in listed.columns:
        listed = listed.with_columns(offered_on=pl.lit(None, pl.Date))
    reviews = services_of(earlier.provenance).select("service_id", "review_on")
    was_before = (pl.col("lane") != "next") & (pl.col("review_on") < review_on)
    return (
        listed.join(reviews, on="service_id", how="left")
        .select(*WAIT, offered_on=pl.coalesce("offered_on", pl.when(was_before).then("review_on")))
        .drop_nulls("offered_on")
    )
