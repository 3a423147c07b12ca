"""Stage 10, recording: what each partner's system holds of each child, gaps and slips included."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic import identifiers
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENT_MONDAYS, INDEX_DAY, Booleans, Days, Ints, Strings, school_year
from risk_model.synthetic.hazards import LAST_SCHOOL_YEAR
from risk_model.synthetic.identification import EHC_PLAN
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import LOOKED_AFTER
from risk_model.synthetic.world import World

PROVIDERS: Final = ("NR5", "RK9")
HEALTH_ETHNICITY: Final = np.array(["A", "C", "H", "J", "N", "M", "F", "S"])
SCHOOL_ETHNICITY: Final = np.array(["WBRI", "WOTH", "AIND", "APKN", "BAFR", "BCRB", "MWAS", "OOTH"])
HEALTH_LANGUAGE: Final = {"ENG": "en", "POL": "pl", "ARA": "ar", "ROM": "ro", "KUR": "ku"}
SLIP_LETTER: Final = "Q"


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
    """The same children as six systems know them."""

    health: dict[str, Identity]
    school: Identity
    social_care: Identity
    sen: Identity
    ever_in_care: Booleans
    is_placed_away: Booleans
    is_placed_far: Booleans
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
    health = {
        provider: _identity(
            calibration, stream(seed, f"recording.{provider}"), children, in_care, away, provider
        )
        for provider in PROVIDERS
    }
    school = _identity(calibration, stream(seed, "recording.school"), children, in_care, away, "S")
    social_care = _identity(calibration, stream(seed, "recording.social_care"), children, in_care, away, "P")
    sen = _identity(calibration, stream(seed, "recording.sen"), children, in_care, away, "E")
    flagged = rng.random(children.count) < calibration.number("record.care_flag_kept")
    special = rng.random(children.count) < calibration.number("school.special_share_of_plans")
    return Records(health, school, social_care, sen, in_care, away, far, flagged, special)


def _identity(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    in_care: Booleans,
    away: Booleans,
    system: str,
) -> Identity:
    count = children.count
    errors = calibration.numbers("record.error")
    is_health = system in PROVIDERS
    identifier = children.nhs_number if is_health else children.upn
    missing_share = {"P": calibration.number("record.upn_missing_social_care"), "S": 0.0, "E": 0.02}
    missing = rng.random(count) < (
        calibration.number("record.nhs_number_missing") if is_health else missing_share[system]
    )
    stale = rng.random(count) < np.where(in_care, errors["postcode_stale_in_care"], errors["postcode_stale"])
    current = np.where(in_care & away, children.distant_postcode, children.postcode)
    renamed = rng.random(count) < np.where(in_care, errors["name_changed_in_care"], errors["name_changed"])
    surname = np.where(renamed, children.surname[rng.permutation(count)], children.surname)
    typo = rng.random(count) < errors["name_typo"]
    no_school = rng.random(count) < errors["school_missing"]
    return Identity(
        local_id=identifiers.shuffled_ids(
            rng, count, {"NR5": "L", "RK9": "H"}.get(system, system), 1_000_000
        ),
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
    children = world.children
    group = school_year(days) - children.reception_year[who]
    place = np.where(group < 7, children.primary_school[who], children.secondary_school[who])
    has_plan = world.known.provision_on(days, who) == EHC_PLAN
    place = np.where(has_plan & records.suits_special_school[who], children.special_school[who], place)
    return np.where((group >= 0) & (group <= LAST_SCHOOL_YEAR), children.schools.urn[place], "")


def lags(
    rng: np.random.Generator, count: int, median: float, ninetieth: float
) -> npt.NDArray[np.timedelta64]:
    """Days from an event to its entry: log-normal with this median and 90th percentile."""
    sigma = np.log(ninetieth / median) / 1.2816
    days = np.minimum(rng.lognormal(np.log(median), sigma, count), 270)
    return np.asarray(np.round(days).astype(np.int64).astype("timedelta64[D]"))


def kept(rng: np.random.Generator, frame: pl.DataFrame, missed_share: float) -> pl.DataFrame:
    """The rows that somebody entered; the rest was never recorded."""
    return frame.filter(pl.Series(rng.random(frame.height) >= missed_share))
