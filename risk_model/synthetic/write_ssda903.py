"""SSDA903: the council's quarterly CSV files on looked-after children."""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import stream
from risk_model.synthetic.care_records import CareRecords, known_by
from risk_model.synthetic.clock import INDEX_DAY, quarter_ends, quarter_index
from risk_model.synthetic.needs import SOCIAL_EMOTIONAL
from risk_model.synthetic.recording import SCHOOL_ETHNICITY, Records
from risk_model.synthetic.world import World

DATE_FORMAT: Final = "%d/%m/%Y"
LETTER_SEX_FROM: Final = date(2025, 4, 1)
RECENT_DAYS: Final = 366
LEGAL_STATUSES: Final = ("C2", "C1", "V2")


def write(folder: Path, seed: int, world: World, records: Records, care: CareRecords) -> None:
    """Write header, episodes, oc2 and missing for every quarter, in a folder named by its last day."""
    rng = stream(seed, "recording.ssda903")
    people = _people(rng, world, records)
    missing = _missing(rng, world, care)
    for end in quarter_ends():
        reference = end.astype(object)
        place = folder / str(reference)
        place.mkdir(parents=True)
        recent = pl.col("ends_on").is_null() | (pl.col("ends_on") > reference - timedelta(days=RECENT_DAYS))
        episodes = known_by(care.care, reference).filter(recent)
        episodes = episodes.join(people, on="child", how="left", maintain_order="left").sort(
            "CHILD", "starts_on"
        )
        _header(episodes, reference).write_csv(place / "header.csv")
        _episodes(episodes).write_csv(place / "episodes.csv")
        _outcomes(world, episodes, reference).write_csv(place / "oc2.csv")
        here = missing.join(
            episodes.select("child", "CHILD", "born").unique("child", maintain_order=True),
            on="child",
            how="inner",
        )
        _missing_rows(here.filter(pl.col("on") <= reference)).write_csv(place / "missing.csv")


def _people(rng: np.random.Generator, world: World, records: Records) -> pl.DataFrame:
    children, known = world.children, records.social_care
    count = children.count
    upn = known.on(INDEX_DAY)["identifier"]
    return pl.DataFrame(
        {
            "child": np.arange(count),
            "CHILD": known.local_id,
            "born": known.born,
            "boy": children.boy,
            "ethnicity": SCHOOL_ETHNICITY[children.ethnicity],
            "upn": upn,
            "starts_school": children.reception_year,
            "status": np.array(LEGAL_STATUSES)[rng.choice(3, count, p=[0.6, 0.2, 0.2])],
            "sdq_noise": rng.normal(0, 3, count),
        }
    )


def _header(episodes: pl.DataFrame, reference: date) -> pl.DataFrame:
    boy, girl = ("M", "F") if reference >= LETTER_SEX_FROM else ("1", "2")
    at_school = (pl.col("starts_school") <= reference.year) & (pl.col("upn") != "")
    return episodes.unique("child", keep="first", maintain_order=True).select(
        "CHILD",
        SEX=pl.when(pl.col("boy") == 1).then(pl.lit(boy)).otherwise(pl.lit(girl)),
        DOB=pl.col("born").dt.strftime(DATE_FORMAT),
        ETHNIC="ethnicity",
        UPN=pl.when(at_school).then("upn").otherwise(pl.lit("UN1")),
        MOTHER=pl.lit(None, pl.String),
        MC_DOB=pl.lit(None, pl.String),
    )


def _episodes(episodes: pl.DataFrame) -> pl.DataFrame:
    ended = pl.col("ends_on").is_not_null()
    return episodes.select(
        "CHILD",
        DECOM=pl.col("starts_on").dt.strftime(DATE_FORMAT),
        RNE="reason_started",
        LS="status",
        CIN=pl.lit("N1"),
        PLACE="kind",
        PLACE_PROVIDER=pl.lit("PR1"),
        DEC=pl.col("ends_on").dt.strftime(DATE_FORMAT),
        REC=pl.when(ended).then("reason_ended"),
        REASON_PLACE_CHANGE=pl.lit(None, pl.String),
        HOME_POST="home",
        PL_POST="postcode",
        URN=pl.lit(None, pl.String),
    )


def _outcomes(world: World, episodes: pl.DataFrame, reference: date) -> pl.DataFrame:
    """Strengths and difficulties scores of children in care aged 4 to 16."""
    rows = episodes.filter(pl.col("ends_on").is_null()).unique("child", keep="first", maintain_order=True)
    age = (pl.lit(reference) - pl.col("born")).dt.total_days() / 365.25
    rows = rows.filter((age >= 4) & (age < 17))
    quarter = int(quarter_index(np.array([np.datetime64(reference)]))[0])
    emotional = world.needs.levels[quarter, rows["child"].to_numpy(), SOCIAL_EMOTIONAL]
    score = np.clip(np.round(9 + 5.5 * emotional + rows["sdq_noise"].to_numpy()), 0, 40).astype(np.int64)
    return rows.with_columns(SDQ_SCORE=pl.Series(score)).select(
        "CHILD", "SDQ_SCORE", DOB=pl.col("born").dt.strftime(DATE_FORMAT), SDQ_REASON=pl.lit(None, pl.String)
    )


def _missing(rng: np.random.Generator, world: World, care: CareRecords) -> pl.DataFrame:
    """Missing periods of older children in care; more where social-emotional need is greater."""
    spells = care.care.filter("is_last", pl.col("starts_on") >= pl.date(2021, 1, 1))
    who = spells["child"].to_numpy()
    starts = spells["starts_on"].to_numpy()
    emotional = world.needs.levels[quarter_index(starts), who, SOCIAL_EMOTIONAL]
    older = (starts - world.children.born[who]).astype(np.int64) / 365.25 >= 11
    goes = older & (rng.random(who.size) < 0.15 * np.exp(0.5 * emotional))
    on = starts + rng.integers(20, 300, who.size).astype("timedelta64[D]")
    rows = spells.with_columns(on=pl.Series(on)).filter(pl.Series(goes))
    return rows.filter(pl.col("ends_on").is_null() | (pl.col("ends_on") > pl.col("on"))).select("child", "on")


def _missing_rows(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("CHILD", "on").select(
        "CHILD",
        DOB=pl.col("born").dt.strftime(DATE_FORMAT),
        MISSING=pl.lit("M"),
        MIS_START=pl.col("on").dt.strftime(DATE_FORMAT),
        MIS_END=(pl.col("on") + pl.duration(days=1)).dt.strftime(DATE_FORMAT),
    )
