"""How many slots each review of a list offers, in every replicate: as planned, and as it may turn out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SUMMER_WEEKS: Final = (30, 35)
"""Weeks of the year, counted from 0, of the school summer holidays in England: six, from late July."""
SUMMER_SHARE: Final = 0.45
"""Slots of a summer week as a share of a usual one; ours, as in the invented cohort."""
STRIKE_WEEKS_A_YEAR: Final = 4
"""Ours, for a hard year: weeks in which no slot is offered at all, drawn anew in each replicate."""
CONTACTS_A_CLINICIAN: Final = 3.0
"""First contacts a week that one clinician more would offer; ours, to be corrected by whoever plans the service."""
FEWER_SHARE: Final = 0.8
MORE_CLINICIANS: Final = 2
"""The two questions of planners: a fifth of the slots lost, two clinicians more."""
WEEKS_A_YEAR: Final = 52.1775

AS_PLANNED = "as planned"
STRIKES_AND_SUMMER = "strikes and summer"
FEWER = "80 % of slots"
MORE = "two clinicians more"
NO_SUMMER = "a summer without slots"
CAPACITIES: Final = (AS_PLANNED, STRIKES_AND_SUMMER, FEWER, MORE, NO_SUMMER)


@dataclass(frozen=True)
class Pace:
    """The slots a week that a list is planned to have, review after review, and in which week of the year it starts."""

    per_review: Floats
    first_week_of_year: int


def offered(
    pace: Pace,
    capacity: str,
    replicates: int,
    rng: np.random.Generator,
    *,
    contacts_a_clinician: float = CONTACTS_A_CLINICIAN,
) -> Ints:
    """Return whole slots by replicate and review; parts of a slot are carried over (largest remainder).

    `capacity` is one of `CAPACITIES`. The draws of `rng` are the same number for each of them.
    """
    reviews = pace.per_review.size
    strikes = rng.random((replicates, reviews)) < STRIKE_WEEKS_A_YEAR / WEEKS_A_YEAR
    of_year = (pace.first_week_of_year + np.arange(reviews)) % WEEKS_A_YEAR
    summer = (of_year >= SUMMER_WEEKS[0]) & (of_year < SUMMER_WEEKS[1] + 1)
    planned = np.broadcast_to(pace.per_review, (replicates, reviews))
    if capacity == STRIKES_AND_SUMMER:
        planned = np.where(strikes, 0.0, planned * np.where(summer, SUMMER_SHARE, 1.0))
    elif capacity == FEWER:
        planned = FEWER_SHARE * planned
    elif capacity == MORE:
        planned = planned + MORE_CLINICIANS * contacts_a_clinician
    elif capacity == NO_SUMMER:
        planned = np.where(summer, 0.0, planned)
    return whole(planned)


def whole(planned: Floats) -> Ints:
    """Return whole numbers along each row whose running sums never fall behind the planned ones by one or more.

    >>> whole(np.array([[0.5, 0.5, 0.5, 0.5]])).tolist()
    [[0, 1, 0, 1]]
    """
    until = np.floor(np.cumsum(planned, axis=1) + 1e-9).astype(np.int64)
    return np.diff(until, axis=1, prepend=0)
