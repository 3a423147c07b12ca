"""The councils as data: where their children live, who serves them, and the scales a cohort can have."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from risk_model.errors import UserError
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import Ints, Strings


@dataclass(frozen=True)
class Catchment:
    """The districts of a council that one community provider and one hospital serve."""

    community: str
    hospital: str
    districts: Ints


@dataclass(frozen=True)
class Council:
    """A council: its number (and its code at the Office for National Statistics), its postcode districts in order, and
    which of them lie near which neighbour."""

    code: int
    name: str
    ons_code: str
    folder: str
    districts: Strings
    borders: dict[int, Ints]
    catchments: tuple[Catchment, ...]
    figures: dict[str, Any]

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that serve this council's children, each once."""
        codes = [code for area in self.catchments for code in (area.community, area.hospital)]
        return tuple(dict.fromkeys(codes))

    def own(self, calibration: Calibration) -> Calibration:
        """The calibration with this council's own figures laid over it."""
        return Calibration(calibration.scenario, calibration.values | self.figures)


@dataclass(frozen=True)
class Place:
    """One council of a cohort: how many children live there, its random seed, and placements far from it."""

    council: Council
    residents: int
    seed: int
    distant_districts: Strings


def load() -> dict[str, Any]:
    """The table of councils, providers and scales as it is written."""
    text = files("risk_model.synthetic").joinpath("councils.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def scales() -> list[str]:
    """The names of the scales."""
    return sorted(load()["scales"])


def patient_prefixes() -> dict[str, str]:
    """The letter that begins each provider's local patient ids, in the order of the providers."""
    return {code: str(row["patient_prefix"]) for code, row in load()["providers"].items()}


def places(scale: str, seed: int) -> list[Place]:
    """The councils of a scale with their child populations."""
    table = load()
    if scale not in table["scales"]:
        raise UserError(f"Unknown scale '{scale}'. Known scales: {', '.join(scales())}. Choose one of them.")
    children: dict[int, int] = table["scales"][scale]["children"]
    rows = {row["code"]: row for row in table["councils"]}
    everywhere = {code: _council(rows[code], list(children)) for code in children}
    inside = np.concatenate([council.districts for council in everywhere.values()])
    distant = np.array([name for name in table["placement_districts"] if name not in inside])
    return [
        Place(everywhere[code], count, _seed(seed, code, is_first=position == 0), distant)
        for position, (code, count) in enumerate(children.items())
    ]


def _seed(seed: int, code: int, *, is_first: bool) -> int:
    """A seed for each council; the first keeps the cohort's, so that alone it is the same council."""
    if is_first:
        return seed
    return int(np.random.SeedSequence(seed, spawn_key=(code,)).generate_state(1)[0])


def _council(row: dict[str, Any], known: list[int]) -> Council:
    districts = np.sort(np.array(row["districts"]))
    near = {code: _positions(districts, names) for code, names in row["borders"].items() if code in known}
    return Council(
        code=row["code"],
        name=row["name"],
        ons_code=row["ons_code"],
        folder=row["folder"],
        districts=districts,
        borders=near,
        catchments=_catchments(districts, row["catchments"]),
        figures={entry["key"]: entry["value"] for entry in row["entries"]},
    )


def _catchments(districts: Strings, rows: list[dict[str, Any]]) -> tuple[Catchment, ...]:
    named = [name for row in rows if isinstance(row["districts"], list) for name in row["districts"]]
    others = [name for name in districts if name not in named]
    return tuple(
        Catchment(
            row["community"],
            row["hospital"],
            _positions(districts, row["districts"] if isinstance(row["districts"], list) else others),
        )
        for row in rows
    )


def _positions(districts: Strings, names: list[str]) -> Ints:
    return np.flatnonzero(np.isin(districts, names)).astype(np.int64)
