"""SEN2: education, health and care plans, as one XML file per council or as Blade CSV files, one per node."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import polars as pl

from risk_model import contracts
from risk_model.sources import xml_file
from risk_model.sources.assembly import (
    all_rows,
    council_in_path,
    date_in_path,
    newest_date,
    together,
    with_parent,
)
from risk_model.sources.extracts import Part
from risk_model.sources.xml_file import Element, Record

CONTRACT = "sen2"
DELIVERED = ("sen2_person", "sen2_request", "sen2_plan", "sen2_need")


def recognises(root: Element) -> bool:
    """Whether this XML holds persons, as SEN2 does."""
    return next(xml_file.named(root, "persons"), None) is not None


def parts_of(root: Element, path: str) -> list[Part]:
    """The four tables out of one XML file; keys begin with its path, as numbers mean nothing elsewhere."""
    council, known_on = xml_file.header_facts(root)
    tables = {name: contracts.tables()[name] for name in DELIVERED}
    rows: dict[str, list[Record]] = {name: [] for name in DELIVERED}
    for number, person in enumerate(xml_file.members(root, "persons", "person"), start=1):
        facts = xml_file.leaves(person)
        for group in person:
            if xml_file.name_of(group) in ("personaldetails", "persondetails"):
                facts = xml_file.leaves(group) | facts
        owner: Record = {
            "la_code": council,
            "person_key": f"{path}#{number}",
            "upn": xml_file.value(facts, tables["sen2_person"], "upn"),
            "source_row": str(number),
        }
        rows["sen2_person"].append(_record(tables["sen2_person"], facts) | owner)
        _add_requests(person, owner, tables, rows)
    return [xml_file.part(tables[name], path, rows[name], known_on) for name in DELIVERED]


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """Persons, requests, plans and needs of every file."""
    found: dict[str, list[pl.LazyFrame]] = {name: [] for name in DELIVERED}
    for part in parts:
        if part.path == part.group:
            found[part.table].append(part.frame)
    nodes = sorted((part for part in parts if part.path != part.group), key=lambda part: part.group)
    for _, extract in groupby(nodes, key=lambda part: part.group):
        for name, frame in _one_extract(list(extract)).items():
            found[name].append(frame)
    return {name: together(contracts.tables()[name], rows) for name, rows in found.items()}, {}


def _add_requests(
    person: Element, owner: Record, tables: dict[str, contracts.Table], rows: dict[str, list[Record]]
) -> None:
    """A person's requests with their plans and needs; an active plan without a named plan counts as one."""
    _, below_person = xml_file.contents(person)
    requests = [request for request in below_person["requests"] if xml_file.leaves(request)]
    for place, request in enumerate(requests, start=1):
        mine = owner | {"request_key": f"{owner['person_key']}.{place}"}
        rows["sen2_request"].append(_record(tables["sen2_request"], xml_file.leaves(request)) | mine)
        below = xml_file.by_name(request)
        plans = [facts for plan in below["namedplan"] if (facts := xml_file.leaves(plan))]
        rows["sen2_plan"] += [_record(tables["sen2_plan"], facts) | mine for facts in plans]
        if below["activeplans"] and not plans:
            rows["sen2_plan"].append(_record(tables["sen2_plan"], {}) | mine)
        needs = [facts for need in below["senneed"] if (facts := xml_file.leaves(need))]
        rows["sen2_need"] += [_record(tables["sen2_need"], facts) | owner for facts in needs]


def _record(table: contracts.Table, facts: Record) -> Record:
    return {name: xml_file.value(facts, table, name) for name in table.delivered}


def _one_extract(parts: list[Part]) -> dict[str, pl.LazyFrame]:
    """The four tables of one set of Blade files, joined along person, request, assessment and active plan."""
    person, request = all_rows(parts, "sen2_person"), all_rows(parts, "sen2_request")
    returns = all_rows(parts, "sen2_return")
    councils = returns.select(pl.col("return_id"), pl.col("la_code"))
    named, need = all_rows(parts, "sen2_plan"), all_rows(parts, "sen2_need")
    assessment = all_rows(parts, "sen2_assessment").select("assessment_id", "request_key")
    active = all_rows(parts, "sen2_active_plan")
    council = council_in_path(parts[0].path)
    person = with_parent(person, councils, "return_id", ["la_code"]).with_columns(
        pl.coalesce("la_code", pl.lit(council, pl.String)).alias("la_code")
    )
    who = person.select("person_key", "la_code", "upn")
    request = with_parent(request, who, "person_key", ["la_code", "upn"])
    asked = request.select("request_key", "person_key", "la_code", "upn")
    named = with_parent(named, assessment, "assessment_id", ["request_key"])
    unnamed = active.join(
        named.select("request_key").drop_nulls(), on="request_key", how="anti", maintain_order="left"
    )
    plan = pl.concat(
        [named, unnamed.select("request_key", "source_file", "source_row", "source_fault")], how="diagonal"
    )
    need = with_parent(
        need, active.select("active_plan_id", "request_key"), "active_plan_id", ["request_key"]
    )
    joined = {
        "sen2_person": person,
        "sen2_request": request,
        "sen2_plan": with_parent(plan, asked, "request_key", ["person_key", "la_code", "upn"]),
        "sen2_need": with_parent(need, asked, "request_key", ["person_key", "la_code", "upn"]),
    }
    known_on = pl.lit(date_in_path(parts[0].path) or newest_date(parts), pl.Date).alias("known_on")
    return {name: frame.with_columns(known_on) for name, frame in joined.items()}
