"""The figures of the cohort: a base table with sources and status, and scenarios over it."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from typing import Any, Self

import numpy as np
import yaml

from risk_model.errors import UserError


@dataclass(frozen=True)
class Calibration:
    """Every figure the generator uses, after the scenario has been laid over the base."""

    scenario: str
    values: dict[str, Any]

    def number(self, key: str) -> float:
        """One figure."""
        return float(self.values[key])

    def numbers(self, key: str) -> dict[str, float]:
        """A table of named figures."""
        return {str(name): float(value) for name, value in self.values[key].items()}

    def array(self, key: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """A list or matrix of figures."""
        return np.array(self.values[key], dtype=np.float32)

    def day(self, key: str, name: str) -> np.datetime64:
        """One day of a table of days; one that never comes where the table does not name it."""
        return np.datetime64(self.values[key].get(name, "2100-01-01"))

    def table(self, key: str) -> dict[str, dict[str, Any]]:
        """A table of tables, such as the services."""
        return dict(self.values[key])


def load(scenario: str) -> Calibration:
    """The base figures with one scenario laid over them."""
    known = scenarios()
    if scenario not in known:
        raise UserError(
            f"Unknown scenario '{scenario}'. Known scenarios: {', '.join(known)}. Choose one of them."
        )
    folder = files("risk_model.synthetic")
    base = _base()
    over = yaml.safe_load(folder.joinpath("scenarios", f"{scenario}.yaml").read_text(encoding="utf-8"))
    values = {entry["key"]: entry["value"] for entry in base["entries"]}
    unknown = sorted(set(over["values"]) - set(values))
    if unknown:
        raise ValueError(f"scenario {scenario} changes figures that the base does not hold: {unknown}")
    return Calibration(scenario, values | over["values"])


def targets() -> list[dict[str, Any]]:
    """The published or agreed figures that a cohort is compared with: name, value, tolerance and source."""
    return list(_base()["targets"])


def _base() -> dict[str, Any]:
    text = files("risk_model.synthetic").joinpath("calibration.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def scenarios() -> list[str]:
    """The names of the scenarios that ship with the package."""
    folder = files("risk_model.synthetic").joinpath("scenarios")
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


class Seed(int):
    """A cohort's seed, with another one for some stages and what is part of them (`hazards` for `hazards.urgent_care`).

    >>> seed = Seed(2026, {"queues": 7})
    >>> seed.of("queues.nr5-speech_and_language"), seed.of("referrals")
    (7, 2026)
    """

    by_stage: Mapping[str, int]

    def __new__(cls, value: int, by_stage: Mapping[str, int] | None = None) -> Self:
        seed = super().__new__(cls, value)
        seed.by_stage = dict(by_stage or {})
        return seed

    def of(self, stage: str) -> int:
        """The seed of one stage."""
        names = accumulate(stage.split("."), lambda whole, part: f"{whole}.{part}")
        return next((self.by_stage[name] for name in names if name in self.by_stage), int(self))


def part(seed: int, number: int) -> Seed:
    """The seed of a council or a board of a cohort: it depends on that seed and the number, on nothing else."""

    def drawn(value: int) -> int:
        return int(np.random.SeedSequence(value, spawn_key=(number,)).generate_state(1)[0])

    by_stage = seed.by_stage if isinstance(seed, Seed) else {}
    return Seed(drawn(int(seed)), {name: drawn(value) for name, value in by_stage.items()})


def stream(seed: int, stage: str) -> np.random.Generator:
    """The random numbers of one stage: they depend on the seed and the stage's name, on nothing else."""
    own = seed.of(stage) if isinstance(seed, Seed) else seed
    return np.random.default_rng(np.random.SeedSequence(own, spawn_key=(zlib.crc32(stage.encode()),)))
