"""Stage 4, social care: referrals, assessments, plans and care in weekly steps, driven by adversity."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.causes import step_up_factor
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    FIRST_EVENT_WEEK,
    MONDAYS,
    Floats,
    Ints,
    age_years,
    quarter_index,
)
from risk_model.synthetic.needs import ADVERSITY, SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children

NONE: Final = 0
ASSESSMENT: Final = 1
CIN_PLAN: Final = 2
PROTECTION_PLAN: Final = 3
LOOKED_AFTER: Final = 4
SECTION_47: Final = 5

REFERRAL_WEEKDAY: Final = 0
ENQUIRY_WEEKDAY: Final = 1
CARE_WEEKDAY: Final = 2
PLAN_WEEKDAY: Final = 3
CLOSING_WEEKDAY: Final = 4
FIRST_DAY_OF_STEP: Final = {
    SECTION_47: ENQUIRY_WEEKDAY,
    PROTECTION_PLAN: ENQUIRY_WEEKDAY,
    LOOKED_AFTER: CARE_WEEKDAY,
    CIN_PLAN: PLAN_WEEKDAY,
}


@dataclass(frozen=True)
class SocialCare:
    """Episodes, spells in each state, enquiries, step-ups with their hazard, and states by week."""

    episodes: pl.DataFrame
    spells: pl.DataFrame
    enquiries: pl.DataFrame
    step_ups: pl.DataFrame
    states: npt.NDArray[np.uint8]
    step_up_hazard: npt.NDArray[np.float32]


class _Ledger:
    """What happened, as (child, week, code) rows gathered week by week."""

    def __init__(self) -> None:
        self.parts: list[tuple[Ints, int, Ints]] = []

    def add(self, who: Ints, week: int, code: Ints | int = 0) -> None:
        codes = np.broadcast_to(np.asarray(code, dtype=np.int64), who.shape)
        self.parts.append((who, week, codes))

    def frame(self) -> pl.DataFrame:
        who = np.concatenate([part[0] for part in self.parts])
        weeks = np.concatenate([np.full(part[0].size, part[1], dtype=np.int64) for part in self.parts])
        codes = np.concatenate([part[2] for part in self.parts])
        return pl.DataFrame({"child": who, "week": weeks, "code": codes})


def simulate(calibration: Calibration, seed: int, children: Children, needs: Needs) -> SocialCare:
    """Every child's way through social care from 2016 to the end of the horizon, a week at a time."""
    rng = stream(seed, "social_care")
    process = _Process(calibration, children, needs)
    changes, referrals, enquiries, step_ups = _Ledger(), _Ledger(), _Ledger(), _Ledger()
    states = np.zeros((EVENT_MONDAYS.size, children.count), dtype=np.uint8)
    hazards = np.zeros((EVENT_MONDAYS.size, children.count), dtype=np.float32)
    for week in range(MONDAYS.size):
        hazard = process.begin(week)
        if week >= FIRST_EVENT_WEEK:
            states[week - FIRST_EVENT_WEEK] = process.state
            hazards[week - FIRST_EVENT_WEEK] = hazard
        process.close_finished(rng, week, changes)
        process.refer(rng, week, referrals, changes)
        process.step_up(rng, week, hazard, (referrals, enquiries, step_ups, changes))
    episodes, spells = _histories(changes.frame(), referrals.frame())
    return SocialCare(episodes, spells, enquiries.frame(), step_ups.frame(), states, hazards)


class _Process:
    """The state of every child in the current week and the rates at which it changes."""

    def __init__(self, calibration: Calibration, children: Children, needs: Needs) -> None:
        self.calibration, self.children, self.needs = calibration, children, needs
        self.rates = calibration.numbers("csc.weekly_rates") | calibration.numbers("csc.council_rates")
        self.weights = calibration.numbers("csc.referral_weights")
        self.step_base = calibration.array("hazard.step_up.weekly_by_state")
        self.step_targets = np.cumsum(calibration.array("csc.step_up_targets"), axis=1)
        self.state = np.full(children.count, NONE, dtype=np.int64)
        self.assessment_ends = np.zeros(children.count, dtype=np.int64)
        self.last_closed = np.full(children.count, -1000, dtype=np.int64)
        self.referral_rate: Floats = np.zeros(children.count, dtype=np.float32)
        self.step_factor: Floats = np.zeros(children.count, dtype=np.float32)
        self.at_home = np.zeros(children.count, dtype=np.bool_)
        self.quarter = -1

    def begin(self, week: int) -> Floats:
        """Move to the week, refresh what depends on the quarter and give each child's hazard of a step-up."""
        monday = MONDAYS[week]
        quarter = int(quarter_index(np.array([monday]))[0])
        if quarter != self.quarter:
            self.quarter = quarter
            self._refresh()
        self.at_home = self.children.is_resident(monday)
        return np.where(
            self.children.born <= monday, self.step_base[self.state] * self.step_factor, 0
        ).astype(np.float32)

    def _refresh(self) -> None:
        level = self.needs.levels[self.quarter]
        adversity, emotional = level[:, ADVERSITY], level[:, SOCIAL_EMOTIONAL]
        age = age_years(self.children.born, MONDAYS[0]) + np.float32(self.quarter / 4)
        weights = self.weights
        linear = (
            weights["adversity"] * adversity
            + weights["social_emotional"] * emotional
            + weights["under_five"] * (age < 5)
            + weights["five_to_nine"] * ((age >= 5) & (age < 10))
            + weights["ten_to_fifteen"] * ((age >= 10) & (age < 16))
            + weights["sixteen"] * (age >= 16)
            + weights["poverty"] * self.needs.is_poor
        )
        self.referral_rate = (self.rates["referral"] * np.exp(linear)).astype(np.float32)
        self.step_factor = step_up_factor(self.calibration, level, self.needs.frailty)

    def close_finished(self, rng: np.random.Generator, week: int, changes: _Ledger) -> None:
        """End what comes to an end: assessments, plans and care, and whatever a child leaves behind."""
        draw = rng.random(self.state.size, dtype=np.float32)
        ends = np.array(
            [0, 0, self.rates["cin_end"], self.rates["cpp_end"], self.rates["cla_end"]], dtype=np.float32
        )
        done = (self.state == ASSESSMENT) & (self.assessment_ends <= week)
        done |= (self.state > ASSESSMENT) & (draw < ends[self.state])
        done |= (self.state > NONE) & ~self.at_home
        who = np.flatnonzero(done)
        stays_open = (self.state[who] >= PROTECTION_PLAN) & (rng.random(who.size) < self.rates["stays_open"])
        stays_open &= self.at_home[who]
        target = np.where(stays_open, ASSESSMENT, NONE)
        self.assessment_ends[who[stays_open]] = week + int(self.rates["open_weeks"])
        self.last_closed[who[~stays_open]] = week
        self.state[who] = target
        changes.add(who, week, target)

    def refer(self, rng: np.random.Generator, week: int, referrals: _Ledger, changes: _Ledger) -> None:
        """New referrals of children who are not open; more likely within a year of the last closure."""
        recent = np.where(
            week - self.last_closed < 52, np.float32(self.rates["re_referral_factor"]), np.float32(1)
        )
        draw = rng.random(self.state.size, dtype=np.float32)
        who = np.flatnonzero((self.state == NONE) & self.at_home & (draw < self.referral_rate * recent))
        self._open(rng, who, week, referrals)
        self.state[who] = ASSESSMENT
        changes.add(who, week, ASSESSMENT)

    def step_up(
        self,
        rng: np.random.Generator,
        week: int,
        hazard: Floats,
        ledgers: tuple[_Ledger, _Ledger, _Ledger, _Ledger],
    ) -> None:
        """Step-ups of the week: an enquiry, a plan or care, by the state each child was in."""
        referrals, enquiries, step_ups, changes = ledgers
        draw = rng.random(self.state.size, dtype=np.float32)
        who = np.flatnonzero(self.at_home & (draw < -np.expm1(-hazard)))
        kinds = (rng.random(who.size)[:, None] > self.step_targets[self.state[who]]).sum(axis=1)
        target = np.array([SECTION_47, CIN_PLAN, PROTECTION_PLAN, LOOKED_AFTER])[np.minimum(kinds, 3)]
        step_ups.add(who, week, target)
        unknown = who[self.state[who] == NONE]
        self._open(rng, unknown, week, referrals)
        self.state[unknown] = ASSESSMENT
        changes.add(unknown, week, ASSESSMENT)
        enquiries.add(who[(target == SECTION_47) | (target == PROTECTION_PLAN)], week)
        moves = target != SECTION_47
        self.state[who[moves]] = target[moves]
        changes.add(who[moves], week, target[moves])

    def _open(self, rng: np.random.Generator, who: Ints, week: int, referrals: _Ledger) -> None:
        quick = rng.random(who.size) < self.rates["no_further_action"]
        longest = int(self.rates["assessment_weeks_most"])
        weeks = np.where(quick, 1, rng.integers(int(self.rates["assessment_weeks_least"]), longest, who.size))
        self.assessment_ends[who] = week + weeks
        referrals.add(who, week, quick.astype(np.int64))


def _histories(changes: pl.DataFrame, referrals: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Episodes (referral to closure) and spells in each state, from the list of changes."""
    ordered = changes.with_row_index("order").sort("child", "week", "order")
    following = pl.col("week").shift(-1).over("child")
    spells = (
        ordered.with_columns(ends=following, next_code=pl.col("code").shift(-1).over("child"))
        .filter(pl.col("code") != NONE)
        .filter(pl.col("ends").is_null() | (pl.col("ends") > pl.col("week")))
        .select("child", "week", "code", "ends")
    )
    closures = ordered.filter(pl.col("code") == NONE).select("child", closes="week")
    episodes = (
        referrals.rename({"code": "quick"})
        .sort("week", "child", maintain_order=True)
        .join_asof(
            closures.sort("closes", "child"),
            left_on="week",
            right_on="closes",
            by="child",
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .sort("child", "week")
        .with_row_index("episode")
    )
    spells = spells.sort("week", "child").join_asof(
        episodes.select("child", "episode", opened="week").sort("opened", "child"),
        left_on="week",
        right_on="opened",
        by="child",
        strategy="backward",
        check_sortedness=False,
    )
    return episodes, spells.sort("child", "week")
