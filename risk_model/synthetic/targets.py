"""The calibration step: what a world measures, beside the figures it should meet."""

from statistics import NormalDist
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import calibration
from risk_model.synthetic.clock import FIRST_EVENT_WEEK, INDEX_DAY, Booleans, week_of
from risk_model.synthetic.hazards import PARTS, in_school, risk_until
from risk_model.synthetic.identification import EHC_PLAN, REFERENCE, SEN_SUPPORT
from risk_model.synthetic.school import yearly_absence
from risk_model.synthetic.social_care import LOOKED_AFTER, NONE, PROTECTION_PLAN
from risk_model.synthetic.truth import waiting_on
from risk_model.synthetic.world import World

YEAR_START: Final = np.datetime64("2024-09-01")
YEAR_END: Final = np.datetime64("2025-08-31")
COUNCIL_YEAR_END: Final = np.datetime64("2025-03-31")
PERSISTENT: Final = 0.1
FEWEST_SESSIONS: Final = 100
WEEKS_OF_A_YEAR: Final = 52


def compare(world: World) -> pl.DataFrame:
    """One row per target: value, tolerance at Plymouth size, what this world measures, whether it holds."""
    found = _sen(world) | _social_care(world) | _waits(world)
    rows = pl.DataFrame(calibration.targets()).select(
        "name", pl.col("value", "tolerance").cast(pl.Float64), "unit", "source"
    )
    measured = pl.DataFrame({"name": list(found), "found": list(found.values())})
    joined = rows.join(measured, on="name", how="left", maintain_order="left")
    return joined.with_columns(holds=(pl.col("found") - pl.col("value")).abs() <= pl.col("tolerance"))


def tetrachoric(first: Booleans, second: Booleans) -> float:
    """The correlation of two normal liabilities whose thresholds give these two claims and their overlap."""
    normal = NormalDist()
    one, two = (-normal.inv_cdf(float(claim.mean())) for claim in (first, second))
    above = np.linspace(one, one + 9, 4_001)
    density = np.exp(-(above**2) / 2) / np.sqrt(2 * np.pi)
    low, high = -0.95, 0.95
    for _ in range(30):
        middle = (low + high) / 2
        conditional = [normal.cdf(float(z)) for z in (middle * above - two) / np.sqrt(1 - middle**2)]
        joint = float(np.trapezoid(density * np.array(conditional), above))
        low, high = (middle, high) if joint < (first & second).mean() else (low, middle)
    return (low + high) / 2


def _sen(world: World) -> dict[str, float]:
    """Figures of pupils at the reference census and in its school year."""
    position = [name for name, _ in world.known.census].index(REFERENCE)
    on = world.known.census[position][1]
    pupils = in_school(world.children, np.array([on]))[0] & world.children.is_resident(on)
    provision = world.known.provision[position]
    plan, support = pupils & (provision == EHC_PLAN), pupils & (provision == SEN_SUPPORT)
    state = world.social_care.states[week_of(on) - FIRST_EVENT_WEEK]
    absence, possible = yearly_absence(world.school, YEAR_START, YEAR_END)
    counted = pupils & (possible > FEWEST_SESSIONS)
    in_year = pl.col("started_on").is_between(YEAR_START.astype(object), YEAR_END.astype(object))
    who = world.school.exclusions.filter(in_year)["child"].to_numpy()
    suspensions = np.bincount(who, minlength=world.children.count)
    return {
        "ehc_plan_share": float(plan.sum() / pupils.sum()),
        "sen_support_share": float(support.sum() / pupils.sum()),
        "boys_share_of_plans": float(world.children.boy[plan].mean()),
        "boys_share_of_support": float(world.children.boy[support].mean()),
        "plan_share_of_looked_after": float(plan[pupils & (state == LOOKED_AFTER)].mean()),
        "sen_social_care_correlation": tetrachoric((plan | support)[pupils], state[pupils] > NONE),
        "persistent_absence": float((absence >= PERSISTENT)[counted].mean()),
        "persistent_absence_with_plan": float((absence >= PERSISTENT)[counted & plan].mean()),
        "suspensions_per_100": 100 * float(suspensions[pupils].mean()),
        "suspensions_per_100_with_support": 100 * float(suspensions[support].mean()),
        "suspensions_per_100_with_plan": 100 * float(suspensions[plan].mean()),
    }


def _social_care(world: World) -> dict[str, float]:
    """Figures of all children at the end of the council's year."""
    residents = world.children.is_resident(COUNCIL_YEAR_END)
    last = week_of(COUNCIL_YEAR_END)
    state = world.social_care.states[last - FIRST_EVENT_WEEK][residents]
    earlier = pl.col("week").shift(1).over("child")
    referrals = world.social_care.episodes.sort("child", "week").with_columns(since=pl.col("week") - earlier)
    year = referrals.filter(pl.col("week").is_between(last - WEEKS_OF_A_YEAR, last))
    again = year.filter(pl.col("since") <= WEEKS_OF_A_YEAR).height
    return {
        "in_need_per_10000": 10_000 * float((state > NONE).mean()),
        "protection_plans_per_10000": 10_000 * float((state == PROTECTION_PLAN).mean()),
        "looked_after_per_10000": 10_000 * float((state == LOOKED_AFTER).mean()),
        "re_referral_share": again / year.height,
    }


def _waits(world: World) -> dict[str, float]:
    """Figures of the lists and of the children on them at the index date."""
    waiting = waiting_on(world, INDEX_DAY)
    lists = waiting.group_by("child").len().sort("child")
    who = lists["child"].to_numpy()
    total = np.sum([risk_until(world.hazards.weekly[part], INDEX_DAY, who) for part in PARTS], axis=0)
    weeks = (INDEX_DAY - waiting["on"].to_numpy()).astype(np.int64) / 7
    return {
        "open_waits_per_10000": 10_000 * waiting.height / int(world.children.is_resident(INDEX_DAY).sum()),
        "waits_for_two_or_more": float((lists["len"].to_numpy() > 1).mean()),
        "waits_over_a_year": float((weeks > WEEKS_OF_A_YEAR).mean()),
        "risk_26_weeks": float(-np.expm1(-total).mean()),
    }
