"""The one cohort and model that the slow tests share: a whole Plymouth, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

INDEX_DATE = "2026-11-20"
TWO_PEOPLE = ("--by", "A. Lead", "--agreed-by", "B. Analyst", "--reason", "It passed its test")


@dataclass(frozen=True)
class Journey:
    """The folders of one finished journey; `truth` was out of reach while everything else ran."""

    extracts: Path
    truth: Path
    workspace: Path
    registry: Path

    @property
    def runs(self) -> list[Path]:
        return sorted((self.workspace / "worklists").iterdir())

    def prioritise(self, *more: object) -> subprocess.CompletedProcess[str]:
        return risk_model("prioritise", self.extracts, "--index-date", INDEX_DATE, *self.places, *more)

    @property
    def places(self) -> tuple[object, ...]:
        return "--workspace", self.workspace, "--registry", self.registry


def risk_model(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person does, in a process of its own."""
    command = [sys.executable, "-m", "risk_model", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """Return the JSON that a command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Plymouth from nothing to two worklists, with the truth moved away before anybody could read it."""
    folder = tmp_path_factory.mktemp("journey")
    made = Journey(
        folder / "cohort/extracts", folder / "kept apart", folder / "workspace", folder / "registry"
    )
    assert risk_model("synthesise", folder / "cohort").returncode == 0
    (folder / "cohort/truth").rename(made.truth)
    trained = risk_model("train", made.extracts, *made.places)
    assert trained.returncode == 0, trained.stderr
    promoted = risk_model("models", "promote", *made.places, *TWO_PEOPLE)
    assert promoted.returncode == 0, promoted.stderr
    for _ in range(2):
        listed = made.prioritise()
        assert listed.returncode == 0, listed.stderr
    return made
