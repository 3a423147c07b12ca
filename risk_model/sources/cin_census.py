"""Children in Need census: one XML file per council and quarter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources import xml_file
from risk_model.sources.assembly import of, together
from risk_model.sources.extracts import Part
from risk_model.sources.xml_file import Element, Record

CONTRACT = "cin_census"
# Below each episode: our table, the element that repeats, one row for each.
BELOW_EPISODE = {
    "cin_plan": "cinplandates",
    "cin_section47": "section47",
    "cin_protection_plan": "childprotectionplans",
}


def recognises(root: Element) -> bool:
    """Whether this XML holds children with council ids, as the Children in Need census does."""
    return next(xml_file.named(root, "lachildid"), None) is not None


def parts_of(root: Element, path: str) -> list[Part]:
    """The seven tables out of one file; an element of no interest to them is passed over."""
    council, known_on = xml_file.header_facts(root)
    tables = contracts.load()[CONTRACT].tables
    rows: dict[str, list[Record]] = {name: [] for name in tables}
    for number, child in enumerate(xml_file.members(root, "children", "child"), start=1):
        _, below = xml_file.contents(child)
        facts: Record = {}
        for group in below["childidentifiers"] + below["childcharacteristics"]:
            facts |= xml_file.leaves(group)
        disabilities = [
            one for group in below["childcharacteristics"] for one in xml_file.named(group, "disability")
        ]
        owner: Record = {
            "la_code": council,
            "la_child_id": xml_file.value(facts, tables["cin_child"], "la_child_id"),
            "source_row": str(number),
        }
        rows["cin_child"].append(_record(tables["cin_child"], facts, owner))
        for disability in disabilities:
            rows["cin_disability"].append(owner | {"disability_code": disability.text})
        _add_episodes(below["cindetails"], owner, tables, rows)
    return [xml_file.part(tables[name], path, rows[name], known_on) for name in tables]


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """Children, episodes and what followed, of every file."""
    tables = contracts.load()[CONTRACT].tables
    return {
        name: together(table, [part.frame for part in of(parts, name)]) for name, table in tables.items()
    }, {}


def _add_episodes(
    episodes: list[Element], owner: Record, tables: dict[str, contracts.Table], rows: dict[str, list[Record]]
) -> None:
    """A child's episodes and all below them, under a key that stays the same from quarter to quarter."""
    seen: Counter[str] = Counter()
    for details in episodes:
        facts, below = xml_file.contents(details)
        referred = facts.get("cinreferraldate") or "undated"
        seen[referred] += 1
        key = referred if seen[referred] == 1 else f"{referred}/{seen[referred]}"
        mine = owner | {"episode_key": key}
        rows["cin_episode"].append(_record(tables["cin_episode"], facts, mine))
        for name, element in BELOW_EPISODE.items():
            rows[name] += [_record(tables[name], xml_file.leaves(found), mine) for found in below[element]]
        for assessment in below["assessments"]:
            found = _record(tables["cin_assessment_factor"], xml_file.leaves(assessment), mine)
            factors = [factor.text for factor in xml_file.named(assessment, "assessmentfactors")] or [None]
            rows["cin_assessment_factor"] += [found | {"factor_code": factor} for factor in factors]


def _record(table: contracts.Table, facts: Record, owner: Record) -> Record:
    return {name: xml_file.value(facts, table, name) for name in table.delivered} | owner
