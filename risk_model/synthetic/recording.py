"""Stage 10, recording: what each partner's system holds of each child, gaps and slips included."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic import councils, identifiers
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    EVENTS_START,
    INDEX_DAY,
    Booleans,
    Days,
    Floats,
    Ints,
    Strings,
    school_year,
)
from risk_model.synthetic.hazards import LAST_SCHOOL_YEAR
from risk_model.synthetic.identification import EHC_PLAN
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import LOOKED_AFTER
from risk_model.synthetic.world import World

HEALTH_ETHNICITY: Final = np.array(["A", "C", "H", "J", "N", "M", "F", "S"])
SCHOOL_ETHNICITY: Final = np.array(["WBRI", "WOTH", "AIND", "APKN", "BAFR", "BCRB", "MWAS", "OOTH"])
HEALTH_LANGUAGE: Final = {"ENG": "en", "POL": "pl", "ARA": "ar", "ROM": "ro", "KUR": "ku"}
SLIP_LETTER: Final = "Q"
SEN_UPN_MISSING: Final = 0.02
FIRST_LOCAL_ID: Final = 1_000_000
PRIMARY, SECONDARY, SPECIAL = range(3)


@dataclass(frozen=True)
class Identity:
    """One system's record of who each child is; an empty string is a missing identifier."""

    local_id: Strings
    identifier: Strings
    born: Days
    postcode: Strings
    urn: Strings
    surname: Strings
    forename: Strings


@dataclass(frozen=True)
class Records:
    """The same children as their providers, schools and council know them."""

    health: dict[str, Identity]
    school: Identity
    social_care: Identity
    sen: Identity
    ever_in_care: Booleans
    is_placed_away: Booleans
    is_placed_far: Booleans
    changes_school_in_care: Booleans
    placed_postcode: Strings
    is_flagged: Booleans
    suits_special_school: Booleans


def record(calibration: Calibration, seed: int, world: World) -> Records:
    """Each system's identities, made with that system's own slips."""
    children = world.children
    rng = stream(seed, "recording")
    known_weeks = EVENT_MONDAYS <= INDEX_DAY
    in_care = (world.social_care.states[known_weeks] == LOOKED_AFTER).any(axis=0)
    away = rng.random(children.count) < calibration.number("csc.out_of_area")
    far = away & (rng.random(children.count) < calibration.number("csc.far_share_of_out_of_area"))
    placed = np.where(far, children.distant_postcode, children.near_postcode)
    current = np.where(in_care & away, placed, children.postcode)

    def system(name: str, prefix: str, missing: float, *, is_health: bool = False) -> Identity:
        own = stream(seed, f"recording.{name}")
        identifier = children.nhs_number if is_health else children.upn
        return _identity(calibration, own, children, in_care, current, (prefix, identifier, missing))

    prefixes = councils.patient_prefixes()
    unknown = calibration.number("record.nhs_number_missing")
    health = {code: system(code, prefixes[code], unknown, is_health=True) for code in world.council.providers}
    school = system("school", "S", 0.0)
    social_care = system("social_care", "P", calibration.number("record.upn_missing_social_care"))
    sen = system("sen", "E", SEN_UPN_MISSING)
    flagged = rng.random(children.count) < calibration.number("record.care_flag_kept")
    special = rng.random(children.count) < calibration.number("school.special_share_of_plans")
    moves = stream(seed, "recording.placements").random(children.count) < calibration.number(
        "csc.school_moves_with_placement"
    )
    moves &= away & ~far
    return Records(health, school, social_care, sen, in_care, away, far, moves, placed, flagged, special)


def _identity(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    in_care: Booleans,
    current: Strings,
    system: tuple[str, Strings, float],
) -> Identity:
    prefix, identifier, missing_share = system
    count = children.count
    errors = calibration.numbers("record.error")
    missing = rng.random(count) < missing_share
    stale = rng.random(count) < np.where(in_care, errors["postcode_stale_in_care"], errors["postcode_stale"])
    renamed = rng.random(count) < np.where(in_care, errors["name_changed_in_care"], errors["name_changed"])
    surname = np.where(renamed, children.surname[rng.permutation(count)], children.surname)
    typo = rng.random(count) < errors["name_typo"]
    no_school = rng.random(count) < errors["school_missing"]
    return Identity(
        local_id=identifiers.shuffled_ids(rng, count, prefix, FIRST_LOCAL_ID + children.first),
        identifier=np.where(missing, "", identifier),
        born=_slipped_dates(rng, children.born, errors["birth_date_transposed"]),
        postcode=np.where(stale, children.earlier_postcode, current),
        urn=np.where(no_school, "", "known"),
        surname=np.where(typo, np.char.add(surname, SLIP_LETTER), surname),
        forename=children.forename,
    )


def _slipped_dates(rng: np.random.Generator, born: Days, share: float) -> Days:
    """Dates of birth of which a small share has day and month swapped, or is a day off."""
    year = born.astype("datetime64[Y]")
    month = born.astype("datetime64[M]").astype(np.int64) % 12
    day = (born - born.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    can_swap = (day < 12) & (day != month)
    swapped = (year.astype("datetime64[M]") + day.astype("timedelta64[M]")).astype("datetime64[D]")
    swapped = swapped + month.astype("timedelta64[D]")
    slipped = np.where(can_swap, swapped, born + np.timedelta64(1, "D"))
    slipped = np.where(slipped > born + np.timedelta64(400, "D"), born, slipped)
    return np.asarray(np.where(rng.random(born.size) < share, slipped, born))


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


def lags(
    rng: np.random.Generator, count: int, median: float, ninetieth: float
) -> npt.NDArray[np.timedelta64]:
    """Days from an event to its entry: log-normal with this median and 90th percentile."""
    sigma = np.log(ninetieth / median) / 1.2816
    days = np.minimum(rng.lognormal(np.log(median), sigma, count), 270)
    return np.asarray(np.round(days).astype(np.int64).astype("timedelta64[D]"))


def kept(rng: np.random.Generator, frame: pl.DataFrame, missed_share: Floats) -> pl.DataFrame:
    """The rows that somebody entered, each missed with its own chance; the rest was never recorded."""
    return frame.filter(pl.Series(rng.random(frame.height) >= missed_share))
