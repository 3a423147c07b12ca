"""Stage 10, recording: what each partner's system holds of each child, gaps and slips included."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import councils, lives, slips
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    EVENTS_START,
    INDEX_DATE,
    Booleans,
    Days,
    Ints,
    Strings,
    school_year,
)
from risk_model.synthetic.hazards import LAST_SCHOOL_YEAR
from risk_model.synthetic.identification import EHC_PLAN
from risk_model.synthetic.identities import AtAdoption, Identity, System, identities
from risk_model.synthetic.lives import Lives
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import LOOKED_AFTER
from risk_model.synthetic.world import World

HEALTH_ETHNICITY: Final = np.array(["A", "C", "H", "J", "N", "M", "F", "S"])
SCHOOL_ETHNICITY: Final = np.array(["WBRI", "WOTH", "AIND", "APKN", "BAFR", "BCRB", "MWAS", "OOTH"])
HEALTH_LANGUAGE: Final = {"ENG": "en", "POL": "pl", "ARA": "ar", "ROM": "ro", "KUR": "ku"}
SEN_UPN_MISSING: Final = 0.02
PRIMARY, SECONDARY, SPECIAL = range(3)


@dataclass(frozen=True)
class Records:
    """The same children as their providers, schools and council know them."""

    health: dict[str, Identity]
    school: Identity
    social_care: Identity
    sen: Identity
    lives: Lives
    changes_school_in_care: Booleans
    is_flagged: Booleans
    suits_special_school: Booleans

    @property
    def is_placed_far(self) -> Booleans:
        """Whether a child, when in care, is placed too far away for anyone here to hear of its school."""
        return self.lives.placements.is_far


def record(calibration: Calibration, seed: int, world: World) -> Records:
    """Each system's identities, made with that system's own slips."""
    children = world.children
    rng = stream(seed, "recording")
    life = lives.follow(calibration, seed, children, world.social_care)
    prefixes = councils.patient_prefixes()
    untraced = calibration.number("record.nhs_number_missing")
    no_upn = calibration.number("record.upn_missing_social_care")

    referred = _last_referred(world)

    def known_to(name: str, prefix: str, missing: float, at_adoption: AtAdoption) -> Identity:
        system = System(name, prefix, missing, at_adoption, referred)
        return identities(calibration, seed, children, life, system)

    special = rng.random(children.count) < calibration.number("school.special_share_of_plans")
    moves = stream(seed, "recording.placements").random(children.count) < calibration.number(
        "csc.school_moves_with_placement"
    )
    return Records(
        health={code: known_to(code, prefixes[code], untraced, "anew") for code in world.council.providers},
        school=_with_wrong_birth_dates(calibration, seed, children, known_to("school", "S", 0.0, "renames")),
        social_care=known_to("social_care", "P", no_upn, "ends"),
        sen=known_to("sen", "E", SEN_UPN_MISSING, "renames"),
        lives=life,
        changes_school_in_care=moves & life.placements.is_away & ~life.placements.is_far,
        is_flagged=rng.random(children.count) < calibration.number("record.care_flag_kept"),
        suits_special_school=special,
    )


def _last_referred(world: World) -> Days:
    """The day of each child's newest referral; NaT where there is none."""
    referrals = (
        world.queues.referrals.filter(pl.col("on") <= INDEX_DATE).group_by("child").agg(pl.col("on").max())
    )
    found = np.full(world.children.count, lives.NEVER)
    found[referrals["child"].to_numpy()] = referrals["on"].to_numpy()
    return found


def _with_wrong_birth_dates(
    calibration: Calibration, seed: int, children: Children, known: Identity
) -> Identity:
    """A few primary schools put many birth dates down wrong, and the date goes with the child to the next school."""
    rng = stream(seed, "recording.birth_dates_at_school")
    figures = calibration.numbers("record.schools_with_wrong_birth_dates")
    is_careless = rng.random(children.schools.urn.size) < figures["schools"]
    wrong = is_careless[children.primary_school] & (rng.random(children.count) < figures["pupils"])
    return replace(known, born=slips.slipped_dates(known.born, wrong))


def schools_on(world: World, records: Records, days: Days, who: Ints) -> Strings:
    """The school number of each child on each day; empty before Reception and after year 11."""
    group = school_year(days) - world.children.reception_year[who]
    urn = world.children.schools.urn[places_on(world, records, days, who)]
    return np.where((group >= 0) & (group <= LAST_SCHOOL_YEAR), urn, "")


def places_on(world: World, records: Records, days: Days, who: Ints) -> Ints:
    """The position of each child's school on each day; a placement near by may change it while it lasts."""
    children = world.children
    group = school_year(days) - children.reception_year[who]
    has_plan = world.known.provision_on(days, who) == EHC_PLAN
    phase = np.where(group < 7, PRIMARY, SECONDARY)
    phase = np.where(has_plan & records.suits_special_school[who], SPECIAL, phase)
    home = np.stack([children.primary_school, children.secondary_school, children.special_school])
    weeks = ((days - EVENTS_START) // np.timedelta64(7, "D")).clip(0, EVENT_MONDAYS.size - 1)
    in_care = world.social_care.states[weeks, who] == LOOKED_AFTER
    moved = in_care & records.changes_school_in_care[who]
    return np.where(moved, children.near_schools[phase, who], home[phase, who]).astype(np.int64)


def kept(rng: np.random.Generator, frame: pl.DataFrame, missed_share: float) -> pl.DataFrame:
    """The rows that somebody entered; the rest was never recorded."""
    return frame.filter(pl.Series(rng.random(frame.height) >= missed_share))
