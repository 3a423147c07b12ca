"""Editions: a contract as one of them, and which changes between two would lose a row, a column or a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from risk_model.contracts import Contract, read_contract
from risk_model.contracts.editions import Change, at, diff
from risk_model.errors import UserError

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: clinic
name: A clinic's return
version: 1.0.0
status: active
domain: health
description: {purpose: To try editions.}
customProperties:
  - {property: legalBasis, value: none}
  - {property: purpose, value: [triage]}
  - {property: retention, value: none}
  - property: editions
    value:
      - {name: "1", until: 2020-03-31, source: made up}
      - {name: "2", from: 2020-04-01, until: 2024-03-31, source: made up}
      - {name: "3", from: 2024-04-01, source: made up}
  - property: codeLists
    value:
      priority:
        version: "3"
        source: made up
        codes: {"1": routine, "2": urgent, "9": none, "7": soon}
        alsoWritten: {"S": "7"}
        since: {"7": "3"}
        until: {"9": "1"}
schema:
  - name: visit
    physicalName: VISIT
    properties:
      - {name: visit_id, physicalName: VisitID, logicalType: string, required: true, classification: OP,
         description: Number of the visit.}
      - name: visited_on
        physicalName: VisitDate
        logicalType: date
        classification: OP
        description: Day of the visit.
        customProperties:
          - {property: formerly, value: {ApptDate: "1", DateOfVisit: "2"}}
      - name: priority_code
        physicalName: Priority
        logicalType: string
        classification: OP
        description: How urgent.
        customProperties:
          - {property: codeList, value: priority}
      - name: room
        logicalType: string
        classification: OP
        description: The room.
        customProperties:
          - {property: until, value: "2"}
      - name: clinician
        logicalType: string
        classification: OP
        description: Who saw the child.
        customProperties:
          - {property: since, value: "2"}
  - name: group_visit
    physicalName: GROUP
    customProperties:
      - {property: since, value: "3"}
    properties:
      - {name: visit_id, logicalType: string, classification: OP, description: Number of the visit.}
"""


def contract(folder: Path, *changes: tuple[str, str]) -> Contract:
    text = CONTRACT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "clinic.odcs.yaml").write_text(text)
    return read_contract(folder / "clinic.odcs.yaml")


def told(changes: list[Change]) -> set[tuple[str, str, bool]]:
    return {(change.kind, change.subject, change.breaks) for change in changes}


@pytest.mark.parametrize(
    ("edition", "tables", "header", "columns", "codes"),
    [
        ("1", {"visit"}, "ApptDate", {"room"}, {"1", "2", "9"}),
        ("2", {"visit"}, "DateOfVisit", {"room", "clinician"}, {"1", "2"}),
        ("3", {"visit", "group_visit"}, "VisitDate", {"clinician"}, {"1", "2", "7"}),
    ],
)
def test_an_edition_has_its_own_tables_headers_columns_and_codes(
    tmp_path: Path, edition: str, tables: set[str], header: str, columns: set[str], codes: set[str]
) -> None:
    found = at(contract(tmp_path), edition)
    visit = found.tables["visit"]
    assert set(found.tables) == tables
    assert visit.columns["visited_on"].header == header
    assert set(visit.columns) == {"visit_id", "visited_on", "priority_code", *columns}
    assert set(visit.columns["priority_code"].codes or {}) == codes
    assert found.editions[-1].name == edition


def test_from_one_edition_to_the_next(tmp_path: Path) -> None:
    clinic = contract(tmp_path)
    assert told(diff(at(clinic, "2"), at(clinic, "3"))) == {
        ("column dropped", "room", True),
        ("column renamed", "visited_on", False),
        ("code added", "priority", False),
        ("table added", "group_visit", False),
    }


def test_back_to_the_edition_before(tmp_path: Path) -> None:
    clinic = contract(tmp_path)
    assert told(diff(at(clinic, "3"), at(clinic, "2"))) == {
        ("table dropped", "group_visit", True),
        ("column renamed", "visited_on", True),
        ("code retired", "priority", True),
        ("column added", "room", False),
    }


def test_nothing_changes_between_a_contract_and_itself(tmp_path: Path) -> None:
    assert diff(contract(tmp_path), contract(tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "kind", "breaks"),
    [
        (("physicalName: VisitDate", "physicalName: SeenOn"), "column renamed", True),
        (("physicalName: Priority", "physicalName: PRIORITY"), None, False),
        (("required: true, ", ""), "made optional", False),
        (("logicalType: date", "logicalType: date\n        required: true"), "made required", True),
        (("logicalType: date", "logicalType: string"), "type changed", False),
        (("logicalType: date", "logicalType: integer"), "type changed", True),
        (('"2": urgent, ', ""), "code retired", True),
        (('source: made up\n        codes: {"1"', 'source: x\n        open: true\n        codes: {"1"'),
         "code list changed", False),
        (("name: room\n", "name: room\n        logicalTypeOptions: {maxLength: 3}\n"), "limit changed", True),
        (("          - {property: codeList, value: priority}\n", "          - {property: aliases, value: [P]}\n"),
         "code list exchanged", False),
    ],
)  # fmt: skip
def test_which_changes_break(tmp_path: Path, change: tuple[str, str], kind: str | None, breaks: bool) -> None:
    changed = diff(contract(tmp_path), contract(tmp_path, change))
    assert [(found.kind, found.breaks) for found in changed] == ([] if kind is None else [(kind, breaks)])


def test_an_edition_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no edition 4\. Expected one of: 1, 2, 3\."):
        at(contract(tmp_path), "4")
