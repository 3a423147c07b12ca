"""Opens a partner's XML without trusting it, and reads records out of it by local name, whatever the case."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

import polars as pl
from lxml import etree

from risk_model import contracts
from risk_model.contracts.parsing import parse_dates
from risk_model.sources.extracts import Part
from risk_model.sources.opening import MEGABYTE, Content, Unreadable, all_bytes

LARGEST_XML_BYTES = 256 * MEGABYTE
DEEPEST_LEVEL = 64
HEADER_DATES = ("yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss", "dd/MM/yyyy")

Element = etree._Element
Record = dict[str, str | None]


def open_xml(content: Content) -> Element:
    """The root element; raises Unreadable for damage, document types, and size or depth beyond reason."""
    data = all_bytes(content)
    if len(data) > LARGEST_XML_BYTES:
        raise Unreadable(
            f"The XML is larger than {LARGEST_XML_BYTES // MEGABYTE} MB. Ask the partner to split it."
        )
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Unreadable(
            "The XML declares a document type or entities, which are refused. Ask for a file without them."
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.parse(io.BytesIO(data), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            "The XML is damaged or breaks off before its end. Ask the partner to send it again."
        ) from error
    if tree.docinfo.internalDTD is not None:
        raise Unreadable("The XML declares a document type, which is refused. Ask for a file without it.")
    root = tree.getroot()
    if root.find("/".join("*" * DEEPEST_LEVEL)) is not None:
        raise Unreadable(
            f"The XML is nested more than {DEEPEST_LEVEL} deep, which no return is. Ask for the real file."
        )
    return root


def name_of(element: Element) -> str:
    """The element's name in small letters, without its namespace; empty for comments."""
    return _local_name(element.tag) if isinstance(element.tag, str) else ""


def named(element: Element, *names: str) -> Iterator[Element]:
    """Every element below with one of these names, in the order of the file."""
    return (below for below in element.iterdescendants() if name_of(below) in names)


def members(root: Element, group: str, name: str) -> Iterator[Element]:
    """The elements of one name that stand directly in a group, or in the root if there is no such group."""
    within = next(named(root, group), root)
    return (member for member in within if name_of(member) == name)


def by_name(element: Element) -> dict[str, list[Element]]:
    """Every element below, gathered by name in one walk."""
    found: dict[str, list[Element]] = defaultdict(list)
    for below in element.iterdescendants():
        found[name_of(below)].append(below)
    return found


def contents(element: Element) -> tuple[Record, dict[str, list[Element]]]:
    """What stands directly in an element: the text of its leaves, first of each name, and all by name."""
    texts: Record = {}
    children: dict[str, list[Element]] = defaultdict(list)
    for child in element:
        name = name_of(child)
        children[name].append(child)
        if len(child) == 0 and child.text and (text := child.text.strip()):
            texts.setdefault(name, text)
    return texts, children


def leaves(element: Element) -> Record:
    """Name and text of the children that hold text only; of several with one name the first."""
    return contents(element)[0]


def header_facts(root: Element) -> tuple[str | None, date | None]:
    """Council number and day of a Message header: the file's own time, else the reference date."""
    header = next(named(root, "header"), None)
    facts: Record = {}
    for group in named(header, "source", "collectiondetails") if header is not None else ():
        facts |= leaves(group)
    days = parse_dates(
        pl.Series([facts.get("datetime"), facts.get("referencedate")], dtype=pl.String), HEADER_DATES
    )
    return facts.get("lea"), next((day for day in days if day is not None), None)


def value(record: Record, table: contracts.Table, column: str) -> str | None:
    """The record's text for one of our columns, under any of the column's spellings."""
    for spelling in _spellings(table.name, column):
        if spelling in record:
            return record[spelling]
    return None


def part(table: contracts.Table, path: str, rows: Sequence[Record], known_on: date | None) -> Part:
    """One table's rows of one XML file."""
    schema = {**dict.fromkeys(table.delivered, pl.String), "source_row": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("source_row").cast(pl.Int64), pl.lit(known_on, pl.Date).alias("known_on")
    )
    return Part(table.name, frame.lazy(), path, path, {name: [name] for name in table.delivered})


@cache
def _spellings(table: str, column: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in contracts.spellings(contracts.tables()[table].columns[column]))


@cache
def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2].lower()
