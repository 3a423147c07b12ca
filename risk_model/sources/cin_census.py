"""Children in Need census: one XML file per council and quarter."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import Frames, all_rows, of
from risk_model.sources.extracts import Part
from risk_model.sources.xml_file import Document, under

GROUPS = (
    "children",
    "childidentifiers",
    "childcharacteristics",
    "disabilities",
    "factorsidentifiedatassessment",
)
RECORDS = ("child", "cindetails", "assessments", "cinplandates", "section47", "childprotectionplans")
BELOW_EPISODE = {
    "cin_plan": "cinplandates",
    "cin_section47": "section47",
    "cin_protection_plan": "childprotectionplans",
}


def tables_of(document: Document) -> Frames:
    """The seven tables out of one file as text; an element of no interest to them is passed over."""
    tables = contracts.load()["cin_census"].tables
    council, known_on = document.header_facts()
    children = document.records("child", tables["cin_child"]).with_row_index("source_row", offset=1)
    owner = children.select("record", "source_row", "la_child_id")
    episodes = under(document.records("cindetails", tables["cin_episode"]), owner)
    episodes = episodes.with_columns(episode_key=_episode_key())
    mine = episodes.select("record", "source_row", "la_child_id", "episode_key")
    factors = under(document.records("assessments", tables["cin_assessment_factor"]), mine)
    codes = document.texts("assessmentfactors").rename({"parent": "record", "text": "factor_code"})
    found = {
        "cin_child": children,
        "cin_disability": under(document.texts("disability").rename({"text": "disability_code"}), owner),
        "cin_episode": episodes,
        "cin_assessment_factor": factors.drop("factor_code").join(
            codes, on="record", how="left", maintain_order="left"
        ),
    }
    for name, element in BELOW_EPISODE.items():
        found[name] = under(document.records(element, tables[name]), mine)
    dated = (pl.lit(council, pl.String).alias("la_code"), pl.lit(known_on, pl.Date).alias("known_on"))
    return {name: rows.with_columns(dated) for name, rows in found.items()}


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """Children, episodes and what followed, of one file."""
    return {name: all_rows(parts, name) for name in contracts.load()[contract].tables if of(parts, name)}, {}


def _episode_key() -> pl.Expr:
    """A key that stays the same from quarter to quarter: the referral date, numbered where it comes twice."""
    referred = pl.col("referred_on").fill_null("undated")
    time = pl.int_range(1, pl.len() + 1).over("parent", referred)
    return pl.when(time == 1).then(referred).otherwise(pl.format("{}/{}", referred, time))
