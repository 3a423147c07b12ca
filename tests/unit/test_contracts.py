"""Contracts: they load, they say everything that a column must say, and they part rows as they say."""

from __future__ import annotations

import json
import string
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validators
from stdnum.gb import nhs as stdnum_nhs
from stdnum.gb import upn as stdnum_upn

from risk_model import contracts
from risk_model.contracts.identifiers import (
    UPN_ALPHABET,
    nhs_number_is_valid,
    tidy_nhs_number,
    tidy_upn,
    upn_is_valid,
)
from risk_model.contracts.parsing import parse, parse_dates
from risk_model.errors import UserError
from tests.reading import check

FOLDER = Path(__file__).parents[2] / "data_contracts"
FILES = sorted(FOLDER.glob("*.odcs.yaml"))
SHARED = Path(__file__).resolve().parents[3] / "shared"
ODCS_SCHEMA = SHARED / "samples/odcs/odcs-json-schema-v3.1.0.json"
RETURNS = sorted(set(contracts.load()) - set(contracts.OUR_OWN))
PUBLISHED_FIELDS = {"csds": "csds_v1_6_fields.csv", "mhsds": "mhsds_v6_fields.csv"}


def test_one_contract_per_return_and_one_for_each_file_of_our_own() -> None:
    assert sorted(contracts.load()) == [
        "annex_a", "attendance", "capacity", "cin_census", "csds", "decisions", "mhsds", "patient_index",
        "safeguarding", "school_census", "sen2", "ssda903", "wlmds", "worklist",
    ]  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_contract_is_valid_odcs(file: Path) -> None:
    if not ODCS_SCHEMA.exists():
        pytest.skip("the ODCS JSON schema is not on this machine")
    schema = json.loads(ODCS_SCHEMA.read_text())
    validator = validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(yaml.safe_load(file.read_text()))] == []


@pytest.mark.parametrize(
    "name", sorted(n for n, t in contracts.tables().items() if t.contract not in contracts.OUR_OWN)
)
def test_every_table_of_a_partner_is_read_into_its_types(name: str) -> None:
    table = contracts.tables()[name]
    headers = dict.fromkeys((column.header for column in table.columns.values()), pl.String)
    typed = check(name, pl.DataFrame(schema=headers)).accepted.schema
    assert {c: typed[c] for c in table.delivered} == {c: table.columns[c].dtype for c in table.delivered}


def test_every_column_states_class_basis_purpose_and_retention() -> None:
    for table in contracts.tables().values():
        for column in table.columns.values():
            assert column.description and column.legal_basis and column.purpose and column.retention
            assert column.privacy_class in contracts.PRIVACY_CLASSES


def test_a_list_held_from_memory_never_rejects() -> None:
    lists = [c.code_list for t in contracts.tables().values() for c in t.columns.values() if c.code_list]
    assert all(found.is_open for found in lists if found.source.startswith("from memory"))


@pytest.mark.parametrize("name", RETURNS)
def test_each_return_lists_its_editions_oldest_first(name: str) -> None:
    editions = contracts.load()[name].editions
    assert editions and all(edition.source for edition in editions)
    days = [day for e in editions for day in (e.collected_from, e.collected_until) if day is not None]
    assert days == sorted(days)


@pytest.mark.parametrize("name", RETURNS)
def test_no_header_and_no_code_ends_before_it_begins(name: str) -> None:
    contract = contracts.load()[name]
    place = {edition.name: number for number, edition in enumerate(contract.editions)}
    columns = [column for table in contract.tables.values() for column in table.columns.values()]
    spans = [(column.since, column.until) for column in columns]
    for code_list in [column.code_list for column in columns if column.code_list]:
        spans += [(code_list.since.get(c), code_list.until.get(c)) for c in code_list.spellings]
    assert all(place[first] <= place[last] for first, last in spans if first and last)


def test_a_spelling_that_ended_is_still_accepted() -> None:
    lists = [c.code_list for t in contracts.tables().values() for c in t.columns.values() if c.code_list]
    assert [code for found in lists for code in found.until if code.upper() not in found.spellings] == []


@pytest.mark.parametrize("name", RETURNS)
def test_a_table_left_behind_is_not_mistaken_for_one_that_is_taken(name: str) -> None:
    for left, telling in contracts.load()[name].tables_not_taken.items():
        present = {contracts.plain(header) for header in telling}
        assert [t.name for t in contracts.tables().values() if _is_told_by(t, present)] == [], left


@pytest.mark.parametrize("name", sorted(PUBLISHED_FIELDS))
def test_every_published_table_and_column_is_taken_or_left_behind_by_name(name: str) -> None:
    listed = SHARED / "fields" / PUBLISHED_FIELDS[name]
    if not listed.exists():
        pytest.skip("the published field lists are not on this machine")
    published = pl.read_csv(listed, infer_schema=False).group_by("table").agg("field")
    contract = contracts.load()[name]
    taken = {table.header: table for table in contract.tables.values()}
    assert set(published["table"]) == set(taken) | set(contract.tables_not_taken)
    for header, fields in published.filter(pl.col("table").is_in(list(taken))).iter_rows():
        ours = {contracts.plain(c.header) for c in taken[header].columns.values()}
        left = {contracts.plain(column) for column in taken[header].not_taken}
        assert {contracts.plain(field) for field in fields} <= ours | left


def test_readme_names_every_contract() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert [file.name for file in FILES if file.name not in readme] == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"servers": [{"server": "x", "type": "local"}]}, "servers"),
        ({"schema": [{"name": "t", "relationships": []}]}, "relationships"),
        ({"schema": [{"name": "t", "properties": [{"name": "c", "unique": True}]}]}, "unique"),
        ({"schema": [{"name": "t", "quality": [{"type": "sql", "query": "SELECT 1"}]}]}, "query"),
        (
            {
                "schema": [
                    {"name": "t", "properties": [{"name": "c", "logicalTypeOptions": {"multipleOf": 2}}]}
                ]
            },
            "multipleOf",
        ),
        ({"customProperties": [{"property": "colour", "value": "red"}]}, "colour"),
    ],
)
def test_a_key_that_nothing_enforces_is_refused(
    tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    basis = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": "1", "status": "draft"}
    file = tmp_path / "x.odcs.yaml"
    file.write_text(yaml.safe_dump(basis | {"description": {"purpose": "test"}} | change))
    with pytest.raises(UserError, match=complaint):
        contracts.read_contract(file)


def test_rejected_rows_carry_place_and_rules_but_no_value() -> None:
    checked = check("looked_after_episode", _episodes(DECOM=["31/02/2020", None, "01/02/2020"]))
    assert checked.accepted.height == 1
    assert checked.rejected.columns == ["table", "source_file", "source_row", "contract", "version", "rules"]
    assert dict(checked.rejected.select("source_row", "rules").iter_rows()) == {
        1: ["started_on|unparsed"],
        2: ["started_on|missing"],
    }


def test_an_unlisted_optional_code_becomes_empty_and_is_counted() -> None:
    checked = check("looked_after_episode", _episodes(LS=["C2", "Q9", None]))
    assert checked.accepted["legal_status_code"].to_list() == ["C2", None, None]
    assert _warned(checked) == {"legal_status_code|not_in_code_list": 1}


def test_an_unlisted_code_of_an_open_list_is_kept_and_counted() -> None:
    checked = check("looked_after_episode", _episodes(PLACE=["U1", "H9", None]))
    assert checked.accepted["placement_code"].to_list() == ["U1", "H9", None]
    assert _warned(checked) == {"placement_code|not_in_open_code_list": 1}


def test_an_unlisted_code_that_gives_the_row_its_meaning_rejects_it() -> None:
    frame = pl.DataFrame(
        {"pupilonrolltableid": ["1", "2"], "startdate": ["2025-02-14"] * 2, "category": ["FIXD", "ZZ"]}
    )
    checked = check("school_census_exclusion", frame)
    assert checked.accepted["category_code"].to_list() == ["SUSP"]
    assert checked.rejected["rules"].to_list() == [["category_code|not_in_code_list"]]


def test_the_send_flag_says_0_for_a_child_who_has_a_plan() -> None:
    frame = pl.DataFrame({"pers_person_id": list("abcde"), "pers_send_flag": ["0", "1", "Y", "N", None]})
    checked = check("safeguarding_person", frame)
    meanings = contracts.tables()["safeguarding_person"].columns["send_flag_code"].codes or {}
    said = [meanings.get(code) for code in checked.accepted["send_flag_code"]]
    has, has_not = (
        "has an education, health and care plan",
        "does not have an education, health and care plan",
    )
    assert said == [has, has_not, has, has_not, None]


def test_a_number_outside_its_limits_becomes_empty() -> None:
    checked = check(
        "looked_after_outcome", pl.DataFrame({"CHILD": list("abc"), "SDQ_SCORE": ["0", "40", "41"]})
    )
    assert checked.accepted["sdq_score"].to_list() == [0, 40, None]
    assert _warned(checked) == {"sdq_score|maximum": 1}


def test_a_rule_of_severity_error_rejects() -> None:
    week = {
        "upn": ["A950000178301"] * 2,
        "week_ending": ["2025-03-07"] * 2,
        "sessions_possible": ["10", "10"],
    }
    checked = check("attendance_week", pl.DataFrame(week | {"sessions_unauthorised": ["10", "11"]}))
    assert checked.accepted.height == 1
    assert checked.rejected["rules"].to_list() == [["absence_within_possible"]]


def test_an_unknown_column_is_a_warning() -> None:
    checked = check("looked_after_episode", _episodes(TEST_COLUMN=["x"] * 3))
    assert _warned(checked) == {"unknown_column|TEST_COLUMN": 3}


def test_a_bad_upn_is_unusable_but_keeps_the_child() -> None:
    frame = pl.DataFrame({"CHILD": list("abc"), "UPN": ["A950000178301", "R247962919251", "UN1"]})
    checked = check("looked_after_child", frame)
    assert checked.accepted["upn"].to_list() == ["A950000178301", None, None]
    assert _warned(checked) == {"upn_check_letter": 1}


@pytest.mark.parametrize(
    ("written", "valid"),
    [
        ("9434765919", True),
        ("943 476 5919", True),
        ("943-476-5919", True),
        ("9434765919.0", True),
        ("9434765918", False),
        ("3478526985", False),
        ("0000000000", False),
        ("1000000001", False),
        ("9000000009", False),
        ("943476591", False),
        ("9.434765919E9", False),
        ("\u0669\u0664\u0663\u0664\u0667\u0666\u0665\u0669\u0661\u0669", False),
        ("943476591O", False),
        ("", False),
    ],
)
def test_nhs_number(written: str, valid: bool) -> None:
    assert pl.select(nhs_number_is_valid(tidy_nhs_number(pl.lit(written))["value"])).item() is valid


@given(st.lists(st.text(string.digits, min_size=10, max_size=10), min_size=1, max_size=50))
def test_nhs_numbers_agree_with_the_oracle(numbers: list[str]) -> None:
    ours = pl.DataFrame({"n": numbers}).select(nhs_number_is_valid(pl.col("n"))).to_series().to_list()
    disallowed = {f"{d}00000000{d}" for d in range(1, 10)} | {str(d) * 10 for d in range(10)}
    assert ours == [stdnum_nhs.is_valid(number) and number not in disallowed for number in numbers]


@pytest.mark.parametrize(
    ("written", "valid"),
    [
        ("A950000178301", True),
        ("a950000178301 ", True),
        ("H243278544154", True),
        ("R247962919251", False),
        ("A95000017830", False),
        ("A-5000017830-", False),
        ("A+5000178301 ", False),
        ("3412", False),
    ],
)
def test_upn(written: str, valid: bool) -> None:
    assert pl.select(upn_is_valid(tidy_upn(pl.lit(written))["value"])).item() is valid


@given(st.text(string.digits, min_size=11, max_size=11), st.sampled_from(string.digits + UPN_ALPHABET))
def test_exactly_one_upn_check_letter_fits_and_it_is_the_oracles(digits: str, last: str) -> None:
    numbers = [letter + digits + last for letter in UPN_ALPHABET]
    fits = pl.DataFrame({"n": numbers}).filter(upn_is_valid(pl.col("n")))["n"].to_list()
    assert fits == [stdnum_upn.calc_check_digit(f"?{digits}{last}") + digits + last]


@pytest.mark.parametrize(
    ("written", "logical_type", "read"),
    [
        ("785.0", "integer", 785),
        ("785.5", "integer", None),
        ("1e400", "number", None),
        ("nan", "number", None),
        ("True", "boolean", True),
        ("0", "boolean", False),
        ("Y", "boolean", True),
        ("maybe", "boolean", None),
        ("1899-12-30", "date", None),
        ("2024-02-30", "date", None),
    ],
)
def test_text_is_read_or_left_empty(written: str, logical_type: str, read: object) -> None:
    assert pl.select(parse(pl.lit(written), logical_type, ["yyyy-MM-dd"])["value"]).item() == read


@pytest.mark.parametrize(
    "written",
    ["2024-02-09", "09/02/2024", "2024-Feb-09 00:00:00", "2024-02-09T10:47:39", "2024-02-09 10:47:39.000"],
)
def test_each_date_format_gives_the_same_day(written: str) -> None:
    formats = [
        "yyyy-MM-dd",
        "dd/MM/yyyy",
        "yyyy-MMM-dd HH:mm:ss",
        "yyyy-MM-dd'T'HH:mm:ss",
        "yyyy-MM-dd HH:mm:ss",
    ]
    assert (
        str(parse_dates(pl.Series([written, None]), formats).to_list()) == "[datetime.date(2024, 2, 9), None]"
    )


_junk = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["01/02/2020", "30/02/2020", "C2", "N4", "S", "41"])
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[_junk] * 5), max_size=20))
def test_every_row_is_either_accepted_or_rejected(rows: list[tuple[str | None, ...]]) -> None:
    frame = pl.DataFrame(
        rows, schema=dict.fromkeys(["CHILD", "DECOM", "LS", "CIN", "DEC"], pl.String), orient="row"
    )
    checked = check("looked_after_episode", frame)
    assert checked.accepted.height + checked.rejected.height == len(rows)
    assert all(checked.rejected["rules"].list.len() > 0)
    assert checked.accepted["la_child_id"].null_count() + checked.accepted["started_on"].null_count() == 0


_cells = st.one_of(
    _junk, st.sampled_from(["V4", "v4 ", "a) C2", "1900-01-01", "A950000178301", "2020-02-01"])
)
_rows = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(_cells, min_size=4, max_size=4)
        for name in ("la_child_id", "started_on", "legal_status_code")
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_rows, min_size=1, max_size=8))
def test_a_reader_that_read_other_frames_before_reads_as_a_fresh_one(
    frames: list[dict[str, list[str | None]]],
) -> None:
    table, reader = contracts.tables()["looked_after_episode"], contracts.ColumnReader()
    for columns in frames:
        text = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
        (typed, touched), (alone, alone_touched) = (
            r.read(table, text, is_tidy=False) for r in (reader, contracts.ColumnReader())
        )
        assert typed.equals(alone) and typed.schema == alone.schema
        said, said_alone = (
            sorted((rule, severity, rows.to_list()) for rule, severity, rows in found)
            for found in (touched, alone_touched)
        )
        assert said == said_alone


def _episodes(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"CHILD": ["a", "b", "c"], "DECOM": ["01/01/2020"] * 3} | columns)


def _is_told_by(table: contracts.Table, present: set[str]) -> bool:
    columns = {contracts.plain(column.header): column for column in table.columns.values()}
    spellings = [
        contracts.spellings(columns[contracts.plain(header)])
        if contracts.plain(header) in columns
        else (header,)
        for header in table.recognised_by
    ]
    return bool(spellings) and all(
        any(contracts.plain(word) in present for word in words) for words in spellings
    )


def _warned(checked: contracts.Checked) -> dict[str, int]:
    return dict(checked.findings.filter(severity="warning").select("rule", "rows").iter_rows())
