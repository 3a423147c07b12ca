"""The safeguarding dataset: who the children are whom a council's social care knows, and where they lived.

Only the tables that say who somebody is; episodes, plans and care stay in the CIN census and SSDA903.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.care_records import CareRecords, known_by
from risk_model.synthetic.clock import quarter_ends
from risk_model.synthetic.lives import LONG_AGO
from risk_model.synthetic.recording import SCHOOL_ETHNICITY, Records
from risk_model.synthetic.world import World

RECENT_DAYS: Final = 366
FIRST_LOAD_DAYS: Final = 6 * 365
HOME, PLACEMENT = "HOME", "PLACEMENT"


def write(
    folder: Path, calibration: Calibration, seed: int, world: World, records: Records, care: CareRecords
) -> None:
    """Write persons, numbers and addresses of every quarter, in a folder named by its last day.

    The first quarter also holds children whose episode closed in the six years before, as a first load does.
    """
    people = _people(calibration, stream(seed, "recording.safeguarding"), world, records)
    for position, end in enumerate(quarter_ends()):
        reference = end.astype(object)
        place = folder / str(reference)
        place.mkdir(parents=True)
        days = FIRST_LOAD_DAYS if position == 0 else RECENT_DAYS
        known = _known(_named(people, records, end), care, reference, days)
        _persons(known).write_csv(place / "ssd_person.csv")
        _identifiers(known, records, reference).write_csv(place / "ssd_linked_identifiers.csv")
        _addresses(known, records, reference).write_csv(place / "ssd_address.csv")


def _people(
    calibration: Calibration, rng: np.random.Generator, world: World, records: Records
) -> pl.DataFrame:
    children, known = world.children, records.social_care
    is_held = rng.random(children.count) < calibration.number("record.nhs_number_held_by_social_care")
    return pl.DataFrame(
        {
            "child": np.arange(children.count),
            "key": known.local_id,
            "nhs_number": np.where(is_held, children.nhs_number[records.lives.numbered_as], ""),
            "born": known.born,
            "sex": np.where(children.boy == 1, "M", "F"),
            "ethnicity": SCHOOL_ETHNICITY[children.ethnicity],
            "starts_school": children.reception_year,
        }
    ).with_columns(pl.col("nhs_number").replace("", None))


def _named(people: pl.DataFrame, records: Records, end: np.datetime64) -> pl.DataFrame:
    """The same with names and numbers as they were known on a day."""
    details = records.social_care.on(end)
    return people.hstack(details.select("surname", "forename", upn=pl.col("identifier").replace("", None)))


def _known(people: pl.DataFrame, care: CareRecords, reference: date, days: int) -> pl.DataFrame:
    """Children with an open episode, or one that closed not long ago, whose UPN exists by then."""
    since = reference - timedelta(days=days)
    episodes = known_by(care.episodes, reference)
    recent = episodes.filter(pl.col("closed_on").is_null() | (pl.col("closed_on") > since))
    at_school = pl.col("starts_school") <= reference.year
    return (
        people.join(recent.select("child").unique(), on="child", how="semi")
        .with_columns(upn=pl.when(at_school).then("upn"))
        .sort("key")
    )


def _persons(known: pl.DataFrame) -> pl.DataFrame:
    return known.select(
        pers_person_id="key",
        pers_common_child_id="nhs_number",
        pers_upn=pl.lit(None, pl.String),
        pers_surname="surname",
        pers_forename="forename",
        pers_dob="born",
        pers_sex="sex",
        pers_ethnicity="ethnicity",
    )


def _identifiers(known: pl.DataFrame, records: Records, reference: date) -> pl.DataFrame:
    """Pupil numbers, and NHS numbers that replaced the one in the child's own row."""
    pupil = known.filter(pl.col("upn").is_not_null()).select(
        "key", kind=pl.lit("Unique Pupil Number"), number="upn", since=pl.lit(None, pl.Date)
    )
    changes = records.lives.numbers.filter(pl.col("on") > LONG_AGO.astype(object), pl.col("on") <= reference)
    adopted = np.flatnonzero(~np.isnat(records.lives.adopted_on))
    changes = changes.filter(~pl.col("child").is_in(adopted))
    health = (
        known.filter(pl.col("nhs_number").is_not_null())
        .drop("nhs_number")
        .join(changes, on="child")
        .select("key", kind=pl.lit("NHS Number"), number="nhs_number", since="on")
    )
    rows = pl.concat([pupil, health]).sort("key", "kind")
    return rows.select(
        link_table_id=pl.format("{}-{}", "key", pl.int_range(1, pl.len() + 1).over("key")),
        link_person_id="key",
        link_identifier_type="kind",
        link_identifier_value="number",
        link_valid_from_date="since",
        link_valid_to_date=pl.lit(None, pl.Date),
    )


def _addresses(known: pl.DataFrame, records: Records, reference: date) -> pl.DataFrame:
    """Every address that the council had heard of by then, with the days between which it held."""
    placed = (
        records.lives.placements.rows.select("child", "postcode")
        .unique()
        .with_columns(kind=pl.lit(PLACEMENT))
    )
    versions = records.social_care.versions.filter(pl.col("known_on") <= reference)
    is_new = (pl.col("postcode") != pl.col("postcode").shift(1).over("record")).fill_null(True)
    rows = (
        versions.filter(is_new)
        .with_columns(until=pl.col("known_on").shift(-1).over("record"))
        .select(
            "postcode",
            "until",
            child="record",
            since=pl.col("known_on").replace(LONG_AGO.astype(object), None),
        )
        .join(known.select("child", "key"), on="child")
        .join(placed, on=("child", "postcode"), how="left", maintain_order="left")
        .sort("key", "since", nulls_last=False)
    )
    return rows.select(
        addr_table_id=pl.format("{}-{}", "key", pl.int_range(1, pl.len() + 1).over("key")),
        addr_person_id="key",
        addr_address_type=pl.col("kind").fill_null(HOME),
        addr_address_start_date="since",
        addr_address_end_date="until",
        addr_address_postcode="postcode",
    )
