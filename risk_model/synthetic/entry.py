"""How long it takes until somebody enters what happened."""

from typing import Final

import numpy as np
import numpy.typing as npt

MOST_DAYS: Final = 270


def lags(
    rng: np.random.Generator, count: int, median: float, ninetieth: float
) -> npt.NDArray[np.timedelta64]:
    """Days from an event to its entry: log-normal with this median and 90th percentile."""
    sigma = np.log(ninetieth / median) / 1.2816
    days = np.minimum(rng.lognormal(np.log(median), sigma, count), MOST_DAYS)
    return np.asarray(np.round(days).astype(np.int64).astype("timedelta64[D]"))
