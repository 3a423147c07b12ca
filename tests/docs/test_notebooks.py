"""The notebooks run as a reader would run them, say that nobody in them exists, and are kept without outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from risk_model.synthetic import synthesise
from tests.conftest import Journey

NOTEBOOKS = Path("notebooks")
COHORT, DEMAND = NOTEBOOKS / "01_the_cohort.ipynb", NOTEBOOKS / "02_demand.ipynb"
MODEL = NOTEBOOKS / "04_the_model.ipynb"
SECONDS = 300


def run(file: Path, **names: Path) -> list[Any]:
    """Execute a notebook as a reader would, the folders it needs named in the environment, and return its outputs."""
    notebook = nbformat.read(file, as_version=4)
    with pytest.MonkeyPatch.context() as environment:
        for name, folder in {**names, "PYTHONPATH": Path.cwd()}.items():
            environment.setenv(name, str(folder))
        client = NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(NOTEBOOKS)}})
        client.execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def plots(outputs: list[Any]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_the_cohort_is_told_from_a_cohort_just_made(tmp_path: Path) -> None:
    synthesise(tmp_path / "cohort", scale="tiny")
    assert plots(run(COHORT, COHORT=tmp_path / "cohort")) == 5


def test_the_model_is_told_from_a_workspace_and_the_truth_of_its_cohort(journey: Journey) -> None:
    outputs = run(MODEL, WORKSPACE=journey.workspace, TRUTH=journey.truth)
    assert plots(outputs) == 5
    tables = [output["data"]["text/plain"] for output in outputs if "text/html" in output.get("data", {})]
    assert "looked after" in tables[0] and "SEN and social care" in tables[0]
    assert "O1 true risk" in tables[1] and "gap closed" in tables[1]


def test_demand_is_told_from_a_list_that_the_notebook_draws() -> None:
    assert plots(run(DEMAND)) == 5


@pytest.mark.parametrize("file", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda file: file.name)
def test_a_notebook_says_first_that_nobody_in_it_exists_and_holds_no_outputs(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    assert notebook.cells[0].source.splitlines()[0].startswith("**No child in this notebook exists.**")
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
