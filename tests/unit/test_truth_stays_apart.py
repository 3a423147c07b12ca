"""The truth of the cohort is for measuring; whoever makes a list cannot open it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_READ = {"risk_model/evaluation/truth.py"}
MAY_NAME = MAY_READ | {
    "risk_model/__main__.py",
    "risk_model/pipeline.py",
    "risk_model/simulate_command.py",
    "risk_model/evaluation/__init__.py",
    "risk_model/evaluation/distance.py",
}
TRUTH_FILES = {"hazards.parquet", "latents.parquet", "observables.parquet", "events.parquet", "cohort.json"}

MODULES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("risk_model", "service")
    for path in (ROOT / folder).rglob("*.py")
    if "synthetic" not in path.parts
]


@pytest.mark.parametrize("module", sorted(set(MODULES) - MAY_READ))
def test_a_module_names_no_file_of_the_truth(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text())
    texts = _texts(ROOT / module)
    assert TRUTH_FILES.isdisjoint(texts)
    if module not in MAY_NAME:
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert "truth" not in names and "truth" not in texts


def test_one_module_opens_the_truth() -> None:
    """The vault has a table of identities of its own, so that name alone is no sign."""
    openers = {module for module in MODULES if TRUTH_FILES & _texts(ROOT / module)}
    assert openers == MAY_READ


def _texts(module: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
