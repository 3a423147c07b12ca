"""The best that any estimate could do with what it may look at: fitted to the true risk itself, never to events.

The true risk has no noise of chance in it, so that far fewer children are needed than for a fit to events: where such a
reference does no better than the model, the model has found what there is to find in those columns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from risk_model.scorecard import Numbers

FOLDS = 5
ROUNDS = 120
SETTINGS = {"learning_rate": 0.07, "max_leaf_nodes": 8, "min_samples_leaf": 40, "l2_regularization": 1.0}
"""Interactions and falling tables are allowed, unlike in the model: the reference may be as flexible as it likes."""


def best_possible(
    columns: Numbers, true_risk: Numbers, children: npt.NDArray[np.int64], *, seed: int
) -> Numbers:
    """Return for each row the best estimate of its true risk from its columns, fitted on other children only.

    `columns` has a row per child and landmark, missing values as NaN; `children` tells rows of one child by a number.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    fold = np.random.default_rng(seed).permutation(int(children.max()) + 1)[children] % FOLDS
    found = np.empty(len(true_risk))
    for number in range(FOLDS):
        estimator = HistGradientBoostingRegressor(
            max_iter=ROUNDS, early_stopping=False, random_state=seed, **SETTINGS
        )
        with threadpool_limits(limits=1):
            estimator.fit(columns[fold != number], true_risk[fold != number])
        found[fold == number] = estimator.predict(columns[fold == number])
    lowest = true_risk[true_risk > 0].min(initial=1.0)
    return np.clip(found, lowest, true_risk.max())
