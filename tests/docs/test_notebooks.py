"""The notebooks run as a reader would run them, say that nobody in them exists, and are kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from risk_model.synthetic import synthesise

NOTEBOOKS = Path("notebooks")
COHORT, DEMAND = NOTEBOOKS / "01_the_cohort.ipynb", NOTEBOOKS / "02_demand.ipynb"
SECONDS = 300


def test_the_cohort_is_told_from_a_cohort_just_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthesise(tmp_path / "cohort", scale="tiny")
    monkeypatch.setenv("COHORT", str(tmp_path / "cohort"))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    assert _plots(COHORT) == 5


def test_demand_is_told_from_a_list_that_the_notebook_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    assert _plots(DEMAND) == 5


@pytest.mark.parametrize("file", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda file: file.name)
def test_a_notebook_says_first_that_nobody_in_it_exists_and_holds_no_outputs(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    assert notebook.cells[0].source.splitlines()[0].startswith("**No child in this notebook exists.**")
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]


def _plots(file: Path) -> int:
    """Run a notebook, which must not fail, and count its plots."""
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    return sum("image/png" in output.get("data", {}) for output in outputs)
