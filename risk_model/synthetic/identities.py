"""Stage 10, first part: what one system holds of who each child is, as it learned it and with its own slips.

Each slip is drawn once per record and system, so that a child may be wrong in one system and right in another.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from risk_model.synthetic import identifiers, slips
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import INDEX_DATE, Booleans, Days, Floats, Ints, Strings
from risk_model.synthetic.entry import lags
from risk_model.synthetic.lives import CHANGES_FROM, LONG_AGO, Lives
from risk_model.synthetic.population import FAR_FUTURE, Children

FIRST_LOCAL_ID: Final = 1_000_000
FIRST_LATER_LOCAL_ID: Final = 50_000_000
MOST_LIKELY_STALE: Final = 0.95
VERIFIED, NOT_VERIFIED, NO_MATCH, NOT_PRESENT = "01", "02", "04", "07"
"""NHS NUMBER STATUS INDICATOR CODE."""
UNVERIFIED_SHARE: Final = 0.03
NOT_TRACED_SHARE: Final = 0.5
"""Ours: numbers sent without having been verified; missing numbers for which a trace was tried in vain."""

AtAdoption = Literal["anew", "renames", "ends"]


@dataclass(frozen=True)
class System:
    """One system: what it is called, how its local ids begin, and what it does when a child is adopted.

    It opens a new record ("anew"), changes the one it has ("renames"), or learns nothing of it ("ends"). A health
    system may register a child once more when it was `last_referred` (NaT: never).
    """

    name: str
    prefix: str
    missing_share: float
    at_adoption: AtAdoption
    last_referred: Days

    @property
    def is_health(self) -> bool:
        """Health systems hold the NHS number, the others the UPN."""
        return self.at_adoption == "anew"


@dataclass(frozen=True)
class Identity:
    """One system's records of who each child is; an empty string is a missing number.

    The first records are those of the children, in their order; `child` says whose each is and `opened` from which day
    it is used. `versions` has a row per record and change: `record`, `known_on`, `surname`, `forename`, `postcode` and
    `identifier`. `urn` is empty where the system does not know the school.
    """

    child: Ints
    opened: Days
    local_id: Strings
    born: Days
    status: Strings
    urn: Strings
    versions: pl.DataFrame

    def on(self, day: np.datetime64) -> pl.DataFrame:
        """What each record said on a day, in the order of the records; a later one as it began."""
        is_first = pl.col("record") != pl.col("record").shift(1, fill_value=-1)
        known = self.versions.filter(is_first | (pl.col("known_on") <= day.astype(object)))
        return known.unique("record", keep="last", maintain_order=True)

    def at(self, records: Ints, days: Days) -> pl.DataFrame:
        """What each of these records said on its own day."""
        asked = pl.DataFrame({"record": records, "known_on": np.maximum(days, self.opened[records])})
        return (
            asked.with_row_index("order")
            .sort("known_on")
            .join_asof(self.versions.sort("known_on"), on="known_on", by="record", check_sortedness=False)
            .sort("order")
        )


@dataclass(frozen=True)
class _Opened:
    """The records of a system before anything is written in them; `closed` is when it stops to learn."""

    child: Ints
    opened: Days
    closed: Days
    is_second: Booleans


def identities(
    calibration: Calibration, seed: int, children: Children, lives: Lives, system: System
) -> Identity:
    """The records of one system."""
    rng = stream(seed, f"recording.{system.name}")
    errors = calibration.numbers("record.error")
    records = _opened(calibration, rng, children, lives, system)
    child, count = records.child, records.child.size
    worse = slip_factor(calibration, children)[child]
    slipped = rng.random(count) < errors["birth_date_transposed"] * worse
    later = child[children.count :]
    local_id = np.concatenate(
        [
            identifiers.shuffled_ids(rng, children.count, system.prefix, FIRST_LOCAL_ID + children.first),
            identifiers.shuffled_ids(rng, later.size, system.prefix, FIRST_LATER_LOCAL_ID + children.first),
        ]
    )
    versions = _versions(calibration, rng, children, lives, system, records)
    versions = _with_numbers(calibration, rng, children, lives, system, records, versions)
    missing = (versions["identifier"] == "").to_numpy()[np.searchsorted(versions["record"], np.arange(count))]
    return Identity(
        child=child,
        opened=records.opened,
        local_id=local_id,
        born=slips.slipped_dates(children.born[child], slipped),
        status=_statuses(rng, missing),
        urn=np.where(rng.random(count) < errors["school_missing"], "", "known"),
        versions=_with_name_slips(errors, rng, worse, versions),
    )


def somebody_else(children: Children) -> Ints:
    """For each child another one: a brother or sister at home if there is any."""
    home = children.household
    stranger = (np.arange(children.count) + children.count // 2) % children.count
    before = np.append(False, home[1:] == home[:-1])
    after = np.append(before[1:], False)
    beside = np.where(after, np.arange(children.count) + 1, np.arange(children.count) - 1)
    return np.where(before | after, beside, stranger).astype(np.int64)


def slip_factor(calibration: Calibration, children: Children) -> Floats:
    """How much likelier slips are for each child, one on average: more for minorities and in the poorest fifth."""
    figures = calibration.numbers("record.error_by_group")
    factor = np.where(children.ethnicity > 0, figures["minority"], 1.0)
    factor = factor * np.where(children.quintile == 1, figures["most_deprived"], 1.0)
    return np.asarray(factor / factor.mean(), dtype=np.float32)


def _opened(
    calibration: Calibration, rng: np.random.Generator, children: Children, lives: Lives, system: System
) -> _Opened:
    everyone = np.arange(children.count, dtype=np.int64)
    first = np.full(children.count, LONG_AGO)
    is_adopted = ~np.isnat(lives.adopted_on)
    closed = np.where(is_adopted & (system.at_adoption != "renames"), lives.adopted_on, FAR_FUTURE)
    if not system.is_health:
        return _Opened(everyone, first, closed, np.zeros(children.count, dtype=np.bool_))
    adopted = np.flatnonzero(is_adopted)
    share = calibration.numbers("record.registered_twice")["share"]
    may_be_again = ~np.isnat(system.last_referred) & ~is_adopted
    twice = np.flatnonzero((rng.random(children.count) < share) & may_be_again)
    child = np.concatenate([everyone, adopted, twice])
    return _Opened(
        child=child,
        opened=np.concatenate([first, lives.adopted_on[adopted], system.last_referred[twice]]),
        closed=np.concatenate([closed, np.full(adopted.size + twice.size, FAR_FUTURE)]),
        is_second=np.arange(child.size) >= children.count + adopted.size,
    )


def _versions(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    lives: Lives,
    system: System,
    records: _Opened,
) -> pl.DataFrame:
    """Names and addresses as the system learned them: late, and some changes never."""
    errors, late = calibration.numbers("record.error"), calibration.numbers("record.lag_days")
    count = records.child.size
    worse = slip_factor(calibration, children)[records.child]
    stale = rng.random(count) < _stale_share(errors, children, lives)[records.child] * worse
    follows_name = rng.random(count) < errors["name_change_followed"]
    days = lags(rng, count, late["details_median"], late["details_ninetieth"])
    frame = pl.DataFrame(
        {
            "record": np.arange(count),
            "child": records.child,
            "opened": records.opened,
            "closed": records.closed,
            "late": days.astype(np.int64),
            "follows_address": ~stale,
            "follows_name": follows_name,
            "follows_number": np.ones(count, dtype=np.bool_),
            "adopted_on": lives.adopted_on[records.child],
        }
    )
    names = _learned(frame, lives.names, ["surname", "forename"], "follows_name")
    addresses = _learned(frame, lives.addresses, ["postcode"], "follows_address")
    if not system.is_health:
        return _side_by_side([names, addresses])
    numbers = lives.numbers.rename({"nhs_number": "identifier"})
    return _side_by_side([names, addresses, _learned(frame, numbers, ["identifier"], "follows_number")])


def _learned(frame: pl.DataFrame, spells: pl.DataFrame, values: list[str], follows: str) -> pl.DataFrame:
    """The first value of each record, and the changes that it follows; an adoption is never overlooked."""
    rows = frame.join(spells, on="child", maintain_order="left").filter(
        pl.col("until") > pl.col("opened"), pl.col("on") < pl.col("closed")
    )
    is_first = pl.col("on") <= pl.col("opened")
    return rows.filter(is_first | follows | (pl.col("on") == pl.col("adopted_on")).fill_null(False)).select(
        "record",
        *values,
        known_on=pl.when(is_first).then("opened").otherwise(pl.col("on") + pl.duration(days="late")),
        is_first=is_first,
    )


def _side_by_side(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """One row per record and day of a change, with all that was known by then."""
    begun = [part.filter("is_first").sort("record").drop("is_first") for part in parts]
    assert all(part["record"].equals(begun[0]["record"]) for part in begun)
    first = pl.concat([begun[0], *(part.drop("record", "known_on") for part in begun[1:])], how="horizontal")
    later = [part.filter(~pl.col("is_first")).drop("is_first") for part in parts]
    rows = pl.concat([first, *later], how="diagonal").filter(
        (pl.col("known_on") <= INDEX_DATE) | (pl.int_range(pl.len()) < first.height)
    )
    # Each record begins with a whole row, so nothing is carried over from the record before.
    filled = rows.sort("record", "known_on", maintain_order=True).with_columns(pl.all().forward_fill())
    return filled.unique(("record", "known_on"), keep="last", maintain_order=True)


def _stale_share(errors: dict[str, float], children: Children, lives: Lives) -> Floats:
    """The chance that a record does not follow a child who moves, such that the agreed share of all is out of date."""
    changes = lives.addresses.filter(pl.col("on").is_between(CHANGES_FROM.astype(object), INDEX_DATE))
    has_moved = np.bincount(changes["child"].to_numpy(), minlength=children.count) > 0
    share = np.zeros(children.count, dtype=np.float32)
    for group, name in (
        (lives.ever_in_care, "postcode_stale_in_care"),
        (~lives.ever_in_care, "postcode_stale"),
    ):
        if has_moved[group].any():
            share[group] = min(errors[name] / has_moved[group].mean(), MOST_LIKELY_STALE)
    return share


def _with_numbers(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    lives: Lives,
    system: System,
    records: _Opened,
    versions: pl.DataFrame,
) -> pl.DataFrame:
    """Each version with its number: the UPN, or the NHS number of the day and sometimes somebody else's; or none."""
    count = records.child.size
    slip = slip_factor(calibration, children)[records.child]
    untraced = calibration.numbers("record.registered_twice")["untraced"]
    missing = rng.random(count) < np.where(records.is_second, untraced, system.missing_share * slip)
    record = versions["record"].to_numpy()
    if system.is_health:
        wrong = rng.random(count) < calibration.numbers("record.nhs_number_errors")["mistaken"]
        other = np.where(wrong, somebody_else(children)[records.child], lives.numbered_as[records.child])
        is_other = other[record] != records.child[record]
        number = pl.when(pl.Series(is_other)).then(pl.Series(children.nhs_number[other[record]]))
        held = number.otherwise("identifier")
    else:
        held = pl.lit(pl.Series(children.upn[records.child[record]]))
    return versions.with_columns(
        identifier=pl.when(pl.Series(missing[record])).then(pl.lit("")).otherwise(held)
    )


def _statuses(rng: np.random.Generator, missing: Booleans) -> Strings:
    """How far each NHS number was traced."""
    draw = rng.random(missing.size)
    absent = np.where(draw < NOT_TRACED_SHARE, NO_MATCH, NOT_PRESENT)
    return np.where(missing, absent, np.where(draw < UNVERIFIED_SHARE, NOT_VERIFIED, VERIFIED))


def _with_name_slips(
    errors: dict[str, float], rng: np.random.Generator, worse: Floats, versions: pl.DataFrame
) -> pl.DataFrame:
    """Hyphens left out, short forms, slips of the hand, and surname and forename in each other's place."""
    count, record = worse.size, versions["record"].to_numpy()

    def where(name: str) -> Ints:
        return np.flatnonzero((rng.random(count) < errors[name] * worse)[record])

    surname, forename = versions["surname"], versions["forename"]
    hyphen, short, swapped = (where(name) for name in ("hyphen_dropped", "forename_short", "names_swapped"))
    surname = surname.scatter(hyphen, slips.without_hyphen(rng, _texts(surname, hyphen)))
    forename = forename.scatter(short, slips.shortened(_texts(forename, short)))
    typed, in_forename = where("name_typo"), rng.random(count) < 0.5
    of_forename = typed[in_forename[record[typed]]]
    of_surname = np.setdiff1d(typed, of_forename)
    surname = surname.scatter(of_surname, slips.mistyped(rng, _texts(surname, of_surname)))
    forename = forename.scatter(of_forename, slips.mistyped(rng, _texts(forename, of_forename)))
    family, given = surname.clone(), forename.clone()
    return versions.with_columns(
        surname=family.scatter(swapped, _texts(forename, swapped)),
        forename=given.scatter(swapped, _texts(surname, swapped)),
    )


def _texts(column: pl.Series, places: Ints) -> Strings:
    return np.asarray(column.gather(places).to_numpy(), dtype=np.str_)
