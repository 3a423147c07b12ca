"""Weekly attendance from the council's view of school registers, for the pupils it may share."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    FIRST_EVENT_WEEK,
    INDEX_DAY,
    Ints,
    quarter_index,
    school_year,
    week_index,
)
from risk_model.synthetic.identification import EHC_PLAN
from risk_model.synthetic.needs import SOCIAL_EMOTIONAL
from risk_model.synthetic.recording import Records, places_on, schools_on
from risk_model.synthetic.social_care import LOOKED_AFTER
from risk_model.synthetic.world import World

DAYS_TO_ARRIVE: Final = 3
FRIDAY: Final = np.timedelta64(4, "D")
PART_TIME_FROM_NEED: Final = 2.0
WEEKS_BEFORE_REFERRAL: Final = 26
WEEKS_AFTER_REFERRAL: Final = 13


def registers(calibration: Calibration, world: World, records: Records) -> dict[str, pl.DataFrame]:
    """One table per school year with a row per shared pupil and week in term, whichever council the school is in."""
    shared = _shared(calibration, world) & world.school.on_roll
    far = (world.social_care.states == LOOKED_AFTER) & records.is_placed_far[None, :]
    shared &= ~far & (EVENT_MONDAYS + FRIDAY + np.timedelta64(DAYS_TO_ARRIVE, "D") <= INDEX_DAY)[:, None]
    shared &= (world.school.possible > 0)[:, None]
    years = school_year(EVENT_MONDAYS)
    found = {}
    for year in np.unique(years[shared.any(axis=1)]):
        weeks, who = np.nonzero(shared & (years == year)[:, None])
        found[f"attendance_{year}_{year + 1}"] = _rows(world, records, weeks, who)
    return found


def _shared(calibration: Calibration, world: World) -> npt.NDArray[np.bool_]:
    """Weeks around a health referral, and the latest weeks of pupils with a plan or known to social care."""
    weeks, count = EVENT_MONDAYS.size, world.children.count
    referrals = world.queues.referrals
    first = week_index(referrals["on"].to_numpy()) - FIRST_EVENT_WEEK - WEEKS_BEFORE_REFERRAL
    ended = referrals["ended_on"].fill_null(INDEX_DAY.astype(object)).to_numpy()
    last = week_index(ended) - FIRST_EVENT_WEEK + WEEKS_AFTER_REFERRAL
    edges = np.zeros((weeks + 1, count), dtype=np.int16)
    who = referrals["child"].to_numpy()
    np.add.at(edges, (first.clip(0, weeks), who), 1)
    np.add.at(edges, (last.clip(0, weeks), who), -1)
    shared = np.cumsum(edges[:-1], axis=0, out=edges[:-1]) > 0
    recent = (
        INDEX_DAY - np.timedelta64(int(7 * calibration.number("attendance.recent_weeks")), "D")
        <= EVENT_MONDAYS
    )
    everyone = np.arange(count)
    has_plan = world.known.provision_on(np.full(everyone.size, INDEX_DAY), everyone) == EHC_PLAN
    known = has_plan[None, :] | (world.social_care.states > 0)
    return np.asarray(shared | (recent[:, None] & known))


def _rows(world: World, records: Records, weeks: Ints, who: Ints) -> pl.DataFrame:
    school = world.school
    fridays = EVENT_MONDAYS[weeks] + FRIDAY
    emotional = world.needs.levels[quarter_index(fridays), who, SOCIAL_EMOTIONAL]
    eases_in = (world.known.provision_on(fridays, who) == EHC_PLAN) & (emotional > PART_TIME_FROM_NEED)
    part_time = np.where(eases_in, np.minimum(2, school.authorised[weeks, who]), 0)
    frame = pl.DataFrame(
        {
            "upn": world.children.upn[who],
            "urn": schools_on(world, records, fridays, who),
            "week_ending": fridays,
            "sessions_possible": school.possible[weeks],
            "sessions_authorised": school.authorised[weeks, who],
            "sessions_unauthorised": school.unauthorised[weeks, who],
            "sessions_suspended": school.suspended[weeks, who],
            "sessions_part_time_timetable": part_time,
        }
    )
    council = world.children.schools.council[places_on(world, records, fridays, who)]
    return frame.with_columns(la_code=pl.Series(council).cast(pl.String)).select(
        "upn",
        "urn",
        "la_code",
        "week_ending",
        "sessions_possible",
        "sessions_authorised",
        "sessions_unauthorised",
        "sessions_suspended",
        "sessions_part_time_timetable",
    )
