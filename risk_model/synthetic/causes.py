"""Stage 9, first part: what raises and lowers the log-hazard of each event, cause by cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_model.synthetic import waits
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    Days,
    Floats,
    Ints,
    age_years,
    iso_weeks,
    quarter_index,
    school_year,
)
from risk_model.synthetic.needs import ADVERSITY, EDUCATIONAL, NAMES, SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children
from risk_model.synthetic.waits import Waits

URGENT: Final = "urgent_care"
SUSPENSION: Final = "suspension_or_exclusion"
ABSENCE: Final = "severe_absence"
STEP_UP: Final = "social_care_step_up"
PARTS: Final = (URGENT, SUSPENSION, ABSENCE, STEP_UP)

AGE_SEX_SEASON: Final = "age_sex_season"
NEED: Final = "needs"
JOINT_NEED: Final = "joint_need"
SOCIAL_CARE: Final = "social_care"
WAIT: Final = "wait"
TRANSITION: Final = "transition"
FRAILTY: Final = "frailty"
CAUSES: Final = (NEED, JOINT_NEED, SOCIAL_CARE, WAIT, TRANSITION, FRAILTY)
"""What a child's hazard is put down to; what is left is the base: age, sex and season."""

COLDEST_ISO_WEEK: Final = 3
EVERYONE: Final = slice(None)
Who = Ints | slice
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Drivers:
    """What drives the hazards: needs by quarter, social care and its shocks by week, waits by week."""

    children: Children
    needs: Needs
    states: npt.NDArray[np.uint8]
    shock: Matrix
    waits: Waits


def by_cause(
    calibration: Calibration, part: str, drivers: Drivers, weeks: Ints, who: Who, waited: Waits
) -> dict[str, Matrix]:
    """What each cause, and age, sex and season, add to the log-hazard of a part in some weeks (rows).

    The weeks must lie in one quarter. `waited` has a row per week and a column per child: the waits as they were, or as
    they would have been.
    """
    monday = EVENT_MONDAYS[weeks[0]]
    quarter = int(quarter_index(np.array([monday]))[0])
    level = drivers.needs.levels[quarter][who]
    frailty = drivers.needs.frailty[who]
    factor = calibration.number("hazard.joint_factor")
    if part == STEP_UP:
        terms = _of_step_up(calibration, level, frailty, factor)
        by_state = np.log(calibration.array("hazard.step_up.weekly_by_state"))
        terms[SOCIAL_CARE] = (by_state - by_state[0]).astype(np.float32)[drivers.states[weeks][:, who]]
        return terms
    figures = calibration.numbers(f"hazard.{part}")
    terms = _lasting(figures, drivers.children, level, frailty, (monday, who), factor)
    terms[NEED] = terms[NEED] + (figures["poverty"] * drivers.needs.is_poor[who]).astype(np.float32)
    season = _season(calibration.numbers("hazard.winter")[part], EVENT_MONDAYS[weeks])
    terms[AGE_SEX_SEASON] = terms[AGE_SEX_SEASON] + season[:, None]
    in_social_care = (drivers.states[weeks][:, who] > 0).astype(np.float32)
    terms[SOCIAL_CARE] = (
        figures["shock"] * drivers.shock[weeks][:, who] + figures["in_social_care"] * in_social_care
    ).astype(np.float32)
    eta = calibration.numbers("hazard.wait_effect")[part]
    terms[WAIT] = waits.log_factor(eta, waited.weeks, level[:, EDUCATIONAL].max(axis=1))
    seen_factor = calibration.number("hazard.seen_factor")
    if seen_factor != 1:
        seen = waited.seen(weeks, EVERYONE).astype(np.float32)
        terms[WAIT] = terms[WAIT] + np.float32(np.log(seen_factor)) * seen
    return terms


def step_up_factor(calibration: Calibration, level: Matrix, frailty: Floats) -> Floats:
    """By how much a child's needs and frailty multiply the hazard of a step-up in every state of social care."""
    terms = _of_step_up(calibration, level, frailty, calibration.number("hazard.joint_factor"))
    return np.asarray(np.exp(sum(terms.values())), dtype=np.float32)


def joint_need(level: Matrix) -> Floats:
    """Adversity together with social-emotional need, each as far as it is above the mean."""
    return np.maximum(level[:, ADVERSITY], 0) * np.maximum(level[:, SOCIAL_EMOTIONAL], 0)


def _of_step_up(calibration: Calibration, level: Matrix, frailty: Floats, factor: float) -> dict[str, Matrix]:
    weights = calibration.numbers("hazard.step_up.weights")
    terms = {
        NEED: np.float32(weights["adversity"]) * level[:, ADVERSITY]
        + np.float32(weights["social_emotional"]) * level[:, SOCIAL_EMOTIONAL],
        JOINT_NEED: np.float32(factor * weights["joint"]) * joint_need(level),
        FRAILTY: np.float32(weights["frailty"]) * frailty,
    }
    return _below_ceiling(terms, weights["ceiling"])


def _lasting(
    figures: dict[str, float],
    children: Children,
    level: Matrix,
    frailty: Floats,
    when: tuple[np.datetime64, Who],
    factor: float,
) -> dict[str, Matrix]:
    """What stays the same for a quarter, by child; together it cannot pass the ceiling."""
    monday, who = when
    born, boy = children.born[who], children.boy[who]
    age = age_years(born, monday)
    weights = np.array([figures[name] for name in NAMES], dtype=np.float32)
    teenage = np.clip((age - 10) / 4, 0, 1)
    starts_secondary = school_year(np.array([monday]))[0] - children.reception_year[who] == 7
    terms = {
        NEED: level @ weights,
        JOINT_NEED: np.float32(factor * figures["joint"]) * joint_need(level),
        FRAILTY: np.float32(figures["frailty"]) * frailty,
        TRANSITION: np.float32(figures["year_7"]) * starts_secondary
        + np.float32(figures["sixteen"]) * ((age >= 16) & (age < 16.5))
        + np.float32(figures["eighteen"]) * ((age >= 17.5) & (age < 18)),
        AGE_SEX_SEASON: np.float32(figures["boy"]) * boy
        + teenage * (np.float32(figures["teenage"]) + np.float32(figures["teenage_girl"]) * (1 - boy))
        + np.float32(figures["infant"]) * (age < 2),
    }
    terms = {cause: np.asarray(term, dtype=np.float32) for cause, term in terms.items()}
    return _below_ceiling(terms, figures["ceiling"])


def _below_ceiling(terms: dict[str, Matrix], ceiling: float) -> dict[str, Matrix]:
    """The same terms, made smaller in proportion where they would come to more than the ceiling."""
    total = np.maximum(sum(terms.values()), np.float32(1e-6))
    share = np.minimum(np.float32(ceiling) / total, 1).astype(np.float32)
    return {cause: term * share for cause, term in terms.items()}


def _season(winter: float, mondays: Days) -> Floats:
    """More in winter, less in summer: a wave over the year."""
    turn = 2 * np.pi * (iso_weeks(mondays) - COLDEST_ISO_WEEK) / 52
    return (winter * np.cos(turn)).astype(np.float32)
