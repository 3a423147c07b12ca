"""The truth that was made: who is who, latent needs, hazards and events; apart from the extracts."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.clock import EVENTS_START, INDEX_DATE, QUARTERS, Ints, landmarks
from risk_model.synthetic.hazards import PARTS, risk_until
from risk_model.synthetic.needs import NAMES
from risk_model.synthetic.recording import Records
from risk_model.synthetic.true_identities import identities
from risk_model.synthetic.world import World

DAYS_TO_BE_TOLD: Final = 100


def tables(world: World, records: Records) -> dict[str, pl.DataFrame]:
    """Identities, latents, hazards and events of one council's children."""
    events = world.hazards.events.select("child", "part", "on", "length").with_columns(
        child_id=_child_ids(world, "child")
    )
    return {
        "identities": identities(world, records),
        "latents": _latents(world),
        "hazards": _hazards(world),
        "events": events.select("child_id", "part", "on", school_weeks="length").sort(
            "on", "child_id", "part"
        ),
    }


def write(folder: Path, councils: Mapping[str, Sequence[pl.DataFrame]], facts: dict[str, str | int]) -> None:
    """Write the tables of all councils as parquet, and the facts of the cohort as JSON."""
    folder.mkdir(parents=True)
    for name, parts in councils.items():
        pl.concat(parts).write_parquet(folder / f"{name}.parquet")
    text = facts | {"index_date": str(INDEX_DATE), "landmarks": [str(on) for on in landmarks()]}
    (folder / "cohort.json").write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")


def waiting_on(world: World, on: np.datetime64) -> pl.DataFrame:
    """Referrals received by a day, not yet seen and not yet ended."""
    day: date = on.astype(object)
    return world.queues.referrals.filter(
        (pl.col("on") <= day)
        & (pl.col("seen_on").is_null() | (pl.col("seen_on") > day))
        & (pl.col("ended_on").is_null() | (pl.col("ended_on") > day))
    )


def _child_ids(world: World, column: str) -> pl.Expr:
    return pl.col(column) + int(world.children.child_id[0])


def _latents(world: World) -> pl.DataFrame:
    quarters = np.flatnonzero(EVENTS_START.astype("datetime64[M]") <= QUARTERS)
    children = world.children
    columns = {name: world.needs.levels[quarters, :, place].ravel() for place, name in enumerate(NAMES)}
    return pl.DataFrame(
        {
            "child_id": np.tile(children.child_id, quarters.size),
            "quarter_on": np.repeat(QUARTERS[quarters], children.count),
        }
        | columns
        | {"frailty": np.tile(world.needs.frailty, quarters.size)}
    )


def _may_be_listed(world: World, on: np.datetime64) -> Ints:
    """Children who wait on a day, and those whose end of waiting a provider may not have sent yet."""
    day: date = on.astype(object)
    ended = pl.col("ended_on") <= day - timedelta(days=DAYS_TO_BE_TOLD)
    listed = world.queues.referrals.filter((pl.col("on") <= day) & ~ended.fill_null(False))
    return listed["child"].unique().sort().to_numpy()


def _hazards(world: World) -> pl.DataFrame:
    frames = []
    for on in landmarks():
        who = _may_be_listed(world, on)
        sums = {part: risk_until(world.hazards.weekly[part], on, who) for part in PARTS}
        total = np.sum(list(sums.values()), axis=0)
        parts = {f"{part}_26_weeks": -np.expm1(-value) for part, value in sums.items()}
        frames.append(
            pl.DataFrame(
                {
                    "child_id": world.children.child_id[who],
                    "on": np.full(who.size, on),
                    "risk_26_weeks": -np.expm1(-total),
                }
                | parts
            )
        )
    return pl.concat(frames)
