"""SSDA903: looked after children as one XML file; its CSV files are read by `by_folder`."""

from __future__ import annotations

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import Frames
from risk_model.sources.xml_file import Document, under

GROUPS = ("children", "expssda903")
RECORDS = ("child", "header", "episode", "oc2", "missing")
ELEMENTS = {
    "looked_after_child": "header",
    "looked_after_episode": "episode",
    "looked_after_outcome": "oc2",
    "looked_after_missing": "missing",
}


def tables_of(document: Document) -> Frames:
    """The four tables out of one XML file as text."""
    tables = contracts.load()["ssda903"].tables
    children = document.records("child", tables["looked_after_child"]).with_row_index("source_row", offset=1)
    headers = document.records("header", tables["looked_after_child"])
    numbers = headers.select(record="parent", of_header="la_child_id").unique("record", keep="first")
    owner = children.join(numbers, on="record", how="left", maintain_order="left").select(
        "source_row", "record", la_child_id=pl.coalesce("of_header", "la_child_id")
    )
    return {name: under(document.records(element, tables[name]), owner) for name, element in ELEMENTS.items()}
