"""Stage 1, the children: households with siblings and twins, where they live, which school they belong to."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from risk_model.synthetic import identifiers, names
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import INDEX_DAY, Days, Ints, Strings, reception_year
from risk_model.synthetic.councils import Council, Place

FIRST_BIRTH: Final = np.datetime64("2005-04-01")
FIRST_HOUSEHOLD: Final = np.datetime64("1996-01-01")
DAYS_TO_ADULTHOOD: Final = np.timedelta64(6574, "D")
FAR_FUTURE: Final = np.datetime64("2100-01-01")
MOST_DISTANT_POSTCODES: Final = 10_000
FIRST_URN: Final = 990_000
FIRST_ESTABLISHMENT: Final = 2_000


@dataclass(frozen=True)
class Schools:
    """Made-up schools: their numbers, the council of each, and which of them belong to each phase."""

    urn: Strings
    establishment: Ints
    council: Ints
    primary: Ints
    secondary: Ints
    special: Ints


@dataclass(frozen=True)
class Children:
    """One entry per child in every array but `spare_numbers`; the children of one council.

    Those are the NHS numbers that are given out later, to a child who is adopted or whose number was a mistake.
    """

    child_id: Ints
    household: Ints
    born: Days
    boy: Ints
    ethnicity: Ints
    language: Strings
    quintile: Ints
    district: Ints
    catchment: Ints
    moved_in: Days
    moved_out: Days
    nhs_number: Strings
    spare_numbers: Strings
    upn: Strings
    surname: Strings
    forename: Strings
    postcode: Strings
    earlier_postcode: Strings
    distant_postcode: Strings
    near_postcode: Strings
    primary_school: Ints
    secondary_school: Ints
    special_school: Ints
    near_schools: Ints
    reception_year: Ints
    schools: Schools

    @property
    def count(self) -> int:
        """How many children there are."""
        return int(self.child_id.size)

    @property
    def first(self) -> int:
        """How many children of other councils come before these."""
        return int(self.child_id[0]) - 1

    @property
    def adult(self) -> Days:
        """Each child's 18th birthday."""
        return np.asarray(self.born + DAYS_TO_ADULTHOOD)

    def is_resident(self, on: np.datetime64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """True for children born, living in the area and under 18 on that day."""
        return np.asarray(
            (self.born <= on) & (self.adult > on) & (self.moved_in <= on) & (self.moved_out > on)
        )


def make_children(calibration: Calibration, place: Place) -> Children:
    """Children of one council, of whom about `residents` live there and are under 18 on the index date.

    A placement near by is as yet a distant one and its schools are those of home: `neighbours` knows better.
    """
    rng = stream(place.seed, "population")
    council, residents = place.council, place.residents
    count = round(residents * calibration.number("pop.spine_per_resident"))
    household, born = _households(rng, calibration, count)
    homes = int(household.max()) + 1
    quintile, postcode, earlier, district = _homes(rng, calibration, homes, place)
    schools = _schools(calibration, place)
    ethnicity, language = _origins(rng, calibration, homes)
    moved_in, moved_out = _moves(rng, calibration, born)
    primary, secondary, special = _school_places(
        rng, schools, (district, council.districts.size), household, count
    )
    starts = reception_year(born)
    boy = (rng.random(count) < 0.512).astype(np.int64)
    numbers = identifiers.nhs_numbers(rng, count + spare_numbers(count))
    surname, forename = _names(calibration, place.seed, household, born, boy)
    distant = _distant_postcodes(rng, place.distant_districts, count)
    return Children(
        child_id=np.arange(1, count + 1, dtype=np.int64),
        household=household,
        born=born,
        boy=boy,
        ethnicity=ethnicity[household],
        language=language[household],
        quintile=quintile[household],
        district=district[household],
        catchment=_catchments(council)[district[household]],
        moved_in=moved_in,
        moved_out=moved_out,
        nhs_number=numbers[:count],
        spare_numbers=numbers[count:],
        upn=allocate_upns(schools, primary, starts),
        surname=surname,
        forename=forename,
        postcode=postcode[household],
        earlier_postcode=earlier[household],
        distant_postcode=distant,
        near_postcode=distant,
        primary_school=primary,
        secondary_school=secondary,
        special_school=special,
        near_schools=np.stack([primary, secondary, special]),
        reception_year=starts,
        schools=schools,
    )


def spare_numbers(children: int) -> int:
    """How many NHS numbers are kept for later: many more than there are adoptions."""
    return 100 + children // 50


def _households(rng: np.random.Generator, calibration: Calibration, count: int) -> tuple[Ints, Days]:
    sizes_shares = calibration.array("pop.household_children")
    homes = count * 2
    sizes = rng.choice(np.arange(1, sizes_shares.size + 1), size=homes, p=sizes_shares / sizes_shares.sum())
    span = int((INDEX_DAY - FIRST_HOUSEHOLD) / np.timedelta64(1, "D"))
    eldest = FIRST_HOUSEHOLD + rng.integers(0, span, homes).astype("timedelta64[D]")
    household = np.repeat(np.arange(homes), sizes)
    is_eldest = np.append(True, household[1:] != household[:-1])
    gaps = np.round(365.25 * rng.lognormal(np.log(2.6), 0.35, household.size)).astype(np.int64)
    gaps[rng.random(household.size) < calibration.number("pop.twin_birth_share")] = 0
    gaps[is_eldest] = 0
    since_start = np.cumsum(gaps)
    since_eldest = since_start - np.maximum.accumulate(np.where(is_eldest, since_start, 0))
    born = eldest[household] + since_eldest.astype("timedelta64[D]")
    kept = np.flatnonzero((born >= FIRST_BIRTH) & (born <= INDEX_DAY))[:count]
    _, renumbered = np.unique(household[kept], return_inverse=True)
    return renumbered.astype(np.int64), born[kept]


def _homes(
    rng: np.random.Generator, calibration: Calibration, homes: int, place: Place
) -> tuple[Ints, Strings, Strings, Ints]:
    units = max(200, round(place.residents * calibration.number("pop.postcodes_per_child")))
    codes = identifiers.postcodes(rng, units, place.council.districts)
    shares = calibration.array("imd.quintile_shares_children")
    unit_quintile = rng.choice(np.arange(1, 6), size=units, p=shares / shares.sum())
    now, before = rng.integers(0, units, homes), rng.integers(0, units, homes)
    district = np.searchsorted(place.council.districts, np.char.partition(codes, " ")[:, 0]).astype(np.int64)
    return unit_quintile[now].astype(np.int64), codes[now], codes[before], district[now]


def _origins(rng: np.random.Generator, calibration: Calibration, homes: int) -> tuple[Ints, Strings]:
    minority = rng.random(homes) < calibration.number("ethnicity.minority_children")
    ethnicity = np.where(minority, rng.integers(1, 8, homes), 0)
    speaks_other = minority & (rng.random(homes) < calibration.number("pop.eal_share_of_minority"))
    return ethnicity.astype(np.int64), np.where(
        speaks_other, rng.choice(["POL", "ARA", "ROM", "KUR"], homes), "ENG"
    )


def _moves(rng: np.random.Generator, calibration: Calibration, born: Days) -> tuple[Days, Days]:
    days = 5 * 365
    span_start = np.datetime64("2022-01-01")
    arrives = span_start + rng.integers(0, days, born.size).astype("timedelta64[D]")
    leaves = span_start + rng.integers(0, days, born.size).astype("timedelta64[D]")
    share = calibration.number("pop.move_share")
    moved_in = np.where((rng.random(born.size) < share) & (arrives > born), arrives, born)
    moved_out = np.where((rng.random(born.size) < share) & (leaves > moved_in), leaves, FAR_FUTURE)
    return moved_in, moved_out


def _names(
    calibration: Calibration, seed: int, household: Ints, born: Days, boy: Ints
) -> tuple[Strings, Strings]:
    """Surnames by home, though not every child of a home has the same; some twins have given names much alike."""
    rng = stream(seed, "population.names")
    families = names.surnames(rng, calibration, int(household.max()) + 1)
    differs = rng.random(household.size) < calibration.number("names.sibling_surname_differs")
    surname = np.where(differs, names.surnames(rng, calibration, household.size), families[household])
    forename = names.forenames(rng, calibration, boy)
    is_twin = np.append(False, (household[1:] == household[:-1]) & (born[1:] == born[:-1]))
    is_alike = is_twin & (rng.random(household.size) < calibration.number("names.twins_alike"))
    return surname, names.alike(rng, forename, np.roll(forename, 1), is_alike)


def _distant_postcodes(rng: np.random.Generator, districts: Strings, count: int) -> Strings:
    units = min(count // 8, MOST_DISTANT_POSTCODES)
    return identifiers.postcodes(rng, units, districts)[rng.integers(0, units, count)]


def _catchments(council: Council) -> Ints:
    """The catchment of each district."""
    found = np.zeros(council.districts.size, dtype=np.int64)
    for position, catchment in enumerate(council.catchments):
        found[catchment.districts] = position
    return found


def _schools(calibration: Calibration, place: Place) -> Schools:
    per_phase = calibration.numbers("pop.schools")
    scale = place.residents / 52_000
    counts = {phase: max(2, round(number * scale)) for phase, number in per_phase.items()}
    total = sum(counts.values())
    places = np.arange(total, dtype=np.int64)
    primary, secondary, special = np.split(places, np.cumsum(list(counts.values()))[:2])
    return Schools(
        urn=(FIRST_URN + places).astype("U6"),
        establishment=FIRST_ESTABLISHMENT + places,
        council=np.full(total, place.council.code, dtype=np.int64),
        primary=primary,
        secondary=secondary,
        special=special,
    )


def _school_places(
    rng: np.random.Generator, schools: Schools, homes_in: tuple[Ints, int], household: Ints, count: int
) -> tuple[Ints, Ints, Ints]:
    district, districts = homes_in
    homes = district.size
    chosen = []
    for phase in (schools.primary, schools.secondary):
        anywhere = rng.choice(phase, homes)
        offset = phase.size // districts
        nearby = phase[(district + districts * rng.integers(0, max(1, offset), homes)) % phase.size]
        chosen.append(np.where(rng.random(homes) < 0.2, anywhere, nearby)[household].astype(np.int64))
    return chosen[0], chosen[1], rng.choice(schools.special, count).astype(np.int64)


def allocate_upns(schools: Schools, first_school: Ints, years: Ints) -> Strings:
    """The number that each child's first school gives out: no two children have the same."""
    establishments = schools.establishment[first_school]
    cohort = establishments * 10_000 + years
    order = np.argsort(cohort, kind="stable")
    starts = np.append(True, cohort[order][1:] != cohort[order][:-1])
    first = np.maximum.accumulate(np.where(starts, np.arange(cohort.size), 0))
    serials = np.empty(cohort.size, dtype=np.int64)
    serials[order] = np.arange(cohort.size) - first + 1
    return identifiers.upns(establishments, years, serials, la_code=schools.council[first_school])
