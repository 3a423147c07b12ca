"""SEN2: education, health and care plans, as one XML file per council or as Blade CSV files, one per node."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import (
    Frames,
    all_rows,
    council_in_path,
    date_in_path,
    newest_date,
    of,
    with_parent,
)
from risk_model.sources.extracts import Part
from risk_model.sources.xml_file import Document, under

GROUPS = ("persons", "personaldetails", "persondetails", "assessment", "activeplans")
RECORDS = ("person", "requests", "namedplan", "senneed")
DELIVERED = ("sen2_person", "sen2_request", "sen2_plan", "sen2_need")


def tables_of(document: Document) -> Frames:
    """The four tables out of one XML file as text; an active plan without a named plan counts as one."""
    tables = contracts.tables()
    council, known_on = document.header_facts()
    people = document.records("person", tables["sen2_person"]).with_row_index("source_row", offset=1)
    people = people.with_columns(person_key=pl.col("source_row").cast(pl.String))
    owner = people.select("record", "source_row", "person_key", "upn")
    requests = under(document.records("requests", tables["sen2_request"]), owner)
    requests = requests.filter(
        pl.any_horizontal(pl.exclude(*owner.columns, "parent", "request_key").is_not_null())
    )
    place = pl.int_range(1, pl.len() + 1).over("parent")
    requests = requests.with_columns(request_key=pl.format("{}.{}", "person_key", place))
    mine = requests.select("record", "source_row", "person_key", "upn", "request_key")
    named = under(document.records("namedplan", tables["sen2_plan"]), mine)
    active = document.owners("activeplans")
    unnamed = under(active.join(named, on="parent", how="anti", maintain_order="left"), mine).drop_nulls(
        "request_key"
    )
    found = {
        "sen2_person": people,
        "sen2_request": requests,
        "sen2_plan": pl.concat([named, unnamed], how="diagonal"),
        "sen2_need": under(document.records("senneed", tables["sen2_need"]), mine),
    }
    dated = (pl.lit(council, pl.String).alias("la_code"), pl.lit(known_on, pl.Date).alias("known_on"))
    return {name: rows.with_columns(dated) for name, rows in found.items()}


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """Persons, requests, plans and needs; their keys begin with their place, as numbers mean nothing elsewhere."""
    is_xml = any(part.table in DELIVERED and part.has("known_on") for part in parts)
    found = {name: all_rows(parts, name) for name in DELIVERED} if is_xml else _joined(parts)
    place = parts[0].path if is_xml else parts[0].folder
    return {name: rows.with_columns(_placed(rows, place)) for name, rows in found.items()}, {}


def _placed(rows: pl.DataFrame, place: str) -> list[pl.Expr]:
    keys = [name for name in ("person_key", "request_key") if name in rows.columns]
    return [pl.format("{}#{}", pl.lit(place), name).alias(name) for name in keys]


def _joined(parts: Sequence[Part]) -> Frames:
    """The four tables of one set of Blade files, joined along person, request, assessment and active plan."""
    person, request = all_rows(parts, "sen2_person"), all_rows(parts, "sen2_request")
    councils = all_rows(parts, "sen2_return").select("return_id", "la_code")
    named, need = all_rows(parts, "sen2_plan"), all_rows(parts, "sen2_need")
    assessment = all_rows(parts, "sen2_assessment").select("assessment_id", "request_key")
    active = all_rows(parts, "sen2_active_plan")
    council = pl.lit(council_in_path(parts[0].path), pl.String)
    person = with_parent(person, councils, "return_id", ["la_code"])
    person = person.with_columns(la_code=pl.coalesce("la_code", council))
    request = with_parent(
        request, person.select("person_key", "la_code", "upn"), "person_key", ["la_code", "upn"]
    )
    asked = request.select("request_key", "person_key", "la_code", "upn")
    named = with_parent(named, assessment, "assessment_id", ["request_key"])
    has_name = named.select("request_key").drop_nulls()
    unnamed = active.join(has_name, on="request_key", how="anti", maintain_order="left")
    unnamed = unnamed.select("request_key", "source_file", "source_row", "broken_rules")
    need = with_parent(
        need, active.select("active_plan_id", "request_key"), "active_plan_id", ["request_key"]
    )
    facts = ["person_key", "la_code", "upn"]
    joined = {
        "sen2_person": person,
        "sen2_request": request,
        "sen2_plan": with_parent(pl.concat([named, unnamed], how="diagonal"), asked, "request_key", facts),
        "sen2_need": with_parent(need, asked, "request_key", facts),
    }
    known_on = pl.lit(date_in_path(parts[0].path) or newest_date(parts), pl.Date).alias("known_on")
    present = [name for name in DELIVERED if of(parts, name) or name == "sen2_plan"]
    return {name: joined[name].with_columns(known_on) for name in present}
