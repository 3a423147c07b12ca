"""Stage 3, identification: who is recorded with SEN support or an EHC plan, and when; with its biases."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import Booleans, Days, Ints, age_years, census_dates, quarter_of, school_year
from risk_model.synthetic.ehc_requests import WEIGHED, overlooked, request_plans
from risk_model.synthetic.hazards import in_school
from risk_model.synthetic.needs import Needs
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import SocialCare

NO_SEN: Final = 0
SEN_SUPPORT: Final = 1
EHC_PLAN: Final = 2
REFERENCE: Final = "2025_spring"
BISECTIONS: Final = 14
FIRST_SECONDARY_GROUP: Final = 7


@dataclass(frozen=True)
class Identification:
    """SEN status by census (`provision`), and EHC requests with the plans that follow."""

    census: list[tuple[str, np.datetime64]]
    provision: npt.NDArray[np.uint8]
    requests: pl.DataFrame

    def provision_on(self, days: Days, who: Ints) -> npt.NDArray[np.uint8]:
        """The SEN status of each child at the census before each day."""
        dates = np.array([on for _, on in self.census])
        position = np.searchsorted(dates, days, side="right") - 1
        return np.asarray(self.provision[np.maximum(position, 0), who])


def identify(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    missed_review: Booleans,
) -> Identification:
    """What schools and the council record of SEN, with thresholds solved to January 2025."""
    census = census_dates()
    days = np.array([on for _, on in census])
    position = [name for name, _ in census].index(REFERENCE)
    pupils = in_school(children, days)
    reference = (position, np.asarray(pupils[position] & children.is_resident(days[position])))
    plan_rng = stream(seed, "identification.plans")
    plans = request_plans(calibration, plan_rng, children, needs, social_care, missed_review, days, reference)
    planned = (plans.starts[None, :] <= days[:, None]) & (plans.ceases[None, :] > days[:, None])
    support_rng = stream(seed, "identification.support")
    liability = _liability(calibration, support_rng, children, needs, missed_review, days)
    support = _support(calibration, liability, planned, days, reference)
    provision = np.where(planned, EHC_PLAN, np.where(support & pupils, SEN_SUPPORT, NO_SEN)).astype(np.uint8)
    return Identification(census, provision, plans.requests)


def _liability(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    needs: Needs,
    missed_review: Booleans,
    days: Days,
) -> npt.NDArray[np.float32]:
    """How ready a school is to record SEN support, less for whom it overlooks."""
    figures = calibration.numbers("sen.identification")
    weights = np.array([figures[name] for name in WEIGHED], dtype=np.float32)
    steady = rng.normal(0, figures["noise"], children.count).astype(np.float32)
    steady += np.float32(figures["boy"]) * children.boy
    rows = []
    for on in days:
        level = needs.levels[quarter_of(on)]
        years_off_peak = np.abs(age_years(children.born, on) - np.float32(figures["peak_age"]))
        noise = rng.normal(0, figures["term_noise"], children.count).astype(np.float32)
        linear = level @ weights + steady + noise - np.float32(figures["age_slope"]) * years_off_peak
        linear -= np.float32(figures["secondary"]) * (school_group(children, on) >= FIRST_SECONDARY_GROUP)
        rows.append(linear - overlooked(figures, children, needs, missed_review, on))
    return np.stack(rows)


def _support(
    calibration: Calibration,
    liability: npt.NDArray[np.float32],
    planned: npt.NDArray[np.bool_],
    days: Days,
    reference: tuple[int, Booleans],
) -> npt.NDArray[np.bool_]:
    """SEN support by census: it starts above a solved threshold and ends only well below it."""
    figures = calibration.numbers("sen.identification")
    position, pupils = reference
    years = (days - days[position]).astype(np.float32) / 365.25
    drifted = liability + np.float32(figures["drift_per_year"]) * years[:, None]
    low, high = -3.0, 6.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        supported = _hysteresis(drifted[: position + 1], middle, figures["hysteresis"])[-1]
        too_many = (supported & ~planned[position])[pupils].mean() > calibration.number(
            "sen.prevalence.support"
        )
        low, high = (middle, high) if too_many else (low, middle)
    return _hysteresis(drifted, high, figures["hysteresis"])


def _hysteresis(liability: npt.NDArray[np.float32], threshold: float, gap: float) -> npt.NDArray[np.bool_]:
    rows = [liability[0] > threshold]
    for row in liability[1:]:
        rows.append((row > threshold) | (rows[-1] & (row > threshold - gap)))
    return np.stack(rows)


def school_group(children: Children, on: np.datetime64) -> Ints:
    """Year group on a day: 0 for Reception, 1 for Year 1 and so on."""
    return np.asarray(school_year(np.array([on]))[0] - children.reception_year)
