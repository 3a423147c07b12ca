"""The councils as data: where their children live, who serves them, and the scales a cohort can have."""

import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import yaml

from risk_model.errors import UserError
from risk_model.synthetic import icbs
from risk_model.synthetic.calibration import Calibration, part
from risk_model.synthetic.clock import Ints, Strings

DEVON: Final = "QJK"


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
    commissioner: str
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


@cache
def load() -> dict[str, Any]:
    """The table of councils, providers and scales as it is written."""
    text = files("risk_model.synthetic").joinpath("councils.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def scales() -> list[str]:
    """The names of the scales."""
    return sorted(load()["scales"])


def patient_prefixes() -> dict[str, str]:
    """The letter that begins each provider's local patient ids, in the order of the providers."""
    known = {code: str(row["patient_prefix"]) for code, row in load()["providers"].items()}
    return known | icbs.made_up_providers()


def partitions(scale: str) -> dict[str, int]:
    """The integrated care boards that a scale is made of, with their children; none where it is one cohort."""
    return {icb: sum(children.values()) for icb, children in _boards(scale).items()}


def places(scale: str, seed: int, icb: str | None = None) -> list[Place]:
    """The councils of a scale, or of one board of it, with their child populations."""
    children: dict[int, int] = _boards(scale)[icb] if icb else _scale(scale)["children"]
    rows = _known_rows() | {row["code"]: row for row in _made_up_rows(icb, children)}
    everywhere = {code: _council(rows[code], list(children)) for code in children}
    inside = np.concatenate([council.districts for council in everywhere.values()])
    distant = np.array([name for name in load()["placement_districts"] if name not in inside])
    return [
        Place(everywhere[code], count, seed if position == 0 else part(seed, code), distant)
        for position, (code, count) in enumerate(children.items())
    ]


def seed_of(icb: str, seed: int) -> int:
    """The seed of a board; Devon keeps England's, so that alone it is the same Devon."""
    return seed if icb == DEVON else part(seed, zlib.crc32(icb.encode()))


def _scale(name: str) -> dict[str, Any]:
    table = load()["scales"]
    if name not in table:
        raise UserError(f"Unknown scale '{name}'. Known scales: {', '.join(scales())}. Choose one of them.")
    return dict(table[name])


def _boards(scale: str) -> dict[str, dict[int, int]]:
    boards = _scale(scale).get("icbs", {})
    return icbs.children() if boards == "every" else boards


def _known_rows() -> dict[int, dict[str, Any]]:
    return {row["code"]: row for row in load()["councils"]}


def _made_up_rows(icb: str | None, children: dict[int, int]) -> list[dict[str, Any]]:
    if icb in (None, DEVON):
        return []
    known = _known_rows()
    rows = icbs.made_up_councils(icb, children)
    return [row | {"entries": known[row["like"]]["entries"]} for row in rows]


def _council(row: dict[str, Any], known: list[int]) -> Council:
    districts = np.sort(np.array(row["districts"]))
    near = {code: _positions(districts, names) for code, names in row["borders"].items() if code in known}
    return Council(
        code=row["code"],
        name=row["name"],
        ons_code=row["ons_code"],
        folder=row["folder"],
        commissioner=row["commissioner"],
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
