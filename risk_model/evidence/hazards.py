"""Hazards as data, one YAML file each; the risk of each is computed from the matrix and never typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FOLDER = Path(__file__).with_name("hazards")
SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")
LIKELIHOODS = ("very low", "low", "medium", "high", "very high")
MATRIX = ((1, 1, 2, 2, 3), (1, 2, 2, 3, 4), (2, 2, 3, 3, 4), (2, 3, 3, 4, 5), (3, 4, 4, 5, 5))
"""Risk by likelihood (row) and severity (column), as in the hazard log templates that come with DCB0129; from
memory, so the Clinical Safety Officer confirms it."""
UNACCEPTABLE_FROM = 4
"""DCB0129 templates: 4 wants mitigation before use, 5 is not accepted at all."""

TestId = Annotated[str, StringConstraints(pattern=r"^tests/[\w/]+\.py::test_\w+$")]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Score(_Data):
    """How bad and how likely, each from 1 to 5, as proposed to the Clinical Safety Officer."""

    severity: int = Field(ge=1, le=5)
    likelihood: int = Field(ge=1, le=5)

    @property
    def risk(self) -> int:
        """The risk from 1 to 5 that the matrix gives.

        >>> Score(severity=4, likelihood=2).risk
        3
        """
        return MATRIX[self.likelihood - 1][self.severity - 1]

    @property
    def in_words(self) -> str:
        """The risk with what it comes from.

        >>> Score(severity=4, likelihood=2).in_words
        '3 (major, low)'
        """
        return f"{self.risk} ({SEVERITIES[self.severity - 1]}, {LIKELIHOODS[self.likelihood - 1]})"


class Control(_Data):
    """What keeps the hazard away, and the tests that must pass for it to count."""

    words: str
    tests: tuple[TestId, ...] = Field(min_length=1)


class Hazard(_Data):
    """One hazard of the log; it may be closed and is never deleted."""

    id: str = Field(pattern=r"^H-\d\d$")
    title: str
    status: Literal["open", "closed"]
    cause: str
    effect: str
    harm: str
    initial: Score
    controls: tuple[Control, ...] = Field(min_length=1)
    residual: Score

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(test for control in self.controls for test in control.tests)


def load() -> list[Hazard]:
    """Return every hazard by its number."""
    return [
        Hazard.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in sorted(FOLDER.glob("H-*.yaml"))
    ]
