"""Stage 9, the truth: weekly hazards of the four events for every child, and the events drawn from them.

What a hazard is made of is in `causes`. A step-up in social care is drawn with stage 4 and is not raised by the wait.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic import waits
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.causes import (
    ABSENCE,
    EVERYONE,
    PARTS,
    STEP_UP,
    SUSPENSION,
    URGENT,
    Drivers,
    by_cause,
)
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    FIRST_EVENT_WEEK,
    HORIZON_WEEKS,
    Booleans,
    Days,
    Floats,
    Ints,
    age_years,
    is_term_week,
    quarter_index,
    school_year,
)
from risk_model.synthetic.needs import Needs
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import FIRST_DAY_OF_STEP, SocialCare
from risk_model.synthetic.waits import Waits

__all__ = [
    "ABSENCE",
    "PARTS",
    "STEP_UP",
    "SUSPENSION",
    "URGENT",
    "Hazards",
    "in_school",
    "make_hazards",
    "risk_until",
    "window",
]

WEEKS_OF_A_YEAR: Final = 52.18
LAST_SCHOOL_YEAR: Final = 11


@dataclass(frozen=True)
class Hazards:
    """Weekly hazard by part (week x child) and what drove it, true events, and weeks in a run of severe absence."""

    weekly: dict[str, npt.NDArray[np.float32]]
    drivers: Drivers
    events: pl.DataFrame
    in_absence_run: npt.NDArray[np.bool_]


def make_hazards(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    referrals: pl.DataFrame,
) -> Hazards:
    """Hazards of every child and week from 2023 to the end of the horizon, and the events drawn from them."""
    shock = _shock(calibration, children.count, social_care.episodes)
    waited = waits.gather(referrals, children.count)
    drivers = Drivers(children, needs, social_care.states, shock, waited)
    term = is_term_week(EVENT_MONDAYS)
    weekly: dict[str, npt.NDArray[np.float32]] = {}
    for part in (URGENT, SUSPENSION, ABSENCE):
        weekly[part] = _hazard(calibration, part, drivers, term)
    weekly[STEP_UP] = social_care.step_up_hazard
    in_run, absence = _absence_runs(calibration, stream(seed, f"hazards.{ABSENCE}"), weekly[ABSENCE], term)
    weekly[ABSENCE][in_run.starts_blocked] = 0
    if calibration.number("hazard.constant_total"):
        others = weekly[SUSPENSION] + weekly[ABSENCE] + weekly[STEP_UP]
        weekly[URGENT] = np.maximum(np.float32(calibration.number("hazard.constant_total")) - others, 0)
        weekly[URGENT] *= _born(children)
    drawn = {part: _draw(stream(seed, f"hazards.{part}"), weekly[part]) for part in (URGENT, SUSPENSION)}
    events = [_frame(part, who, weeks) for part, (who, weeks) in drawn.items()]
    events.append(absence.with_columns(part=pl.lit(ABSENCE), weekday=pl.lit(0, pl.Int64)))
    events.append(_step_up_events(social_care))
    together = pl.concat(events).sort("child", "week", "part")
    days = EVENT_MONDAYS[together["week"].to_numpy()] + together["weekday"].to_numpy().astype(
        "timedelta64[D]"
    )
    return Hazards(weekly, drivers, together.with_columns(on=pl.Series(days)), in_run.weeks)


def in_school(children: Children, days: Days) -> Booleans:
    """True (day x child) from Reception to year 11."""
    group = school_year(days).astype(np.int16)[:, None] - children.reception_year.astype(np.int16)[None, :]
    return np.asarray((group >= 0) & (group <= LAST_SCHOOL_YEAR))


def window(on: np.datetime64) -> tuple[Ints, npt.NDArray[np.float64]]:
    """The weeks that 26 weeks from a day touch, and how much of each lies in them."""
    start = (on - EVENT_MONDAYS[0]).astype(np.int64) / 7
    first, share = int(start), float(start - int(start))
    weeks = np.arange(first, min(first + HORIZON_WEEKS + 1, EVENT_MONDAYS.size))
    weights = np.ones(weeks.size)
    weights[0] -= share
    weights[-1] = share if weeks.size > HORIZON_WEEKS else 1.0
    return weeks, weights


def risk_until(hazard: npt.NDArray[np.float32], on: np.datetime64, who: Ints) -> Floats:
    """The sum of hazard of some children over 26 weeks from a day; part weeks count by days."""
    weeks, weights = window(on)
    return np.asarray(weights @ hazard[weeks][:, who].astype(np.float64), dtype=np.float32)


def _hazard(calibration: Calibration, part: str, drivers: Drivers, term: Booleans) -> npt.NDArray[np.float32]:
    """One part's weekly hazards, the base solved so that the population meets its yearly rate."""
    children, waited = drivers.children, drivers.waits
    at_risk = _born(children)
    if part in (SUSPENSION, ABSENCE):
        at_risk = at_risk & in_school(children, EVENT_MONDAYS) & term[:, None]
        at_risk &= np.stack([age_years(children.born, monday) >= 5 for monday in EVENT_MONDAYS])
    result = np.zeros(at_risk.shape, dtype=np.float32)
    quarters = quarter_index(EVENT_MONDAYS)
    for quarter in np.unique(quarters):
        weeks = np.flatnonzero(quarters == quarter)
        then = Waits(waited.weeks[weeks], waited.first_seen)
        result[weeks] = np.exp(sum(by_cause(calibration, part, drivers, weeks, EVERYONE, then).values()))
    result *= at_risk
    yearly = calibration.numbers(f"hazard.{part}")["per_100_years"]
    base = yearly / 100 * at_risk.sum() / WEEKS_OF_A_YEAR / float(result.sum(dtype=np.float64))
    if part in (SUSPENSION, ABSENCE):
        base *= term.size / term.sum()
    result *= np.float32(base)
    return result


def _shock(calibration: Calibration, count: int, episodes: pl.DataFrame) -> npt.NDArray[np.float32]:
    """How near to a social-care referral each child-week is (0 to 1): rises before, decays after."""
    rise, decay = (
        int(calibration.number("hazard.shock.weeks_before")),
        int(calibration.number("hazard.shock.weeks_after")),
    )
    shock = np.zeros((EVENT_MONDAYS.size, count), dtype=np.float32)
    who = episodes["child"].to_numpy()
    weeks = episodes["week"].to_numpy() - FIRST_EVENT_WEEK
    for offset in range(-rise, decay + 1):
        height = 1 + offset / (rise + 1) if offset < 0 else 1 - offset / (decay + 1)
        at = weeks + offset
        inside = (at >= 0) & (at < EVENT_MONDAYS.size)
        np.maximum.at(shock, (at[inside], who[inside]), np.float32(height))
    return shock


@dataclass(frozen=True)
class _Runs:
    weeks: npt.NDArray[np.bool_]
    starts_blocked: npt.NDArray[np.bool_]


def _absence_runs(
    calibration: Calibration, rng: np.random.Generator, hazard: npt.NDArray[np.float32], term: Booleans
) -> tuple[_Runs, pl.DataFrame]:
    """Runs of severe absence in term weeks: none starts while another lasts or in the weeks just after it."""
    shortest = int(calibration.number("absence.run_weeks_least"))
    longer = calibration.number("absence.run_weeks_longer_mean")
    left = np.zeros(hazard.shape[1], dtype=np.int64)
    weeks = np.zeros(hazard.shape, dtype=np.bool_)
    blocked = np.zeros(hazard.shape, dtype=np.bool_)
    starts = []
    for week in np.flatnonzero(term):
        blocked[week] = left > 0
        draw = rng.random(hazard.shape[1], dtype=np.float32)
        who = np.flatnonzero((left <= 0) & (draw < -np.expm1(-hazard[week])))
        length = shortest + rng.geometric(1 / (1 + longer), who.size) - 1
        left[who] = length + 2
        starts.append(pl.DataFrame({"child": who, "week": np.full(who.size, week), "length": length}))
        weeks[week] = left > 2
        left -= 1
    return _Runs(weeks, blocked), pl.concat(starts)


def _draw(rng: np.random.Generator, hazard: npt.NDArray[np.float32]) -> tuple[Ints, Ints]:
    count = hazard.shape[1]
    by_week = [np.flatnonzero(rng.random(count, dtype=np.float32) < -np.expm1(-week)) for week in hazard]
    weeks = np.repeat(np.arange(len(by_week)), [who.size for who in by_week])
    return np.concatenate(by_week), weeks


def _frame(part: str, who: Ints, weeks: Ints) -> pl.DataFrame:
    nothing = np.zeros(who.size, dtype=np.int64)
    weekday = (who + weeks) % 5
    return pl.DataFrame({"child": who, "week": weeks, "length": nothing}).with_columns(
        part=pl.lit(part), weekday=pl.Series(weekday)
    )


def _step_up_events(social_care: SocialCare) -> pl.DataFrame:
    """Step-ups inside the window, on the weekday that social care gives to that kind of start."""
    steps = social_care.step_ups.filter(pl.col("week") >= FIRST_EVENT_WEEK)
    return steps.select(
        "child",
        pl.col("week") - FIRST_EVENT_WEEK,
        length=pl.lit(0, pl.Int64),
        part=pl.lit(STEP_UP),
        weekday=pl.col("code").replace_strict(FIRST_DAY_OF_STEP, return_dtype=pl.Int64),
    )


def _born(children: Children) -> Booleans:
    return np.asarray(children.born[None, :] <= EVENT_MONDAYS[:, None])
