"""Stage 5, school: sessions missed by week, and suspensions and exclusions as schools would enter them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    Floats,
    Ints,
    is_term_week,
    iso_weeks,
    quarter_index,
    school_year,
)
from risk_model.synthetic.hazards import SUSPENSION, Hazards, in_school
from risk_model.synthetic.identification import Identification
from risk_model.synthetic.needs import ADVERSITY, COMMUNICATION, PHYSICAL, SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children

REASONS: Final = ("DB", "PP", "VA", "PA", "VP", "DM", "OW", "BU")
REASON_SHARES: Final = (0.48, 0.17, 0.15, 0.08, 0.05, 0.03, 0.02, 0.02)
SHORT_WEEKS: Final = (36, 18)


@dataclass(frozen=True)
class School:
    """Sessions possible by week, sessions missed (week x child), and one row per suspension or exclusion."""

    possible: Ints
    authorised: npt.NDArray[np.uint8]
    unauthorised: npt.NDArray[np.uint8]
    suspended: npt.NDArray[np.uint8]
    on_roll: npt.NDArray[np.bool_]
    exclusions: pl.DataFrame


def attend(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    hazards: Hazards,
    known: Identification,
) -> School:
    """What school registers hold for every pupil and week, severe-absence runs and suspensions among them."""
    rng = stream(seed, "school")
    figures = calibration.numbers("absence.propensity")
    term = is_term_week(EVENT_MONDAYS)
    on_roll = in_school(children, EVENT_MONDAYS) & term[:, None]
    on_roll &= (children.moved_in[None, :] <= EVENT_MONDAYS[:, None]) & (
        children.moved_out[None, :] > EVENT_MONDAYS[:, None]
    )
    possible = np.where(np.isin(iso_weeks(EVENT_MONDAYS), SHORT_WEEKS), 8, 10) * term
    exclusions = _exclusions(calibration, rng, children, hazards, known)
    suspended = np.zeros(on_roll.shape, dtype=np.uint8)
    weeks, who = exclusions["week"].to_numpy(), exclusions["child"].to_numpy()
    suspended[weeks, who] = np.minimum(exclusions["sessions"].to_numpy(), 4)
    tendency = rng.normal(0, figures["pupil_sd"], children.count).astype(np.float32)
    absent = _absent(figures, rng, children, needs, tendency, hazards.in_absence_run, on_roll, possible)
    share = _unauthorised_share(figures, needs)
    unauthorised = np.zeros(on_roll.shape, dtype=np.uint8)
    for week, sessions in enumerate(possible):
        absent[week] = np.minimum(absent[week], np.maximum(sessions - suspended[week].astype(np.int64), 0))
        unauthorised[week] = rng.binomial(absent[week], share)
    authorised = absent - unauthorised + suspended
    return School(possible, authorised, unauthorised, suspended, on_roll, exclusions)


def _absent(
    figures: dict[str, float],
    rng: np.random.Generator,
    children: Children,
    needs: Needs,
    tendency: Floats,
    in_run: npt.NDArray[np.bool_],
    on_roll: npt.NDArray[np.bool_],
    possible: Ints,
) -> npt.NDArray[np.uint8]:
    absent = np.zeros(on_roll.shape, dtype=np.uint8)
    for week in np.flatnonzero(possible):
        level = needs.levels[int(quarter_index(EVENT_MONDAYS[week : week + 1])[0])]
        group = school_year(EVENT_MONDAYS[week : week + 1])[0] - children.reception_year
        linear = np.float32(figures["intercept"]) + tendency + np.float32(figures["secondary"]) * (group >= 7)
        linear += (
            figures["social_emotional"] * level[:, SOCIAL_EMOTIONAL]
            + figures["adversity"] * level[:, ADVERSITY]
        )
        linear += (
            figures["communication"] * level[:, COMMUNICATION] + figures["physical"] * level[:, PHYSICAL]
        )
        rate = np.minimum(np.exp(linear) * rng.gamma(1.0, 1.0, children.count), figures["most_ordinary"])
        rate = np.where(in_run[week], rng.uniform(0.62, 1.0, children.count), rate)
        missed = rng.binomial(possible[week], rate)
        least = np.where(in_run[week], np.ceil(possible[week] * 0.6), 0)
        absent[week] = np.maximum(missed, least) * on_roll[week]
    return absent


def _unauthorised_share(figures: dict[str, float], needs: Needs) -> Floats:
    adversity = needs.levels[-6][:, ADVERSITY]
    return np.asarray(
        1 / (1 + np.exp(-(figures["unauthorised_intercept"] + 0.7 * adversity))), dtype=np.float32
    )


def _exclusions(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    hazards: Hazards,
    known: Identification,
) -> pl.DataFrame:
    """Each true suspension as a row: date, sessions, category, reason and the SEN provision on that day."""
    events = hazards.events.filter(pl.col("part") == SUSPENSION).sort("child", "week")
    times = rng.geometric(1 / calibration.number("suspension.per_event"), events.height).clip(1, 5)
    who, weeks = (events["child"].to_numpy().repeat(times), events["week"].to_numpy().repeat(times))
    first = np.append(
        True, np.repeat(np.arange(times.size), times)[1:] != np.repeat(np.arange(times.size), times)[:-1]
    )
    count = who.size
    permanent = rng.random(count) < calibration.number("permex.share_of_suspensions")
    sessions = np.where(permanent, 0, 2 * np.minimum(rng.geometric(0.45, count), 10))
    days = events["on"].to_numpy().repeat(times)
    days = np.where(first, days, days + rng.integers(1, 4, count).astype("timedelta64[D]"))
    provision = known.provision_on(days, who)
    reason = np.array(REASONS)[rng.choice(len(REASONS), count, p=np.array(REASON_SHARES))]
    resident = (children.moved_in[who] <= days) & (children.moved_out[who] > days)
    return pl.DataFrame(
        {
            "child": who,
            "week": weeks,
            "started_on": days,
            "sessions": sessions,
            "is_permanent": permanent,
            "reason": reason,
            "provision": provision.astype(np.int64),
        }
    ).filter(pl.Series(resident))


def yearly_absence(school: School, first: np.datetime64, last: np.datetime64) -> tuple[Floats, Ints]:
    """Share of sessions missed and sessions possible for each child between two days."""
    weeks = np.flatnonzero((first <= EVENT_MONDAYS) & (last >= EVENT_MONDAYS))
    missed = school.authorised[weeks].sum(axis=0, dtype=np.int64) + school.unauthorised[weeks].sum(
        axis=0, dtype=np.int64
    )
    possible = (school.on_roll[weeks] * school.possible[weeks, None]).sum(axis=0, dtype=np.int64)
    return (missed / np.maximum(possible, 1)).astype(np.float32), possible
