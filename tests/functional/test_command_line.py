"""What a person gets wrong: one clear sentence each, the right exit code, no traceback, nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import risk_model


def check_is_a_sentence(said: str, *parts: str) -> None:
    assert "Traceback" not in said
    assert said.startswith("Error: ") and said.rstrip().endswith(".")
    assert "xpected" in said
    for part in parts:
        assert part in said


def test_a_missing_and_an_empty_folder(tmp_path: Path) -> None:
    for folder, part in ((tmp_path / "nowhere", "nowhere"), (tmp_path, "no file")):
        done = risk_model("check", folder)
        assert done.returncode == 2
        check_is_a_sentence(done.stderr, part)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"CHILD,DECOM\n1,01/01/2020\n2,0", None),
        ("CHILD,SEX,DOB\n1,1,01/01/2015\n".encode("utf-16"), "UTF-8 was expected"),
        (b"\x00\x01\x02", None),
        (b"", None),
        (b"one,two,three\n1,2,3\n", None),
    ],
)
def test_a_file_that_cannot_be_read_is_listed_and_never_crashes(
    tmp_path: Path, content: bytes, said: str | None
) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    done = risk_model("check", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    findings = " ".join(told["files"][0]["findings"]) or str(told["findings"])
    assert "too_few_values" in findings or findings.endswith(".")
    assert said is None or said in findings


def test_an_unknown_column_is_named_and_not_read(tmp_path: Path) -> None:
    header = (
        "upn,urn,la_code,week_ending,sessions_possible,sessions_authorised,sessions_unauthorised,surprise"
    )
    (tmp_path / "attendance.csv").write_text(f"{header}\nA950000178301,100001,879,2026-01-09,10,0,0,x\n")
    done = risk_model("check", tmp_path)
    assert done.returncode == 1
    assert "1 column that we do not know was not read: surprise." in done.stdout


ATTENDANCE = (
    "upn,urn,la_code,week_ending,sessions_possible,sessions_authorised,sessions_unauthorised\n"
    "A950000178301,100001,879,{week},10,0,0\n"
)


@pytest.mark.parametrize(("week", "code"), [("2026-01-09", 0), ("soon", 1)])
def test_the_summary_comes_first_and_a_row_left_out_is_a_finding(
    tmp_path: Path, week: str, code: int
) -> None:
    (tmp_path / "attendance.csv").write_text(ATTENDANCE.format(week=week))
    done = risk_model("check", tmp_path)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith("The file was understood, and ")
    assert ("Mend first" in done.stdout) == bool(code)


def test_a_second_check_of_the_same_files_reads_nothing_and_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for week in ("2026-01-09", "soon"):
        (tmp_path / f"in/attendance_{week}.csv").write_text(ATTENDANCE.format(week=week))
    options = (tmp_path / "in", "--json", "--workspace", tmp_path / "kept")
    first = risk_model("check", *options)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    second = risk_model("check", *options)
    assert kept and {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (first.returncode, first.stdout) == (second.returncode, second.stdout)
    assert first.stdout == risk_model("check", tmp_path / "in", "--json").stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "kept"]


def test_what_a_check_writes_may_not_lie_among_the_extracts(tmp_path: Path) -> None:
    (tmp_path / "attendance.csv").write_text(ATTENDANCE.format(week="2026-01-09"))
    for option in ("--html", "--quarantine", "--workspace"):
        done = risk_model("check", tmp_path, option, tmp_path / "out")
        assert done.returncode == 2 and not (tmp_path / "out").exists()
        check_is_a_sentence(done.stderr, option, "among the extracts")


def test_the_page_is_written_beside_the_answer(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/attendance.csv").write_text(ATTENDANCE.format(week="2026-01-09"))
    done = risk_model("check", tmp_path / "in", "--html", tmp_path / "page.html", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["gaps"] == []
    assert "What to mend first in these files" in (tmp_path / "page.html").read_text()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = risk_model("synthesise", tmp_path / "file" / "cohort", "--scale", "tiny")
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "cannot be used")


def test_an_index_date_in_the_future(tmp_path: Path) -> None:
    done = risk_model("prioritise", tmp_path, "--index-date", "2999-01-01", "--workspace", tmp_path / "w")
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "2999-01-01", "future")
    assert not (tmp_path / "w").exists()


def test_an_index_date_that_is_no_date(tmp_path: Path) -> None:
    done = risk_model("prioritise", tmp_path, "--index-date", "soon", "--workspace", tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "soon" in done.stderr


def test_a_missing_model(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    done = risk_model(
        "prioritise",
        tmp_path,
        "--index-date",
        "2026-11-20",
        "--workspace",
        tmp_path / "w",
        "--registry",
        tmp_path / "r",
    )
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "risk-model train", "--policy-only")


def test_a_missing_policy(tmp_path: Path) -> None:
    done = risk_model(
        "prioritise",
        tmp_path,
        "--index-date",
        "2026-11-20",
        "--workspace",
        tmp_path,
        "--policy",
        tmp_path / "none.yaml",
    )
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "none.yaml")


def test_a_folder_that_is_no_worklist(tmp_path: Path) -> None:
    for command in (("verify", tmp_path), ("explain", tmp_path, "A")):
        done = risk_model(*command)
        assert done.returncode == 2
        check_is_a_sentence(done.stderr, "provenance.json")


def test_nothing_was_trained(tmp_path: Path) -> None:
    done = risk_model("evaluate", "--workspace", tmp_path)
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "Train first")


def test_an_output_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    done = risk_model("synthesise", tmp_path)
    assert done.returncode == 2
    check_is_a_sentence(done.stderr)
    assert (tmp_path / "kept.txt").read_text() == "mine"


def test_a_cohort_needs_a_folder_or_a_report() -> None:
    done = risk_model("synthesise")
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "--report")


def test_a_report_of_england_is_refused() -> None:
    done = risk_model("synthesise", "--report", "--scale", "tiny_england")
    assert done.returncode == 2
    check_is_a_sentence(done.stderr, "tiny_devon")


def test_a_report_names_what_is_out_and_lists_the_dials_without_any_file(tmp_path: Path) -> None:
    done = risk_model("synthesise", "--report", "--scale", "tiny_devon", "--json")
    told = json.loads(done.stdout)
    results = {row["name"]: row["result"] for row in told["targets"]}
    assert done.returncode == int("OUT" in results.values())
    assert results["torbay_looked_after_per_10000"] != "not measured"
    assert {"source", "status", "tolerance", "target", "found", "why"} <= set(told["targets"][0])
    assert "hazard.wait_effect/urgent_care" in {dial["path"] for dial in told["dials"]}
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_progress_bar_goes_into_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    done = risk_model("check", tmp_path)
    assert (done.returncode, done.stderr, "\x1b" in done.stdout) == (1, "", False)
