"""What a build's JUnit file says of each test: passed, failed, skipped or not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from risk_model.errors import UserError

PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "failed", "skipped", "not run"
WORST_FIRST = (FAILED, SKIPPED, PASSED)


def read(file: Path) -> dict[str, str]:
    """Return the state of each test by its id, such as `tests/unit/test_lanes.py::test_x`.

    A test with several cases has the state of its worst.
    """
    wanted = "Expected what `pytest --junit-xml FILE` writes. Run the tests again with that option."
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"The JUnit file {file} cannot be read. {wanted}") from error
    if b"<!DOCTYPE" in content:
        raise UserError(
            f"The JUnit file {file} declares a document type, which pytest never writes. {wanted}"
        )
    try:
        cases = list(ElementTree.fromstring(content).iter("testcase"))
    except ElementTree.ParseError as error:
        raise UserError(f"The JUnit file {file} is not XML. {wanted}") from error
    if not cases:
        raise UserError(f"The JUnit file {file} names no test. {wanted}")
    found: dict[str, str] = {}
    for case in cases:
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').partition('[')[0]}"
        found[name] = min(found.get(name, PASSED), _state(case), key=WORST_FIRST.index)
    return found


def not_passed(tests: Iterable[str], outcomes: Mapping[str, str]) -> dict[str, str]:
    """Return the tests that did not run and pass, each with its state."""
    return {
        test: outcomes.get(test, NOT_RUN)
        for test in sorted(set(tests))
        if outcomes.get(test, NOT_RUN) != PASSED
    }


def _state(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return FAILED
    return SKIPPED if case.find("skipped") is not None else PASSED
