"""Requirements as data, one YAML file for each standard: what is asked, and what answers it or who must."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from risk_model.evidence.hazards import TestId

FOLDER = Path(__file__).with_name("requirements")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ByTest(_Data):
    """A test that must pass."""

    test: TestId


class ByFigure(_Data):
    """A measured figure of the README."""

    figure: str


class ByFile(_Data):
    """A file of the run."""

    file: str


class ByFact(_Data):
    """A fact of the run's provenance, as a path with dots, and what it is."""

    fact: str
    words: str


class ByDocument(_Data):
    """Another document of the pack."""

    document: str


class Open(_Data):
    """Not answered here: why, and who must."""

    open: str
    who: str


Evidence = Annotated[ByTest | ByFigure | ByFile | ByFact | ByDocument | Open, Field()]


class Requirement(_Data):
    """One thing that is asked; each of its evidence answers a part of it."""

    id: str
    asks: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)


class Standard(_Data):
    """A standard with its requirements; `held` says how its words are known here."""

    id: str
    title: str
    source: str
    held: Literal["in our own short words", "by section: its questions are not held here"]
    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(
            each.test for one in self.requirements for each in one.evidence if isinstance(each, ByTest)
        )


def load() -> list[Standard]:
    """Return every standard by the name of its file."""
    return [
        Standard.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in sorted(FOLDER.glob("*.yaml"))
    ]
