"""Stage 1, third part: the homes that are poor enough for free school meals."""

import numpy as np

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import Booleans
from risk_model.synthetic.population import Children


def on_free_meals(calibration: Calibration, seed: int, children: Children) -> Booleans:
    """True for children of poor homes; siblings share it, and it is commoner in deprived neighbourhoods."""
    shares = calibration.array("poverty.share_by_quintile")
    home = children.household - children.household.min()
    draw = stream(seed, "poverty").random(int(home.max()) + 1)
    return np.asarray(draw[home] < shares[children.quintile - 1])
