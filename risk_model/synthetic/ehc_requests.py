"""Stage 3, first part: requests for an EHC assessment, and the plans that follow many weeks later."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import (
    FIRST_EVENT_WEEK,
    Booleans,
    Days,
    Floats,
    age_years,
    quarter_of,
    week_of,
)
from risk_model.synthetic.needs import SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import LOOKED_AFTER, SocialCare

WEIGHED: Final = ("communication", "social_emotional", "physical", "cognition", "adversity")
NEVER: Final = np.datetime64("NaT", "D")
NOT_OF_AGE: Final = np.float32(-9)
NO_MORE_WITH_AGE: Final = 12
BISECTIONS: Final = 16
CLEARLY_ABOVE_MEAN: Final = 0.8
REVIEW_AGE: Final = 2
CAUGHT_UP_AGE: Final = 7


@dataclass(frozen=True)
class Plans:
    """When each child was asked for, when the plan starts and when it ends; NaT where it never does."""

    received: Days
    starts: Days
    ceases: Days
    requests: pl.DataFrame


def overlooked(
    figures: dict[str, float], children: Children, needs: Needs, missed_review: Booleans, on: np.datetime64
) -> Floats:
    """By how much a child's need is seen as smaller than it is: who is less often identified at equal need.

    Children who speak another language at home, girls with social-emotional need, the often ill, and, until some years
    after, those who missed the two-year review.
    """
    girl_in_need = (children.boy == 0) & (
        needs.levels[quarter_of(on)][:, SOCIAL_EMOTIONAL] > CLEARLY_ABOVE_MEAN
    )
    age = age_years(children.born, on)
    until_caught_up = np.clip((CAUGHT_UP_AGE - age) / (CAUGHT_UP_AGE - REVIEW_AGE), 0, 1)
    return np.asarray(
        figures["eal"] * (children.language != "ENG")
        + figures["girl_emotional"] * girl_in_need
        + figures["often_ill"] * needs.often_ill
        + figures["missed_review"] * missed_review * until_caught_up,
        dtype=np.float32,
    )


@dataclass(frozen=True)
class _Process:
    """What is drawn before the threshold is known."""

    days: Days
    highest: npt.NDArray[np.float32]
    agreed: Booleans
    lag: npt.NDArray[np.timedelta64]
    spread: npt.NDArray[np.timedelta64]
    lasts: npt.NDArray[np.timedelta64]
    adult: Days

    def at(self, threshold: float) -> tuple[Days, Days, Days]:
        """Requests, starts and ends if need above this threshold leads to a request."""
        above = self.highest >= threshold
        received = np.where(above[-1], self.days[np.argmax(above, axis=0)] - self.spread, NEVER)
        starts = np.where(self.agreed, received + self.lag, NEVER)
        return received, starts, np.minimum(starts + self.lasts, self.adult)


def request_plans(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    missed_review: Booleans,
    days: Days,
    reference: tuple[int, Booleans],
) -> Plans:
    """Plans by child; the threshold is solved so that the reference census has its share."""
    position, pupils = reference
    process = _process(calibration, rng, children, needs, social_care, missed_review, days, position)
    low, high = -3.0, 8.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        _, starts, ceases = process.at(middle)
        active = (starts <= days[position]) & (ceases > days[position])
        too_many = active[pupils].mean() > calibration.number("sen.prevalence.ehcp")
        low, high = (middle, high) if too_many else (low, middle)
    received, starts, ceases = process.at(high)
    return Plans(received, starts, ceases, _requests(rng, process.agreed, received, starts, ceases))


def _requests(
    rng: np.random.Generator, agreed: Booleans, received: Days, starts: Days, ceases: Days
) -> pl.DataFrame:
    who = np.flatnonzero(~np.isnat(received))
    decided = received + rng.integers(28, 50, received.size).astype("timedelta64[D]")
    columns = {"received_on": received, "decided_on": decided, "agreed": agreed}
    dated = columns | {"starts_on": starts, "ceases_on": ceases}
    return pl.DataFrame({"child": who} | {name: values[who] for name, values in dated.items()})


def _process(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    missed_review: Booleans,
    days: Days,
    position: int,
) -> _Process:
    figures = calibration.numbers("ehcp.identification")
    noise = rng.normal(0, figures["noise"], children.count).astype(np.float32)
    years = (days - days[position]).astype(np.float32) / 365.25
    drift = np.float32(figures["drift_per_year"]) * years
    liability = np.stack(
        [_liability(figures, children, needs, social_care, missed_review, on) for on in days]
    )
    weeks = rng.normal(figures["weeks_to_plan"], figures["weeks_to_plan_sd"], children.count).clip(14, 90)
    lasts = 365.25 * rng.exponential(figures["years_to_cease"], children.count)
    return _Process(
        days=days,
        highest=np.maximum.accumulate(liability + noise + drift[:, None], axis=0),
        agreed=rng.random(children.count) < calibration.number("ehcp.agreed_share"),
        lag=np.round(weeks * 7).astype("timedelta64[D]"),
        spread=rng.integers(0, 100, children.count).astype("timedelta64[D]"),
        lasts=np.round(lasts).astype("timedelta64[D]"),
        adult=children.adult,
    )


def _liability(
    figures: dict[str, float],
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    missed_review: Booleans,
    on: np.datetime64,
) -> Floats:
    in_care = social_care.states[max(week_of(on) - FIRST_EVENT_WEEK, 0)] == LOOKED_AFTER
    weights = np.array([figures[name] for name in WEIGHED], dtype=np.float32)
    linear = needs.levels[quarter_of(on)] @ weights + np.float32(figures["boy"]) * children.boy
    linear += np.float32(figures["looked_after"]) * in_care
    linear -= overlooked(figures, children, needs, missed_review, on)
    linear -= np.float32(figures["deprived"]) * (3 - children.quintile).astype(np.float32) / 2
    age = age_years(children.born, on)
    linear += np.float32(figures["age_slope"]) * np.minimum(age, np.float32(NO_MORE_WITH_AGE))
    return np.where((age > 2.5) & (age < 17), linear, NOT_OF_AGE).astype(np.float32)
