"""The evidence pack: every control has its test, every requirement an answer, and every document its run."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.__main__ import FIGURES
from risk_model.__main__ import app
from risk_model.errors import UserError
from risk_model.evidence import documents, figures, hazards, junit, requirements
from risk_model.evidence.hazards import MATRIX, UNACCEPTABLE_FROM
from risk_model.evidence.requirements import ByDocument, ByFigure, Open
from tests.functional.service import worklist_folder

ROOT = Path(__file__).resolve().parents[3]
STANDARDS = requirements.load()
CONTROL_TESTS = sorted({test for hazard in hazards.load() for test in hazard.tests})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worklist_folder.write(tmp_path_factory.mktemp("worklists"))


def made(run: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["evidence", str(run), "--out", str(out), *options])


def junit_file(folder: Path, states: dict[str, str]) -> Path:
    cases = []
    for test, state in states.items():
        file, name = test.split("::")
        inside = {"passed": "", "failed": "<failure/>", "skipped": "<skipped/>"}[state]
        cases.append(
            f'<testcase classname="{file.removesuffix(".py").replace("/", ".")}" name="{name}[a]">{inside}</testcase>'
        )
    path = folder / "tests.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return path


def test_every_test_that_a_control_or_a_requirement_names_exists() -> None:
    named = {*CONTROL_TESTS, *(test for standard in STANDARDS for test in standard.tests)}
    for file in sorted({test.partition("::")[0] for test in named}):
        there = {
            f"{file}::{node.name}"
            for node in ast.parse((ROOT / file).read_text()).body
            if isinstance(node, ast.FunctionDef)
        }
        assert {test for test in named if test.startswith(f"{file}::")} <= there


def test_every_hazard_stands_under_its_own_name_and_no_residual_risk_is_unacceptable() -> None:
    found = hazards.load()
    assert [each.id for each in found] == [f"H-{number:02}" for number in range(1, len(found) + 1)]
    assert [each.id for each in found if each.residual.risk >= UNACCEPTABLE_FROM] == []
    assert [each.id for each in found if each.residual.risk > each.initial.risk] == []


def test_more_severe_or_more_likely_is_never_less_risk() -> None:
    for line in (*MATRIX, *zip(*MATRIX, strict=True)):
        assert list(line) == sorted(line)


def test_every_requirement_is_answered_or_open(run: Path, tmp_path: Path) -> None:
    assert made(run, tmp_path).exit_code == 0
    written = {file.name for file in tmp_path.iterdir()}
    states = json.loads((tmp_path / documents.MANIFEST).read_text())["requirements"]
    for standard in STANDARDS:
        assert set(states[standard.id]) == {each.id for each in standard.requirements}
        assert set(states[standard.id].values()) <= {
            "answered",
            "answered if its tests pass",
            "partly OPEN",
            "OPEN",
        }
        for each in standard.requirements:
            for one in each.evidence:
                match one:
                    case ByDocument():
                        assert one.document in written
                    case ByFigure():
                        assert one.figure in FIGURES
                    case Open():
                        assert one.open and one.who


def test_what_is_open_or_falls_short_answers_nothing(tmp_path: Path) -> None:
    """A run without a model, without a database, with one figure that falls short, in a build that passed."""
    run = worklist_folder.write(tmp_path / "worklists", model=False)
    every_test = {*CONTROL_TESTS, *(test for standard in STANDARDS for test in standard.tests)}
    readme = tmp_path / "README.md"
    readme.write_text(
        "| `rank_750k_seconds` | a | 9 s | at most 4 s | **falls short** |\n| `b` | c | d | e | |\n"
    )
    passed = junit_file(tmp_path, dict.fromkeys(every_test, "passed"))
    made(run, tmp_path / "pack", "--junit", str(passed), "--figures", str(readme))
    states = json.loads((tmp_path / "pack" / documents.MANIFEST).read_text())["requirements"]
    assert "answered" not in (states["nice-esf"]["6"], states["nice-esf"]["21"], states["requirements"]["21"])
    assert states["tripod-ai"]["23"] == "OPEN"
    assert set(figures.read(readme)) == {"rank_750k_seconds", "b"}


@pytest.mark.parametrize("model", [True, False])
def test_the_same_run_gives_the_same_bytes_and_each_document_names_it(tmp_path: Path, model: bool) -> None:
    run = worklist_folder.write(tmp_path / "worklists", model=model)
    first, second = tmp_path / "first", tmp_path / "second"
    assert made(run, first).exit_code == made(run, second).exit_code == 0
    pages = {file.name: file.read_bytes() for file in first.iterdir()}
    assert pages == {file.name: file.read_bytes() for file in second.iterdir()}
    for page in pages.values():
        assert documents.digest(run / "provenance.json").encode() in page
        assert f"risk-model evidence {run.name} --out DIR".encode() in page
        assert str(tmp_path).encode() not in page


def test_a_build_in_which_every_control_passed_is_no_finding(run: Path, tmp_path: Path) -> None:
    file = junit_file(tmp_path, dict.fromkeys(CONTROL_TESTS, "passed"))
    assert made(run, tmp_path / "pack", "--junit", str(file)).exit_code == 0


@pytest.mark.parametrize("state", ["failed", "skipped", "not run"])
def test_a_control_whose_test_did_not_run_and_pass_is_a_finding_that_names_it(
    run: Path, tmp_path: Path, state: str
) -> None:
    states = dict.fromkeys(CONTROL_TESTS, "passed") | {CONTROL_TESTS[0]: state}
    if state == "not run":
        del states[CONTROL_TESTS[0]]
    done = made(run, tmp_path / "pack", "--junit", str(junit_file(tmp_path, states)))
    assert done.exit_code == 1
    assert f"{CONTROL_TESTS[0]} ({state})" in done.output.replace("\n", "")
    assert f"`{CONTROL_TESTS[0]}` ({state})" in (tmp_path / "pack/hazard-log.md").read_text()


@pytest.mark.parametrize("content", ["", "no xml", "<testsuites/>", "<!DOCTYPE a><testsuites/>"])
def test_a_file_that_is_no_junit_file_is_refused_in_words(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tests.xml"
    file.write_text(content)
    with pytest.raises(UserError, match="--junit-xml"):
        junit.read(file)


def test_a_pack_inside_the_run_is_refused(run: Path) -> None:
    assert isinstance(made(run, run / "pack").exception, UserError)
