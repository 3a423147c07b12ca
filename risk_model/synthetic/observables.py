"""What could be known of a child without gap, slip or delay: the truth of everything that systems record.

Sex, deprivation, language and ethnicity are left out, as they are out of the model: the distance between this and the
records is then what recording costs, and not what the choice of predictors costs.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.causes import URGENT
from risk_model.synthetic.clock import EVENT_MONDAYS, EVENTS_START, FIRST_EVENT_WEEK, MONDAYS, Ints, age_years
from risk_model.synthetic.csds_records import NOT_BROUGHT_CODES
from risk_model.synthetic.identification import EHC_PLAN, NO_SEN
from risk_model.synthetic.need_types import NEED_TYPES
from risk_model.synthetic.referrals import URGENT as URGENT_PRIORITY
from risk_model.synthetic.referrals import services
from risk_model.synthetic.social_care import ASSESSMENT, CIN_PLAN, LOOKED_AFTER, PROTECTION_PLAN
from risk_model.synthetic.world import World

Facts = dict[str, npt.NDArray[Any]]

SPANS: Final = {"3_months": 91, "6_months": 182, "12_months": 365}
LOW_DEVELOPMENT_SCORE: Final = 30
"""Out of 60: about the cut-off of the ASQ-3 for a referral."""
LONG_AGO_WEEKS: Final = 260
"""Five years: from then on a referral to social care is as good as none."""
WEEK: Final = np.timedelta64(7, "D")


def on_day(calibration: Calibration, world: World, on: np.datetime64, who: Ints) -> pl.DataFrame:
    """A row per child asked for: `child_id`, `on` and the true value of what systems record."""
    age: Facts = {"age_years": age_years(world.children.born[who], on)}
    facts = (
        age
        | _waiting(calibration, world, on, who)
        | _social_care(world, on, who)
        | _school(world, on, who)
        | _events(world, on, who)
    )
    keys = pl.DataFrame({"child_id": world.children.child_id[who], "on": np.full(who.size, on)})
    return keys.with_columns(
        **{name: pl.Series(np.asarray(fact, dtype=np.float32)) for name, fact in facts.items()}
    )


def _waiting(calibration: Calibration, world: World, on: np.datetime64, who: Ints) -> Facts:
    count = world.children.count
    referrals, day = world.queues.referrals, on.astype(object)
    out = pl.coalesce("seen_on", "ended_on")
    known = referrals.filter(pl.col("on") <= day)
    waiting = known.filter(out.is_null() | (out > day))
    lines = services(calibration, world.council)
    kind = pl.Series([line.service_id.split("-", 1)[1] for line in lines], dtype=pl.String)
    named = waiting.with_columns(kind=pl.lit(kind).gather(pl.col("service")))
    row = world.hazards.drivers.waits.weeks[(on - EVENTS_START) // WEEK, who]
    earlier = known.filter(out <= day)
    contacts = world.queues.contacts.join(referrals.select("service", "row", "child"), on=("service", "row"))
    missed = contacts.filter(pl.col("attendance").is_in(NOT_BROUGHT_CODES))
    found: Facts = {
        "longest_wait_weeks": row,
        "services_waited_for": _count(waiting, count)[who],
        "marked_urgent": _count(waiting.filter(pl.col("priority") == URGENT_PRIORITY), count)[who] > 0,
        "earlier_referrals_12_months": _count(_within(earlier, "on", on, 365), count)[who],
        "not_brought_12_months": _count(_within(missed, "on", on, 365), count)[who],
    }
    for name in kind.unique().sort():
        found[f"waits_for_{name.replace('-', '_')}"] = (
            _count(named.filter(pl.col("kind") == name), count)[who] > 0
        )
    return found


def _social_care(world: World, on: np.datetime64, who: Ints) -> Facts:
    count, care = world.children.count, world.social_care
    week = int((on - EVENTS_START) // WEEK)
    state = care.states[week, who]
    so_far = care.episodes.filter(pl.col("week") <= week + FIRST_EVENT_WEEK)
    latest = np.full(count, -MONDAYS.size)
    np.maximum.at(latest, so_far["child"].to_numpy(), so_far["week"].to_numpy())
    weeks = pl.col("week").is_between(week + FIRST_EVENT_WEEK - 52, week + FIRST_EVENT_WEEK)
    half = pl.col("week") > week + FIRST_EVENT_WEEK - 26
    return {
        "known_to_social_care": state >= ASSESSMENT,
        "social_care_plan": state >= CIN_PLAN,
        "protection_plan": state == PROTECTION_PLAN,
        "looked_after": state == LOOKED_AFTER,
        "weeks_since_social_care_referral": np.minimum(week + FIRST_EVENT_WEEK - latest, LONG_AGO_WEEKS)[who],
        "social_care_referrals_12_months": _count(so_far.filter(weeks), count)[who],
        "section47_12_months": _count(care.enquiries.filter(weeks), count)[who],
        "section47_6_months": _count(care.enquiries.filter(weeks & half), count)[who],
        "step_ups_12_months": _count(care.step_ups.filter(weeks), count)[who],
    }


def _school(world: World, on: np.datetime64, who: Ints) -> Facts:
    count, school, known = world.children.count, world.school, world.known
    provision = known.provision_on(np.full(who.size, on), who)
    asked = known.requests.filter(
        (pl.col("received_on") <= on.astype(object))
        & ~(pl.col("starts_on") <= on.astype(object)).fill_null(False)
    )
    found: Facts = {
        "has_ehc_plan": provision == EHC_PLAN,
        "sen_support_or_plan": provision > NO_SEN,
        "ehc_assessment_in_progress": _count(_within(asked, "received_on", on, 365), count)[who] > 0,
    }
    springs = [name for name, day in known.census if name.endswith("spring") and day <= on]
    named = world.named_needs.filter(pl.col("census") == springs[-1])
    for need in NEED_TYPES:
        found[f"need_{need.lower()}"] = _count(named.filter(pl.col("need") == need), count)[who] > 0
    for name, days in SPANS.items():
        weeks = np.flatnonzero(
            (on - np.timedelta64(days, "D") <= EVENT_MONDAYS) & (on >= EVENT_MONDAYS + WEEK)
        )
        missed = (school.authorised[weeks][:, who].astype(np.int64) + school.unauthorised[weeks][:, who]).sum(
            axis=0
        )
        possible = (school.on_roll[weeks][:, who] * school.possible[weeks, None]).sum(axis=0)
        found[f"absence_share_{name}"] = missed / np.maximum(possible, 1)
        found[f"suspensions_{name}"] = _count(_within(school.exclusions, "started_on", on, days), count)[who]
    mostly = school.authorised[weeks][:, who] + school.unauthorised[weeks][:, who] >= 5
    found["weeks_mostly_absent_12_months"] = mostly.sum(axis=0)
    return found


def _events(world: World, on: np.datetime64, who: Ints) -> Facts:
    count = world.children.count
    found: Facts = {}
    visits = world.hazards.events.filter(pl.col("part") == URGENT)
    for name, days in SPANS.items():
        found[f"urgent_care_{name}"] = _count(_within(visits, "on", on, days), count)[who]
    scores = world.asq.filter(pl.col("score") < LOW_DEVELOPMENT_SCORE).join(
        world.checks.filter(pl.col("on") <= on.astype(object)), on="check"
    )
    found["low_development_scores"] = _count(scores, count)[who]
    return found


def _within(frame: pl.DataFrame, column: str, on: np.datetime64, days: int) -> pl.DataFrame:
    """The rows dated within some days up to and including a day."""
    first = on - np.timedelta64(days, "D")
    return frame.filter(pl.col(column).is_between(first.astype(object), on.astype(object), closed="right"))


def _count(frame: pl.DataFrame, count: int) -> Ints:
    """How many rows each child has."""
    return np.bincount(frame["child"].to_numpy(), minlength=count)
