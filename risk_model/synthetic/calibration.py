"""The figures of the cohort: a base table with sources and status, and scenarios over it."""

import zlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

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


def stream(seed: int, stage: str) -> np.random.Generator:
    """The random numbers of one stage: they depend on the seed and the stage's name, on nothing else."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(stage.encode()),)))
