"""The truth that was made: who is who, latent needs, hazards and events; apart from the extracts.

identities.parquet   a row per child: every number under which partners know the child
hazards.parquet      a row per landmark and child who is on a list:
    risk_26_weeks                  O1, the risk of an event if seen by nobody, with frailty
    risk_frailty_unknown_26_weeks  O2, the same with needs known and frailty not, given the events so far
    <part>_26_weeks                the risk of each part of the event alone
    expected_<cause>_26_weeks      expected events put down to needs, joint_need, social_care, wait, transition and
                                   frailty; with expected_age_sex_season_26_weeks they add up to -log(1 - risk)
latents.parquet      the needs of the same children on the same days, and their frailty
observables.parquet  what a record without gap, slip or delay would say of them on the day
events.parquet       a row per true event
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from risk_model.synthetic import observables, oracles
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import INDEX_DATE, Ints, landmarks, quarter_of
from risk_model.synthetic.needs import NAMES
from risk_model.synthetic.recording import Records
from risk_model.synthetic.true_identities import identities
from risk_model.synthetic.world import World

DAYS_TO_BE_TOLD: Final = 100


def tables(calibration: Calibration, world: World, records: Records) -> dict[str, pl.DataFrame]:
    """Every table of one council's children."""
    events = world.hazards.events.select("child", "part", "on", "length").with_columns(
        child_id=pl.col("child") + int(world.children.child_id[0])
    )
    days = [(on, _may_be_listed(world, on)) for on in landmarks()]
    return {
        "identities": identities(world, records),
        "latents": pl.concat(_latents(world, on, who) for on, who in days),
        "hazards": pl.concat(_hazards(calibration, world, on, who) for on, who in days),
        "observables": pl.concat(observables.on_day(calibration, world, on, who) for on, who in days),
        "events": events.select("child_id", "part", "on", school_weeks="length").sort(
            "on", "child_id", "part"
        ),
    }


def write(folder: Path, councils: Mapping[str, Sequence[pl.DataFrame]], facts: dict[str, Any]) -> None:
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


def _latents(world: World, on: np.datetime64, who: Ints) -> pl.DataFrame:
    level = world.needs.levels[quarter_of(on), who]
    columns = {name: level[:, place] for place, name in enumerate(NAMES)}
    return _keys(world, on, who).with_columns(
        **{name: pl.Series(values) for name, values in columns.items()},
        frailty=pl.Series(world.needs.frailty[who]),
    )


def _may_be_listed(world: World, on: np.datetime64) -> Ints:
    """Children who wait on a day, and those whose end of waiting a provider may not have sent yet."""
    day: date = on.astype(object)
    ended = pl.col("ended_on") <= day - timedelta(days=DAYS_TO_BE_TOLD)
    listed = world.queues.referrals.filter((pl.col("on") <= day) & ~ended.fill_null(False))
    return listed["child"].unique().sort().to_numpy()


def _hazards(calibration: Calibration, world: World, on: np.datetime64, who: Ints) -> pl.DataFrame:
    seen = oracles.look(calibration, world.hazards, on, who)
    risks = {
        "risk_26_weeks": -np.expm1(-seen.total),
        "risk_frailty_unknown_26_weeks": seen.risk_frailty_unknown,
    }
    risks |= {f"{part}_26_weeks": -np.expm1(-expected) for part, expected in seen.by_part.items()}
    expected = seen.by_cause | {"age_sex_season": seen.base}
    risks |= {f"expected_{cause}_26_weeks": sums for cause, sums in expected.items()}
    columns = {name: pl.Series(values.astype(np.float32)) for name, values in risks.items()}
    return _keys(world, on, who).with_columns(**columns)


def _keys(world: World, on: np.datetime64, who: Ints) -> pl.DataFrame:
    return pl.DataFrame({"child_id": world.children.child_id[who], "on": np.full(who.size, on)})
