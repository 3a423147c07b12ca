"""The worked cases of published papers, packages and counts, read where they lie beside the repository."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from risk_model import board, demand

SHARED = Path(__file__).parents[4] / "shared" / "demand"
FILE = SHARED / "examples.json"
CASES = json.loads(FILE.read_text())["cases"] if FILE.exists() else []
NOT_THERE = (
    "examples.json does not lie beside this repository (shared/demand): its cases cannot be tried here"
)
REFERENCE_ONLY = ("_ref", "_bug")
"""Keys with the reference package's own slips, which ours must not repeat."""


@pytest.mark.skipif(not CASES, reason=NOT_THERE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_worked_case(case: dict[str, Any]) -> None:
    found = ANSWERS.get(case["function"], _plain)(case)
    _same(found, case["expected"], case["tolerance"])


def test_no_slip_of_the_reference_is_repeated() -> None:
    referral = ["2024-01-01", "2024-01-04", "2024-01-10", "2024-01-16"]
    found = demand.list_stats(referral, ["2024-01-08", None, None, None], 4)
    assert found["demand_weekly"] == pytest.approx(7 * 4 / 15)
    assert found["pressure"] == pytest.approx(2 * (6 / 7) / 4)
    sizes = demand.queue_size_by_day(referral, ["2024-01-02", None, None, None], start="2024-01-03")
    assert sizes["queue_size"].to_list()[0] == 0


def _plain(case: Mapping[str, Any]) -> Any:
    return getattr(demand, case["function"])(**case["inputs"])


def _list_stats(case: Mapping[str, Any]) -> Any:
    given = dict(case["inputs"])
    if "csv" in given:
        table = pl.read_csv(SHARED / given.pop("csv"), try_parse_dates=True)
        given |= {"referral": table["Referral"], "removal": table["Removal"]}
    found = demand.list_stats(**given)
    return found | {
        "rows": len(given["referral"]),
        "mean_wait_weeks_corrected": found["mean_wait_weeks"],
        "pressure_corrected": found["pressure"],
    }


def _schedule(case: Mapping[str, Any]) -> Any:
    found = demand.schedule_fifo(**case["inputs"])
    return found | {"removal": [day and day.isoformat() for day in found["removal"]]}


def _xmr(case: Mapping[str, Any]) -> Any:
    given = dict(case["inputs"])
    if "csv" in given:
        table = pl.read_csv(SHARED / given.pop("csv")).filter(**given.pop("filter"))
        given["values"] = table.sort(given.pop("date"))[given.pop("value")]
    return board.xmr(**given)


def _banded(case: Mapping[str, Any]) -> Any:
    given = dict(case["inputs"])
    return demand.banded_summary(pl.read_csv(SHARED / given.pop("csv")), **given)


def _milestone(case: Mapping[str, Any]) -> Any:
    return board.milestone_status(**case["inputs"])


def _invariant(case: Mapping[str, Any]) -> Any:
    """The property as it is worded: any order that leaves no slot empty while a child waits, 30 times."""
    rng = np.random.default_rng(2026)
    for _ in range(30):
        came = np.sort(rng.uniform(0, 100, 250))
        slots = np.sort(rng.uniform(0, 110, 240))
        totals = [_total_wait(came, slots, choose) for choose in ORDERS]
        assert len({seen for seen, _ in totals}) == 1
        assert max(wait for _, wait in totals) - min(wait for _, wait in totals) < 1e-9
    return case["expected"]


def _total_wait(came: Any, slots: Any, choose: Callable[[list[float]], int]) -> tuple[int, float]:
    """Children seen and total waiting time to the last slot when `choose` says whose turn it is."""
    waiting: list[float] = []
    total, seen, newcomer, horizon = 0.0, 0, 0, 110.0
    for slot in slots:
        while newcomer < len(came) and came[newcomer] < slot:
            waiting.append(float(came[newcomer]))
            newcomer += 1
        if waiting:
            total += slot - waiting.pop(choose(waiting))
            seen += 1
    return seen, total + sum(horizon - each for each in waiting) + float((horizon - came[newcomer:]).sum())


ORDERS: list[Callable[[list[float]], int]] = [
    lambda _waiting: 0,
    lambda _waiting: -1,
    lambda waiting: len(waiting) // 2,
]
ANSWERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "queue_size_by_day": lambda case: _plain(case)["queue_size"].to_list(),
    "list_stats": _list_stats,
    "schedule_fifo": _schedule,
    "xmr": _xmr,
    "banded_summary": _banded,
    "milestone_status": _milestone,
    "policy_invariant": _invariant,
    "assurance": lambda case: board.assurance(**case["inputs"]),
    "seven_point_trend": lambda case: board.seven_point_trend(**case["inputs"]),
}


def _same(found: Any, expected: Any, tolerance: float) -> None:
    if isinstance(expected, dict):
        for name, value in expected.items():
            if not name.endswith(REFERENCE_ONLY):
                _same(found[name], value, tolerance)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            _same(one, other, tolerance)
    elif isinstance(expected, str | bool | None):
        assert found == expected
    else:
        assert found == pytest.approx(expected, abs=tolerance)
