"""CIN census files: the council's quarterly extract in census XML, with open and recent episodes."""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.care_records import CareRecords, known_by
from risk_model.synthetic.clock import INDEX_DAY, QUARTERS, quarter_ends
from risk_model.synthetic.needs import COMMUNICATION, PHYSICAL
from risk_model.synthetic.recording import SCHOOL_ETHNICITY, Records
from risk_model.synthetic.world import World
from risk_model.synthetic.xml_text import element, header, joined, wrapped

DAYS_TO_SEND: Final = 21
RECENT_DAYS: Final = 183
FIRST_LOAD_DAYS: Final = 6 * 365


def write(folder: Path, calibration: Calibration, world: World, records: Records, care: CareRecords) -> None:
    """Write every quarter's file."""
    folder.mkdir(parents=True)
    people = _people(world, records)
    factors = joined(care.factors, "episode", element("AssessmentFactors", "factor"), "factors")
    for place, end in enumerate(quarter_ends()):
        reference = end.astype(object)
        known = _in_words_of_the_day(calibration, people, end)
        text = _message(world.council.code, reference, known, (care, factors), is_first=place == 0)
        (folder / f"cin_{world.council.code}_{reference}.xml").write_text(text, encoding="utf-8")


def _people(world: World, records: Records) -> pl.DataFrame:
    children, known = world.children, records.social_care
    level = world.needs.levels[QUARTERS.size // 2]
    return pl.DataFrame(
        {
            "child": np.arange(children.count),
            "key": known.local_id,
            "upn": known.on(INDEX_DAY)["identifier"],
            "born": known.born,
            "sex": np.where(children.boy == 1, "M", "F"),
            "ethnicity": SCHOOL_ETHNICITY[children.ethnicity],
            "moves": level[:, PHYSICAL] > 1.8,
            "speaks": level[:, COMMUNICATION] > 2.0,
            "starts_school": children.reception_year,
        }
    )


def _in_words_of_the_day(calibration: Calibration, people: pl.DataFrame, end: np.datetime64) -> pl.DataFrame:
    """The same with sex in letters, or as earlier editions of the census asked for it: gender, in digits."""
    nothing = pl.lit(None, pl.String)
    if end >= calibration.day("record.column_called_sex", "cin_census"):
        return people.with_columns(gender=nothing)
    return people.with_columns(gender=pl.col("sex").replace({"M": "1", "F": "2"}), sex=nothing)


def _message(
    la_code: int,
    reference: date,
    people: pl.DataFrame,
    care_and_factors: tuple[CareRecords, pl.DataFrame],
    *,
    is_first: bool,
) -> str:
    """One census file; the first also loads the closed episodes of six years."""
    care, factors = care_and_factors
    episodes = known_by(care.episodes, reference)
    since = reference - timedelta(days=FIRST_LOAD_DAYS if is_first else RECENT_DAYS)
    recent = pl.col("closed_on").is_null() | (pl.max_horizontal("closed_on", "entered_on") > since)
    episodes = episodes.filter(recent)
    for name, texts in _parts(reference, care, factors, episodes.select("episode")).items():
        episodes = episodes.join(texts, on="episode", how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null("")
        )
    details = wrapped(
        "CINdetails",
        element("CINreferralDate", "referred_on"),
        element("ReferralSource", "source"),
        element("PrimaryNeedCode", "need"),
        element("CINclosureDate", "closed_on"),
        element("ReasonForClosure", pl.when(pl.col("closed_on").is_not_null()).then("reason")),
        pl.col("assessments"),
        pl.col("cin_plans"),
        pl.col("enquiries"),
        element("ReferralNFA", pl.when("is_nfa").then(pl.lit("1")).otherwise(pl.lit("0"))),
        pl.col("protection_plans"),
    )
    texts = joined(episodes.sort("child", "referred_on"), "child", details, "details")
    children = texts.join(people, on="child", how="left", maintain_order="left").sort("key")
    body = "\n".join(children.select(_child(reference).alias("text"))["text"])
    heading = header("CIN", la_code, reference.year, reference, reference + timedelta(days=DAYS_TO_SEND))
    return f"<Message>{heading}\n<Children>\n{body}\n</Children></Message>\n"


def _child(reference: date) -> pl.Expr:
    at_school = (pl.col("starts_school") <= reference.year) & (pl.col("upn") != "")
    unknown = pl.when(pl.col("starts_school") > reference.year).then(pl.lit("UN1")).otherwise(pl.lit("UN5"))
    either = pl.when(at_school).then(element("UPN", "upn")).otherwise(element("UPNunknown", unknown))
    mobility = pl.when("moves").then(pl.lit("<Disability>MOB</Disability>")).otherwise(pl.lit(""))
    speech = pl.when("speaks").then(pl.lit("<Disability>COMM</Disability>")).otherwise(pl.lit(""))
    none = (
        pl.when(pl.col("moves") | pl.col("speaks"))
        .then(pl.lit(""))
        .otherwise(pl.lit("<Disability>NONE</Disability>"))
    )
    return wrapped(
        "Child",
        wrapped(
            "ChildIdentifiers",
            element("LAchildID", "key"),
            either,
            element("PersonBirthDate", "born"),
            element("GenderCurrent", "gender"),
            element("Sex", "sex"),
        ),
        wrapped(
            "ChildCharacteristics",
            element("Ethnicity", "ethnicity"),
            wrapped("Disabilities", mobility, speech, none),
        ),
        pl.col("details"),
    )


def _parts(
    reference: date, care: CareRecords, factors: pl.DataFrame, episodes: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The modules of these episodes as texts, one row per episode."""

    def of_these(rows: pl.DataFrame) -> pl.DataFrame:
        return known_by(rows, reference).join(episodes, on="episode", how="semi", maintain_order="left")

    assessments = of_these(care.assessments).join(factors, on="episode", how="left", maintain_order="left")
    named = wrapped(
        "FactorsIdentifiedAtAssessment",
        pl.col("factors").fill_null(element("AssessmentFactors", pl.lit("21"))),
    )
    assessment = wrapped(
        "Assessments",
        element("AssessmentActualStartDate", "starts_on"),
        element("AssessmentAuthorisationDate", "ends_on"),
        pl.when(pl.col("ends_on").is_not_null()).then(named).otherwise(pl.lit("")),
    )
    cin_plan = wrapped(
        "CINPlanDates", element("CINPlanStartDate", "starts_on"), element("CINPlanEndDate", "ends_on")
    )
    enquiry = wrapped(
        "Section47", element("S47ActualStartDate", "starts_on"), element("ICPCnotRequired", pl.lit("false"))
    )
    protection = wrapped(
        "ChildProtectionPlans",
        element("CPPstartDate", "starts_on"),
        element("CPPendDate", "ends_on"),
        element("InitialCategoryOfAbuse", "category"),
        element("LatestCategoryOfAbuse", "category"),
        element("NumberOfPreviousCPP", "previous"),
    )
    return {
        "assessments": joined(assessments, "episode", assessment, "assessments"),
        "cin_plans": joined(of_these(care.cin_plans), "episode", cin_plan, "cin_plans"),
        "enquiries": joined(of_these(care.enquiries), "episode", enquiry, "enquiries"),
        "protection_plans": joined(
            of_these(care.protection_plans), "episode", protection, "protection_plans"
        ),
    }
