"""Stage 2, the latent needs: five correlated dimensions that drift by quarter, and an unseen frailty."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_model.synthetic import poverty
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import INDEX_DAY, QUARTERS, Booleans, Floats, age_years
from risk_model.synthetic.population import Children

COMMUNICATION: Final = 0
SOCIAL_EMOTIONAL: Final = 1
PHYSICAL: Final = 2
COGNITION: Final = 3
ADVERSITY: Final = 4
EDUCATIONAL: Final = [COMMUNICATION, SOCIAL_EMOTIONAL, PHYSICAL, COGNITION]
NAMES: Final = (
    "communication",
    "social_emotional",
    "physical_sensory",
    "cognition_learning",
    "social_adversity",
)

OLDEST_YEARS: Final = 18
MIDDLE_AGE_YEARS: Final = np.float32(9)
DAYS_OF_A_YEAR: Final = 365.25


@dataclass(frozen=True)
class Needs:
    """Latent needs by quarter, child and dimension (`levels`), frailty in log-hazard, who is often ill, and poor homes.

    An often ill child is away from school more than others, and therefore less often noticed there.
    """

    levels: npt.NDArray[np.float32]
    frailty: Floats
    often_ill: Booleans
    is_poor: Booleans


def make_needs(calibration: Calibration, seed: int, children: Children) -> Needs:
    """Needs of every child in every quarter: a mean by sex, place, poverty and age, with AR(1) drift around it."""
    rng = stream(seed, "needs")
    root = np.linalg.cholesky(calibration.array("latent.correlation").astype(np.float64)).astype(np.float32)
    count = children.count
    keep = np.float32(calibration.number("latent.quarter_correlation"))
    step = np.float32(np.sqrt(1 - keep**2))
    poor = poverty.on_free_meals(calibration, seed, children)
    centre = _centre(calibration, children, poor)
    drift = rng.standard_normal((count, len(NAMES)), dtype=np.float32) @ root.T
    levels = np.empty((QUARTERS.size, count, len(NAMES)), dtype=np.float32)
    for quarter in range(QUARTERS.size):
        levels[quarter] = centre + _shift(calibration, children, QUARTERS[quarter]) + drift
        drift = keep * drift + step * (rng.standard_normal((count, len(NAMES)), dtype=np.float32) @ root.T)
    frailty = rng.normal(0, calibration.number("latent.frailty_sd"), count).astype(np.float32)
    often_ill = stream(seed, "needs.illness").random(count) < calibration.number("latent.often_ill_share")
    return Needs(levels, frailty, often_ill, poor)


def _centre(calibration: Calibration, children: Children, poor: Booleans) -> npt.NDArray[np.float32]:
    by_boy = calibration.array("latent.boy_shift")
    by_quintile = calibration.array("latent.quintile_shift")
    slope = (3 - children.quintile).astype(np.float32) / np.float32(2)
    boy = children.boy.astype(np.float32) - np.float32(0.5)
    home = poor.astype(np.float32) - np.float32(calibration.number("poverty.share"))
    by_poverty = calibration.array("latent.poverty_shift")
    centre = boy[:, None] * by_boy + slope[:, None] * by_quintile + home[:, None] * by_poverty
    return np.asarray(centre, dtype=np.float32)


def _shift(calibration: Calibration, children: Children, on: np.datetime64) -> npt.NDArray[np.float32]:
    """What age, and a change of the case mix over the year before the index date, add to the mean of each need."""
    age = np.clip(age_years(children.born, on), 0, OLDEST_YEARS) - MIDDLE_AGE_YEARS
    years_since = 1 - (INDEX_DAY - on).astype(np.float32) / np.float32(DAYS_OF_A_YEAR)
    changed = np.clip(years_since, 0, 1) * calibration.array("drift.needs_last_year")
    return np.asarray(age[:, None] * calibration.array("latent.age_shift") + changed, dtype=np.float32)
