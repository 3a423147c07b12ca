"""School Census as COLLECT exports it: one CSV per node and term, with the exclusions of the term before."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import identifiers
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENTS_START, INDEX_DAY, Booleans, Ints, Strings
from risk_model.synthetic.hazards import in_school
from risk_model.synthetic.identification import school_group
from risk_model.synthetic.recording import SCHOOL_ETHNICITY, Records, kept, places_on, schools_on
from risk_model.synthetic.social_care import LOOKED_AFTER
from risk_model.synthetic.world import World

PROVISION: Final = np.array(["N", "K", "E"])
DATE_FORMAT: Final = "%Y-%b-%d 00:00:00"
DAYS_TO_ARRIVE: Final = 42
TERM_ENDS: Final = {"spring": "12-31", "summer": "04-10", "autumn": "08-31"}


def nodes(
    calibration: Calibration, seed: int, world: World, records: Records
) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """The nodes of every census received by the index date: the council of the schools, a name and the rows."""
    rng = stream(seed, "recording.school_census")
    missed = calibration.numbers("record.label_missed")["suspension"]
    exclusions = kept(rng, world.school.exclusions, missed)
    earlier = EVENTS_START
    for position, (name, on) in enumerate(world.known.census):
        if on < EVENTS_START or on + np.timedelta64(DAYS_TO_ARRIVE, "D") > INDEX_DAY:
            continue
        year, term = name.split("_")
        until = np.datetime64(f"{int(year) - (term == 'spring')}-{TERM_ENDS[term]}")
        between = exclusions.filter(
            (pl.col("started_on") > earlier.astype(object)) & (pl.col("started_on") <= until.astype(object))
        )
        yield from _census(calibration, rng, world, records, (position, name, on), between)
        earlier = until


def on_roll(world: World, records: Records, on: np.datetime64) -> Booleans:
    """Pupils of state schools on a day; children placed far away go to a school of which nobody here hears."""
    week = int((on - EVENTS_START).astype(np.int64) // 7)
    elsewhere = (world.social_care.states[max(week, 0)] == LOOKED_AFTER) & records.is_placed_far
    return np.asarray(
        in_school(world.children, np.array([on]))[0] & world.children.is_resident(on) & ~elsewhere
    )


def _census(
    calibration: Calibration,
    rng: np.random.Generator,
    world: World,
    records: Records,
    census: tuple[int, str, np.datetime64],
    exclusions: pl.DataFrame,
) -> Iterator[tuple[int, str, pl.DataFrame]]:
    position, name, on = census
    who = np.flatnonzero(on_roll(world, records, on))
    provision = world.known.provision[position][who]
    group = school_group(world.children, on)[who]
    urn = schools_on(world, records, np.full(who.size, on), who)
    pupil_ids = identifiers.shuffled_ids(
        rng, who.size, f"{name[2:4]}{name[5:7]}-", 100_000 + world.children.first
    )
    council = world.children.schools.council[places_on(world, records, np.full(who.size, on), who)]
    everyone = _pupils(world, records, who, group, provision, pupil_ids, on)
    everyone = everyone.with_columns(urn=pl.Series(urn))
    for code in np.unique(council):
        pupils = everyone.filter(pl.Series(council == code))
        schools = _schools(name, on, pupils["urn"].unique().sort(), code)
        pupils = pupils.join(
            schools.select("urn", "schoolcensustableid"), on="urn", how="left", maintain_order="left"
        ).with_columns(NativeId=pl.lit(f"SCH{code}"))
        yield code, f"{name}_schoolcensus", schools
        yield code, f"{name}_pupilonroll", _in_words_of_the_day(calibration, pupils, on)
        keys = pupils.select("child", "pupilonrolltableid", "NativeId", "postcode")
        yield code, f"{name}_termlyexclusionsonroll", _exclusions(keys, exclusions)
        if name.endswith("spring"):
            needs = world.known.needs.filter(pl.col("census") == name)
            yield code, f"{name}_senneeds", _needs(keys, needs)
        if name.endswith("autumn"):
            yield code, f"{name}_addresses", keys.select("pupilonrolltableid", "NativeId", "postcode")


def _in_words_of_the_day(calibration: Calibration, pupils: pl.DataFrame, on: np.datetime64) -> pl.DataFrame:
    """The columns of the file; an earlier edition of the census asked for gender."""
    columns = pupils.drop("child", "postcode", "urn")
    is_new = on >= calibration.day("record.column_called_sex", "school_census")
    return columns if is_new else columns.rename({"sex": "gender"})


def _schools(name: str, on: np.datetime64, urn: pl.Series, code: int) -> pl.DataFrame:
    year, term = name.split("_")
    return pl.DataFrame({"urn": urn}).with_columns(
        schoolcensustableid=pl.format("C{}-{}", pl.lit(name), "urn"),
        collection=pl.lit("SC"),
        term=pl.lit(term.capitalize()),
        year=pl.lit(year),
        referencedate=pl.lit(on.astype(object)).dt.strftime(DATE_FORMAT),
        lea=pl.lit(str(code)),
        estab=pl.col("urn").str.slice(2),
    )


def _pupils(
    world: World,
    records: Records,
    who: Ints,
    group: Ints,
    provision: np.ndarray[tuple[int], np.dtype[np.uint8]],
    pupil_ids: Strings,
    on: np.datetime64,
) -> pl.DataFrame:
    children, known = world.children, records.school
    details = known.on(on)[who]
    entered = np.where(group < 7, children.reception_year[who], children.reception_year[who] + 7)
    first_day = (entered - 1970).astype("datetime64[Y]").astype("datetime64[D]") + np.timedelta64(247, "D")
    entry = np.minimum(np.maximum(first_day, children.moved_in[who]), on)
    codes = np.array(["R", *(str(year) for year in range(1, 12))])
    return pl.DataFrame(
        {
            "child": who,
            "pupilonrolltableid": pupil_ids,
            "dob": known.born[who],
            "surname": details["surname"],
            "forename": details["forename"],
            "formersurname": _former_surnames(records, details),
            "upn": details["identifier"],
            "sex": np.where(children.boy[who] == 1, "M", "F"),
            "entrydate": entry,
            "ethnicity": SCHOOL_ETHNICITY[children.ethnicity[who]],
            "language": children.language[who],
            "enrolstatus": np.full(who.size, "C"),
            "senprovision": PROVISION[provision],
            "ncyearactual": codes[group],
            "postcode": details["postcode"],
            "termlysessionspossible": np.full(who.size, 120.0),
        }
    ).with_columns(
        pl.col("dob").dt.strftime(DATE_FORMAT),
        pl.col("entrydate").dt.strftime(DATE_FORMAT),
        NativeId=pl.lit(""),
        formerupn=pl.lit(None, pl.String),
        parttime=pl.lit("False"),
        pupilonrollorderseqcolumn=pl.lit(1),
    )


def _former_surnames(records: Records, details: pl.DataFrame) -> pl.Series:
    """The surname before the present one, where the school knows of the change; never the one before an adoption."""
    first = records.school.versions.unique("record", keep="first", maintain_order=True)
    before = first.sort("record")["surname"].gather(details["record"])
    may_tell = np.isnat(records.lives.adopted_on)[details["record"].to_numpy()]
    return details.select(
        pl.when(pl.Series(may_tell) & (before != pl.col("surname"))).then(before)
    ).to_series()


def _exclusions(keys: pl.DataFrame, exclusions: pl.DataFrame) -> pl.DataFrame:
    rows = keys.join(exclusions, on="child", how="inner").sort("started_on", "pupilonrolltableid")
    return rows.with_columns(
        termlyexclusionsonrollorderseqcolumn=pl.int_range(1, pl.len() + 1).over("pupilonrolltableid")
    ).select(
        "pupilonrolltableid",
        "NativeId",
        pl.format("{}-X{}", "pupilonrolltableid", "termlyexclusionsonrollorderseqcolumn").alias(
            "termlyexclusionsonrolltableid"
        ),
        "termlyexclusionsonrollorderseqcolumn",
        startdate=pl.col("started_on").dt.strftime(DATE_FORMAT),
        sessions=pl.col("sessions").cast(pl.Float64),
        reason1="reason",
        category=pl.when("is_permanent").then(pl.lit("PERM")).otherwise(pl.lit("SUSP")),
        senprovision=pl.col("provision").replace_strict({0: "N", 1: "K", 2: "E"}, return_dtype=pl.String),
    )


def _needs(keys: pl.DataFrame, needs: pl.DataFrame) -> pl.DataFrame:
    rows = keys.join(needs, on="child", how="inner").sort("pupilonrolltableid", "rank")
    return rows.select(
        "pupilonrolltableid",
        "NativeId",
        pl.format("{}-N{}", "pupilonrolltableid", "rank").alias("senneedstableid"),
        pl.col("rank").alias("senneedsorderseqcolumn"),
        pl.col("rank").cast(pl.Float64).alias("sentyperank"),
        pl.col("need").alias("sentype"),
    )
