"""What a partner's analyst is told to mend first: in which order, over which files, and never a child's value."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html
from stdnum.gb import upn
from typer.testing import CliRunner

from risk_model import sources
from risk_model.__main__ import app
from risk_model.check_report import CheckReport, report_of, report_page
from risk_model.contracts.columns import REJECTS, WARNS

CANARY = "KANARI7"
HOSTILE = "[/x]<script>alert(1)</script>"
HEADERS = "upn,urn,la_code,week_ending,sessions_possible,sessions_authorised,sessions_unauthorised"


def write(folder: Path, name: str, rows: list[str], more: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([HEADERS + more, *rows, ""]))


def pupil(number: int) -> str:
    """A valid unique pupil number, another for each number."""
    digits = f"950000{number:06}"
    return upn.calc_check_digit(f" {digits}") + digits


def row(number: int = 0, *, week: str = "2026-01-09", possible: str = "10", more: str = "") -> str:
    return f"{pupil(number)},100001,879,{week},{possible},0,0{more}"


def report(folder: Path) -> CheckReport:
    return report_of(sources.check(folder, with_rows=False))


def page_of(folder: Path) -> html.HtmlElement:
    return html.fromstring(report_page(report(folder), folder="in", checked_on=date(2026, 11, 24)))


@pytest.fixture
def extracts(tmp_path: Path) -> Path:
    """Two files with rows to mend, one that nobody knows, and a canary in every place a value can stand."""
    folder = tmp_path / "in"
    bad_weeks = [row(n, week=CANARY, more=f",{CANARY}") for n in range(3)]
    odd_counts = [row(possible=CANARY, more=f",{CANARY}"), row(more=f",{CANARY}")]
    write(folder, "attendance_2025-12-31.csv", [*bad_weeks, *odd_counts], f",{HOSTILE}")
    write(folder, "attendance_2026-01-31.csv", [row(week=CANARY, more=f",{CANARY}")], f",{HOSTILE}")
    (folder / "[").mkdir()
    (folder / "[/b]<i>odd.csv").write_text(f"one,two\n{CANARY},2\n")
    return folder


def test_one_rule_in_many_files_is_one_item_with_the_newest_first(extracts: Path) -> None:
    (week,) = [item for item in report(extracts).of_kind(REJECTS) if "week_ended_on" in item.rule]
    assert week.files == ("attendance_2026-01-31.csv", "attendance_2025-12-31.csv")
    assert (week.table, week.column, week.rows) == ("attendance_week", "week_ending", 4)
    assert (week.children, week.children_in_words) == (3, "at least 3")


def test_what_touches_most_children_comes_first(tmp_path: Path) -> None:
    few = [row(n, possible="x") for n in range(2)]
    many = [row(n, week="x") for n in range(9)]
    some = [row(n, possible="99") for n in range(4)]
    write(tmp_path, "a_2026-01-01.csv", few)
    write(tmp_path, "b_2026-01-01.csv", many)
    write(tmp_path, "c_2026-01-01.csv", some)
    found = report(tmp_path)
    for kind in (REJECTS, WARNS):
        children = [item.children for item in found.of_kind(kind)]
        assert children == sorted(children, reverse=True)
    assert found.of_kind(REJECTS)[0].children == 9
    first = page_of(tmp_path).xpath("//section[@aria-labelledby='mend-errors']//tbody/tr[1]")[0]
    assert first.xpath("string(th)").startswith("week_ending") and first.xpath("string(td[1])") == "9"


def test_files_come_before_gaps_before_rows_before_values(extracts: Path) -> None:
    kinds = list(dict.fromkeys(item.kind for item in report(extracts).mend_first))
    assert kinds == [kind for kind in ("unreadable", "noted", "gap", REJECTS, WARNS) if kind in kinds]
    assert kinds[0] == "unreadable" and REJECTS in kinds and WARNS in kinds


def test_files_of_which_the_same_is_said_are_one_item(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("one,two\n1,2\n")
    (item,) = report(tmp_path).mend_first
    assert item.files == ("c.csv", "b.csv", "a.csv")


def test_every_row_of_a_file_is_accepted_or_left_out(extracts: Path) -> None:
    for line in page_of(extracts).xpath("//table[contains(@class, 'files')]/tbody/tr"):
        rows, accepted, left_out = (int(line.xpath(f"string(td[{n}])")) for n in (2, 3, 4))
        assert rows == accepted + left_out
    assert sum(file.rows for file in report(extracts).files) == 6


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["good"], "The file was understood, and 1 row accepted. There is nothing to mend."),
        (["odd"], "1 of 1 file could not be read."),
        (["good", "odd"], "1 of 2 files could not be read, and 1 row accepted."),
        (["good", "bad"], "All 2 files were understood, and 1 of 2 rows was left out."),
    ],
)
def test_the_first_sentence_says_it_all(tmp_path: Path, files: list[str], says: str) -> None:
    content = {"good": [row()], "bad": [row(week="x")]}
    for name in files:
        if name in content:
            write(tmp_path, f"{name}_2026-01-01.csv", content[name])
        else:
            (tmp_path / "odd.csv").write_text("one,two\n1,2\n")
    assert report(tmp_path).summary == says


def test_a_table_that_we_leave_behind_is_nothing_to_mend(tmp_path: Path) -> None:
    write(tmp_path, "a_2026-01-01.csv", [row()])
    (tmp_path / "gp.csv").write_text("LocalPatientID,OrgID_GP,GPRegistration_StartDate,RowNumber\n1,2,3,4\n")
    found = report(tmp_path)
    assert not found.mend_first
    assert "1 file holds a table that we leave behind on purpose." in found.summary
    assert "CYP002GP, left behind on purpose" in page_of(tmp_path).text_content()


def test_the_page_needs_nothing_but_itself(extracts: Path) -> None:
    page = page_of(extracts)
    assert not page.xpath("//script | //link | //img | //iframe | //i | //@onclick | //@style")
    assert all(link.startswith("#") for link in page.xpath("//@href"))
    assert "url(" not in page.findtext(".//style") and "@import" not in page.findtext(".//style")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in page.xpath("//@href")} <= set(ids)


def test_the_page_can_be_read_by_ear(extracts: Path) -> None:
    page = page_of(extracts)
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in page.xpath("//table"):
        assert table.findtext("caption")
        assert set(table.xpath(".//th/@scope")) == {"col", "row"}
        assert not table.xpath(".//th[not(@scope)]")


def test_a_hostile_header_is_named_by_its_place_and_a_hostile_file_name_stays_text(extracts: Path) -> None:
    told = page_of(extracts).text_content()
    printed = CliRunner().invoke(app, ["check", str(extracts)])
    assert printed.exit_code == 1
    for said in (told, printed.output):
        assert "no. 8" in said and HOSTILE not in said and "[/b]<i>odd.csv" in said


def test_a_sign_that_a_terminal_would_obey_is_not_printed(tmp_path: Path) -> None:
    write(tmp_path, "a\x1b[31m_2026-01-01.csv", [row(more=",1")], ",\x1b[2J")
    (tmp_path / "b\n1. All is well.csv").write_text("one,two\n")
    printed = CliRunner().invoke(app, ["check", str(tmp_path)]).output
    assert "\x1b" not in printed and "\n1. All" not in printed


def test_no_value_of_a_child_is_told_anywhere(extracts: Path) -> None:
    said = [page_of(extracts).text_content()]
    for options in ([], ["--json"]):
        done = CliRunner().invoke(app, ["check", str(extracts), *options])
        assert done.exit_code == 1
        said.append(done.output)
    assert all(value not in text for text in said for value in (CANARY, *map(pupil, range(3))))


def test_the_json_is_complete(extracts: Path) -> None:
    told = json.loads(CliRunner().invoke(app, ["check", str(extracts), "--json"]).output)
    assert set(told) == {"summary", "files", "tables", "findings", "gaps"}
    assert {"path", "source", "tables", "rows", "accepted", "rejected", "findings", "left_behind"} == set(
        told["files"][0]
    )
    findings = told["findings"]
    assert findings[0]["severity"] == REJECTS
    assert all(one["meaning"].endswith(".") and one["to_do"].endswith(".") for one in findings)
    assert {one["source_file"] for one in findings if one["rule"] == "week_ended_on|unparsed"} == {
        "attendance_2025-12-31.csv",
        "attendance_2026-01-31.csv",
    }
    assert told["tables"] == [
        {"source": "attendance", "table": "attendance_week", "accepted": 1, "rejected": 5}
    ]
