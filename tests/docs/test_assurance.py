"""Every row of docs/assurance.md names tests and figures that exist, or says what is open."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.__main__ import FIGURES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "assurance.md").read_text(encoding="utf-8")
ROWS = [*range(1, 13), 19, *range(21, 34), *range(35, 40)]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[int, str]:
    """The last cell of each row, by its number."""
    found = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", PAGE, flags=re.MULTILINE)
    return {int(number): held_by for number, held_by in found}


def test_every_row_of_the_matrix_is_there_once() -> None:
    numbers = re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)
    assert [int(number) for number in numbers] == ROWS


def test_every_row_is_held_by_a_test_or_a_figure_or_says_that_it_is_open() -> None:
    for number, held_by in rows().items():
        figures = set(re.findall(r"`(\w+)`", held_by)) & set(FIGURES)
        assert NAMED.search(held_by) or figures or held_by.startswith("OPEN: "), number


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_every_figure_that_is_named_exists() -> None:
    in_rows = {name for held_by in rows().values() for name in re.findall(r"`([a-z0-9_]+)`", held_by)}
    assert in_rows <= set(FIGURES)
