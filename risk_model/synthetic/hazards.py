"""Stage 9, the truth: weekly hazards of the four events for every child, and the events drawn from them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
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
from risk_model.synthetic.needs import ADVERSITY, NAMES, SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import FIRST_DAY_OF_STEP, SocialCare

URGENT: Final = "urgent_care"
SUSPENSION: Final = "suspension_or_exclusion"
ABSENCE: Final = "severe_absence"
STEP_UP: Final = "social_care_step_up"
PARTS: Final = (URGENT, SUSPENSION, ABSENCE, STEP_UP)
LAST_SCHOOL_YEAR: Final = 11


@dataclass(frozen=True)
class Hazards:
    """Weekly hazard by part (week x child), true events, and the weeks spent in a run of severe absence."""

    weekly: dict[str, npt.NDArray[np.float32]]
    events: pl.DataFrame
    in_absence_run: npt.NDArray[np.bool_]


def make_hazards(
    calibration: Calibration, seed: int, children: Children, needs: Needs, social_care: SocialCare
) -> Hazards:
    """Hazards of every child and week from 2023 to the end of the horizon, and the events drawn from them."""
    shock = _shock(calibration, children.count, social_care.episodes)
    term = is_term_week(EVENT_MONDAYS)
    weekly: dict[str, npt.NDArray[np.float32]] = {}
    for part in (URGENT, SUSPENSION, ABSENCE):
        weekly[part] = _hazard(calibration, part, children, needs, social_care, shock, term)
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
    return Hazards(weekly, together.with_columns(on=pl.Series(days)), in_run.weeks)


def in_school(children: Children, days: Days) -> Booleans:
    """True (day x child) from Reception to year 11."""
    group = school_year(days).astype(np.int16)[:, None] - children.reception_year.astype(np.int16)[None, :]
    return np.asarray((group >= 0) & (group <= LAST_SCHOOL_YEAR))


def risk_until(hazard: npt.NDArray[np.float32], on: np.datetime64, who: Ints) -> Floats:
    """The sum of hazard of some children over 26 weeks from a day; part weeks count by days."""
    start = (on - EVENT_MONDAYS[0]).astype(np.int64) / 7
    first, share = int(start), float(start - int(start))
    window = hazard[first : first + HORIZON_WEEKS + 1][:, who].astype(np.float64)
    weights = np.ones(window.shape[0])
    weights[0] -= share
    weights[-1] = share if window.shape[0] > HORIZON_WEEKS else 1.0
    return np.asarray(weights @ window, dtype=np.float32)


def _hazard(
    calibration: Calibration,
    part: str,
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    shock: npt.NDArray[np.float32],
    term: Booleans,
) -> npt.NDArray[np.float32]:
    """One part's weekly hazards, the base solved so that the population meets its yearly rate."""
    figures = calibration.numbers(f"hazard.{part}")
    at_risk = _born(children)
    if part in (SUSPENSION, ABSENCE):
        at_risk = at_risk & in_school(children, EVENT_MONDAYS) & term[:, None]
        at_risk &= np.stack([age_years(children.born, monday) >= 5 for monday in EVENT_MONDAYS])
    result = np.zeros(at_risk.shape, dtype=np.float32)
    for quarter in np.unique(quarter_index(EVENT_MONDAYS)):
        weeks = np.flatnonzero(quarter_index(EVENT_MONDAYS) == quarter)
        linear = _linear(figures, children, needs, int(quarter), EVENT_MONDAYS[weeks[0]])
        near = np.float32(figures["shock"]) * shock[weeks]
        near += np.float32(figures["in_social_care"]) * (social_care.states[weeks] > 0)
        result[weeks] = np.exp(linear[None, :] + near)
    result *= at_risk
    base = figures["per_100_years"] / 100 * at_risk.sum() / 52.18 / float(result.sum(dtype=np.float64))
    if part in (SUSPENSION, ABSENCE):
        base *= 52.18 / (term.sum() * 52.18 / term.size)
    result *= np.float32(base)
    return result


def _linear(
    figures: dict[str, float], children: Children, needs: Needs, quarter: int, monday: np.datetime64
) -> Floats:
    level = needs.levels[quarter]
    weights = np.array([figures[name] for name in NAMES], dtype=np.float32)
    joint = np.maximum(level[:, ADVERSITY], 0) * np.maximum(level[:, SOCIAL_EMOTIONAL], 0)
    age = age_years(children.born, monday)
    teenage = np.clip((age - 10) / 4, 0, 1)
    linear = (
        level @ weights
        + np.float32(figures["joint"]) * joint
        + np.float32(figures["frailty"]) * needs.frailty
    )
    linear += np.float32(figures["boy"]) * children.boy
    linear += teenage * (
        np.float32(figures["teenage"]) + np.float32(figures["teenage_girl"]) * (1 - children.boy)
    )
    linear += np.float32(figures["infant"]) * (age < 2)
    starts_secondary = school_year(np.array([monday]))[0] - children.reception_year == 7
    linear += np.float32(figures["year_7"]) * starts_secondary
    return np.asarray(np.minimum(linear, np.float32(figures["ceiling"])), dtype=np.float32)


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
