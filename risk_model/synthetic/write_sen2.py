"""SEN2 as the council's person-level XML: requests for assessment, plans and needs, one file a term."""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import INDEX_DATE, INDEX_DAY, WINDOW_START, Strings
from risk_model.synthetic.entry import lags
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World
from risk_model.synthetic.xml_text import element, header, joined, wrapped

REFERENCE_DAYS: Final = ((1, 31), (5, 31), (9, 30))
DAYS_TO_SEND: Final = 21
RECENT_DAYS: Final = 548


def write(folder: Path, calibration: Calibration, seed: int, world: World, records: Records) -> None:
    """Write every term's file that had been sent by the index date."""
    folder.mkdir(parents=True)
    rng = stream(seed, "recording.sen2")
    figures = calibration.numbers("record.lag_days")
    requests = world.known.requests.sort("child")
    entered = lags(rng, requests.height, figures["ehc_median"], figures["ehc_ninetieth"])
    requests = requests.with_columns(lag=pl.Series(entered.astype(np.int64)))
    people = _people(world, records)
    for year in range(WINDOW_START.year, INDEX_DATE.year + 1):
        for month, day in REFERENCE_DAYS:
            reference = date(year, month, day)
            if reference < WINDOW_START or reference + timedelta(days=DAYS_TO_SEND) > INDEX_DATE:
                continue
            code = world.council.code
            known = _known(requests, reference)
            named = _named(people, records, reference)
            text = _message(code, reference, known, named, _ranked(world, reference))
            (folder / f"sen2_{code}_{reference}.xml").write_text(text, encoding="utf-8")


def _known(requests: pl.DataFrame, reference: date) -> pl.DataFrame:
    """Requests entered by the reference date, with later decisions, starts and ends left blank."""
    entered = (pl.col("received_on") + pl.duration(days="lag")) <= reference
    live = pl.col("ceases_on").is_null() | (pl.col("ceases_on") > reference - timedelta(days=365))
    recent = pl.col("received_on") > reference - timedelta(days=RECENT_DAYS)
    shown = requests.filter(entered & ((pl.col("agreed") & live) | recent))
    return shown.with_columns(
        *(
            pl.when(pl.col(name) <= reference).then(name).alias(name)
            for name in ("decided_on", "starts_on", "ceases_on")
        )
    )


def _people(world: World, records: Records) -> pl.DataFrame:
    children, known = world.children, records.sen
    upn = known.on(INDEX_DAY)["identifier"]
    no_school_yet: Strings = np.where(children.reception_year >= INDEX_DATE.year + 1, "", upn)
    return pl.DataFrame(
        {
            "child": np.arange(children.count),
            "key": known.local_id,
            "upn": no_school_yet,
            "born": known.born,
            "sex": np.where(children.boy == 1, "M", "F"),
            "starts_school": children.reception_year,
        }
    )


def _named(people: pl.DataFrame, records: Records, reference: date) -> pl.DataFrame:
    """The same with names and addresses as they were known on a day."""
    details = records.sen.on(np.datetime64(reference))
    return people.hstack(details.select("surname", "forename", "postcode"))


def _ranked(world: World, reference: date) -> pl.DataFrame:
    """The needs of the newest spring census; a child not yet at school has none on file."""
    springs = [
        name for name, on in world.known.census if name.endswith("spring") and on <= np.datetime64(reference)
    ]
    return world.known.needs.filter(pl.col("census") == springs[-1]) if springs else world.known.needs.clear()


def _message(
    la_code: int, reference: date, requests: pl.DataFrame, people: pl.DataFrame, needs: pl.DataFrame
) -> str:
    need = wrapped("SENneed", element("SENtypeRank", "rank"), element("SENtype", "need"))
    plans = joined(needs.sort("child", "rank"), "child", need, "needs")
    rows = requests.join(plans, on="child", how="left", maintain_order="left").with_columns(
        pl.col("needs").fill_null("")
    )
    texts = joined(rows, "child", _request(), "requests")
    persons = texts.join(people, on="child", how="left", maintain_order="left").sort("key")
    at_school = pl.when(pl.col("starts_school") <= reference.year).then("upn")
    person = wrapped(
        "Person",
        element("Surname", "surname"),
        element("Forename", "forename"),
        element("PersonBirthDate", "born"),
        element("Sex", "sex"),
        element("PostCode", "postcode"),
        element("UPN", at_school),
        pl.col("requests"),
    )
    body = "\n".join(persons.select(person.alias("text"))["text"])
    heading = header("SEN2", la_code, reference.year, reference, reference + timedelta(days=DAYS_TO_SEND))
    return f"<Message>{heading}\n<Persons>\n{body}\n</Persons></Message>\n"


def _request() -> pl.Expr:
    """One request with what came of it."""
    active = pl.col("starts_on").is_not_null() & pl.col("ceases_on").is_null()
    outcome = pl.when(pl.col("decided_on").is_not_null()).then(
        pl.when("agreed").then(pl.lit("1")).otherwise(pl.lit("2"))
    )
    plan = wrapped(
        "NamedPlan",
        element("StartDate", "starts_on"),
        element("CeaseDate", "ceases_on"),
        element("CeaseReason", pl.when(pl.col("ceases_on").is_not_null()).then(pl.lit("9"))),
    )
    assessment = wrapped(
        "Assessment", element("AssessmentOutcomeDate", "starts_on"), element("Week20", pl.lit("false")), plan
    )
    return wrapped(
        "Requests",
        element("ReceivedDate", "received_on"),
        element("RequestOutcomeDate", "decided_on"),
        element("RequestOutcome", outcome),
        pl.when(pl.col("starts_on").is_not_null()).then(assessment).otherwise(pl.lit("")),
        pl.when(active).then(wrapped("ActivePlans", pl.col("needs"))).otherwise(pl.lit("")),
    )
