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
    assert "1 column(s) that the contract does not know were not read: surprise." in done.stdout


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


def test_nothing_of_the_progress_bar_goes_into_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    done = risk_model("check", tmp_path)
    assert (done.returncode, done.stderr, "\x1b" in done.stdout) == (1, "", False)
