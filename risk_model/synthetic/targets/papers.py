"""What systems hold of who a child is: how far a school's record agrees with a hospital's, numbers, placements."""

from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.clock import FIRST_EVENT_WEEK, week_of
from risk_model.synthetic.hazards import in_school
from risk_model.synthetic.identities import Identity
from risk_model.synthetic.recording import Records
from risk_model.synthetic.social_care import LOOKED_AFTER
from risk_model.synthetic.targets.figures import Figure, share
from risk_model.synthetic.world import World

COUNTED_ON: Final = np.datetime64("2025-03-31")
PLYMOUTH: Final = 879


def of(world: World, records: Records) -> pl.DataFrame:
    """One row per child: in school and in care on a day, where placed, and whether records could be joined.

    The hospital is the one of the child's catchment, and the record the one it opened first.
    """
    children = world.children
    hospital = np.array([area.hospital for area in world.council.catchments])[children.catchment]
    school = _first(records.school, children.count)
    agrees, has_number = np.zeros((2, children.count), dtype=np.bool_)
    for code in np.unique(hospital):
        own = hospital == code
        theirs = _first(records.health[str(code)], children.count)
        same_name = (theirs["surname"] == school["surname"]).to_numpy()
        same_home = (theirs["postcode"] == school["postcode"]).to_numpy()
        same_day = (theirs["born"] == school["born"]).to_numpy()
        agrees[own] = (same_day & (same_name | same_home))[own]
        has_number[own] = (theirs["identifier"] != "").to_numpy()[own]
    state = world.social_care.states[week_of(COUNTED_ON) - FIRST_EVENT_WEEK]
    placements = records.lives.placements
    return pl.DataFrame(
        {
            "council": np.full(children.count, world.council.code),
            "is_pupil": in_school(children, np.array([COUNTED_ON]))[0] & children.is_resident(COUNTED_ON),
            "is_looked_after": children.is_resident(COUNTED_ON) & (state == LOOKED_AFTER),
            "is_placed_away": placements.is_away,
            "is_placed_far": placements.is_far,
            "agrees": agrees,
            "has_nhs_number": has_number,
        }
    )


def _first(identity: Identity, count: int) -> pl.DataFrame:
    """What a system's first record of each child said on the day."""
    said = identity.on(COUNTED_ON).head(count)
    return said.with_columns(born=pl.Series(identity.born[:count]))


def measure(rows: pl.DataFrame) -> dict[str, Figure]:
    """Figures of placements, of NHS numbers and of records that agree."""
    placed = rows.filter(pl.col("is_looked_after") & (pl.col("council") == PLYMOUTH))
    pupils = rows.filter("is_pupil")
    return {
        "plymouth_placed_out_of_area": share(placed, pl.col("is_placed_away")),
        "plymouth_placed_far_away": share(placed, pl.col("is_placed_far")),
        "pupils_whose_records_agree": share(pupils, pl.col("agrees")),
        "health_records_with_nhs_number": share(pupils, pl.col("has_nhs_number")),
    }
