"""Stage 2, the latent needs: five correlated dimensions that drift by quarter, and an unseen frailty."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_model.synthetic import poverty
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import QUARTERS, Booleans, Floats
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


@dataclass(frozen=True)
class Needs:
    """Latent needs by quarter, child and dimension (`levels`), each child's frailty in log-hazard, and poor homes."""

    levels: npt.NDArray[np.float32]
    frailty: Floats
    is_poor: Booleans


def make_needs(calibration: Calibration, seed: int, children: Children) -> Needs:
    """Needs of every child in every quarter: a mean by sex, place and poverty, with AR(1) drift around it."""
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
        levels[quarter] = centre + drift
        drift = keep * drift + step * (rng.standard_normal((count, len(NAMES)), dtype=np.float32) @ root.T)
    frailty = rng.normal(0, calibration.number("latent.frailty_sd"), count).astype(np.float32)
    return Needs(levels, frailty, poor)


def _centre(calibration: Calibration, children: Children, poor: Booleans) -> npt.NDArray[np.float32]:
    by_boy = calibration.array("latent.boy_shift")
    by_quintile = calibration.array("latent.quintile_shift")
    slope = (3 - children.quintile).astype(np.float32) / np.float32(2)
    boy = children.boy.astype(np.float32) - np.float32(0.5)
    home = poor.astype(np.float32) - np.float32(calibration.number("poverty.share"))
    by_poverty = calibration.array("latent.poverty_shift")
    centre = boy[:, None] * by_boy + slope[:, None] * by_quintile + home[:, None] * by_poverty
    return np.asarray(centre, dtype=np.float32)
