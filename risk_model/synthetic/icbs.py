"""The integrated care boards of an invented England: Devon as we know it, and made-up ones in places that cannot be."""

from functools import cache
from importlib.resources import files
from itertools import accumulate
from math import ceil
from typing import Any, Final

import yaml

FEWEST_DISTRICTS: Final = 4


@cache
def load() -> dict[str, Any]:
    """The table of boards as it is written."""
    text = files("risk_model.synthetic").joinpath("icbs.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def children() -> dict[str, dict[int, int]]:
    """The councils of each board with the children who live there."""
    return {row["code"]: dict(row["children"]) for row in load()["icbs"]}


def made_up_councils(icb: str, residents: dict[int, int]) -> list[dict[str, Any]]:
    """The councils of a made-up board as rows of the table of councils: in a chain, each beside the next.

    Each takes its own figures (`like`) from one of the councils we know, and shares its providers with a neighbour.
    The Office for National Statistics has no code for it, so it goes by its number.
    """
    rules = load()["made_up"]
    numbers = list(residents)
    districts = _districts(icb, residents)
    rows = []
    for position, number in enumerate(numbers):
        near = {}
        if position > 0:
            near[numbers[position - 1]] = districts[position][: rules["border_districts"]]
        if position + 1 < len(numbers):
            near[numbers[position + 1]] = districts[position][-rules["border_districts"] :]
        community, hospital = _providers(icb, position // rules["councils_per_provider"])
        rows.append(
            {
                "code": number,
                "name": f"Council {number}",
                "ons_code": str(number),
                "folder": f"{number}-council",
                "commissioner": icb,
                "districts": districts[position],
                "borders": near,
                "catchments": [{"community": community, "hospital": hospital, "districts": "the rest"}],
                "like": rules["like"][position % len(rules["like"])],
            }
        )
    return rows


def made_up_providers() -> dict[str, str]:
    """The letter that begins the local patient ids of each made-up provider; providers of one board never share one."""
    rules = load()["made_up"]
    return {
        provider: rules["patient_prefixes"][2 * pair + place]
        for icb, councils in children().items()
        if _area(icb)
        for pair in range(ceil(len(councils) / rules["councils_per_provider"]))
        for place, provider in enumerate(_providers(icb, pair))
    }


def _providers(icb: str, pair: int) -> tuple[str, str]:
    """The community provider and the hospital of a pair of councils."""
    return f"{icb}C{pair + 1}", f"{icb}H{pair + 1}"


def _districts(icb: str, residents: dict[int, int]) -> list[list[str]]:
    """The postcode districts of each council, numbered through the board's area."""
    per_district = load()["made_up"]["residents_per_district"]
    counts = [max(FEWEST_DISTRICTS, ceil(count / per_district)) for count in residents.values()]
    ends = list(accumulate(counts))
    return [
        [f"{_area(icb)}{number}" for number in range(end - count + 1, end + 1)]
        for count, end in zip(counts, ends, strict=True)
    ]


def _area(icb: str) -> str | None:
    """The postcode area of a made-up board; a real one has none here."""
    areas: dict[str, str | None] = {row["code"]: row.get("area") for row in load()["icbs"]}
    return areas[icb]
