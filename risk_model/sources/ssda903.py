"""SSDA903: looked after children, as CSV files that carry neither council nor date, or as one XML file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePosixPath

import polars as pl

from risk_model import contracts
from risk_model.sources import xml_file
from risk_model.sources.assembly import council_in_path, date_in_path, newest_date, of, together
from risk_model.sources.extracts import Part
from risk_model.sources.xml_file import Element, Record

CONTRACT = "ssda903"
ELEMENTS = {
    "looked_after_child": "header",
    "looked_after_episode": "episode",
    "looked_after_outcome": "oc2",
    "looked_after_missing": "missing",
}


def recognises(root: Element) -> bool:
    """Whether this XML holds children with episodes of care, as the SSDA903 does."""
    return "903" in xml_file.name_of(root) or next(xml_file.named(root, "childid"), None) is not None


def parts_of(root: Element, path: str) -> list[Part]:
    """The four tables out of one XML file."""
    tables = contracts.load()[CONTRACT].tables
    rows: dict[str, list[Record]] = {name: [] for name in tables}
    for number, child in enumerate(xml_file.members(root, "children", "child"), start=1):
        below = xml_file.by_name(child)
        header = below["header"][0] if below["header"] else child
        owner: Record = {
            "la_child_id": xml_file.value(
                xml_file.leaves(header), tables["looked_after_child"], "la_child_id"
            ),
            "source_row": str(number),
        }
        for name, element in ELEMENTS.items():
            found = [xml_file.leaves(record) for record in below[element]]
            rows[name] += [_record(tables[name], facts) | owner for facts in found if facts]
    return [xml_file.part(tables[name], path, rows[name], None) for name in tables]


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """Children, episodes, outcomes and missing periods, with council and day from the folders."""
    tables = contracts.load()[CONTRACT].tables
    found: dict[str, list[pl.LazyFrame]] = {name: [] for name in tables}
    for _, beside in groupby(sorted(parts, key=_folder), key=_folder):
        folder = list(beside)
        path = folder[0].path
        known_on = pl.lit(date_in_path(path) or newest_date(folder), pl.Date).alias("known_on")
        council = pl.lit(council_in_path(path), pl.String).alias("la_code")
        for name in tables:
            found[name] += [part.frame.with_columns(known_on, council) for part in of(folder, name)]
    return {name: together(table, found[name]) for name, table in tables.items()}, {}


def _folder(part: Part) -> str:
    return str(PurePosixPath(part.path).parent)


def _record(table: contracts.Table, facts: Record) -> Record:
    return {name: xml_file.value(facts, table, name) for name in table.delivered}
