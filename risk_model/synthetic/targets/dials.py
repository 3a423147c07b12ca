"""The figures of the generator that no target decides about: dials of a scenario, never estimates."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from risk_model.synthetic import calibration, councils
from risk_model.synthetic.targets.comparison import targets

READ: Final = "READ"
PLACE: Final = ":"
PART: Final = "/"


class Dial(NamedTuple):
    """One figure by its path, such as `queue/urgent_pace` or `878:hcp.coverage/12`, as it is set."""

    path: str
    value: Any
    unit: str
    status: str


def dials() -> list[Dial]:
    """Every figure that was not read and that no target identifies, in the order of the calibration."""
    identified = set(identified_paths())
    return [
        figure for figure in figures() if figure.status != READ and not _is_under(figure.path, identified)
    ]


def identified_paths() -> list[str]:
    """The paths that the targets name, in order."""
    return [path for target in targets() for path in target.get("identifies", [])]


def figures() -> list[Dial]:
    """Every single figure of the base and of the councils' own entries; a list or matrix counts as one."""
    entries = [("", entry) for entry in calibration.entries()]
    entries += [
        (f"{council['code']}{PLACE}", entry)
        for council in councils.load()["councils"]
        for entry in council["entries"]
    ]
    return [
        Dial(path, value, entry["unit"], entry["status"])
        for place, entry in entries
        for path, value in _parts(f"{place}{entry['key']}", entry["value"])
    ]


def _parts(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _parts(f"{path}{PART}{name}", part)
    else:
        yield path, value


def _is_under(path: str, identified: set[str]) -> bool:
    """A target that names a table identifies everything in it; a council's own figure counts as the base's does."""
    steps = path.split(PART)
    whole = {PART.join(steps[:count]) for count in range(1, len(steps) + 1)}
    return bool(identified & (whole | {step.partition(PLACE)[2] for step in whole if PLACE in step}))
