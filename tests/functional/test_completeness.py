"""A CSDS file that is missing or was cut short makes no list, however whole it looks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from risk_model import sources
from risk_model.synthetic import synthesise
from tests.conftest import risk_model


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("completeness") / "tiny"
    synthesise(out, scale="tiny")
    return out / "extracts"


def _half(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) // 2]))


def test_whole_extracts_have_no_gap(extracts: Path) -> None:
    assert sources.check(extracts).gaps == []


@pytest.mark.parametrize(
    "file", ["CYP101Referral.csv", "CYP102ServiceTypeReferredTo.csv", "CYP000Header.csv"]
)
@pytest.mark.parametrize("harm", ["cut at a line end", "missing"])
def test_a_file_that_children_hang_on(extracts: Path, tmp_path: Path, file: str, harm: str) -> None:
    damaged = Path(shutil.copytree(extracts, tmp_path / "extracts"))
    path = next(damaged.rglob(file))
    _half(path) if harm == "cut at a line end" else path.unlink()
    assert risk_model("check", damaged).returncode == 1
    day = ("--index-date", "2026-11-20", "--policy-only")
    done = risk_model("prioritise", damaged, *day, "--workspace", tmp_path / "w")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: No list is made, since children would be missing from it: ")
    assert not (tmp_path / "w" / "worklists").exists()


def test_a_return_that_is_missing_makes_no_list_unless_the_gap_is_accepted(
    extracts: Path, tmp_path: Path
) -> None:
    damaged = Path(shutil.copytree(extracts, tmp_path / "extracts"))
    shutil.rmtree(damaged / "sen2")
    day = ("--index-date", "2026-11-20", "--policy-only")
    done = risk_model("prioritise", damaged, *day, "--workspace", tmp_path / "w")
    assert (done.returncode, "sen2:879 is missing: no SEN2 return from" in done.stderr) == (1, True)
    assert not (tmp_path / "w" / "worklists").exists()
    accepted = ("--accept-gap", "sen2:879", "--reason", "Plymouth sends it again on 2 December")
    done = risk_model("prioritise", damaged, *day, "--workspace", tmp_path / "w", *accepted)
    assert (done.returncode, "Warning: sen2:879 is missing" in done.stderr) == (0, True)
