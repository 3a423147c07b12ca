"""Whether a small count can be found by subtraction: every figure a commissioner can ask for, taken together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import numpy as np
import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model import disclosure
from risk_model.demand import released
from risk_model.demand.released import Figures

FEWEST_VALUES = 3
HIGHEST_COUNT = 48
"""Counts above it are small ones plus a multiple of the rounding base: they tell no more."""
SERVICES, WEEKS = 60, 13
FIRST_DAY = date(2026, 9, 4)
SEED = 2026
BREAKDOWNS = {"tiers": 3, "waits": 3, "dates": 2}
SMALL = range(1, disclosure.NHS_ENGLAND.smallest_group)


def differencing_cells() -> Measured:
    """Count cells of 1 to 7 children that are narrowed to fewer than 3 values.

    The reader is a strong one: knows the rule, sees every breakdown of every month that comes out, in any role, and has
    each service's total to the child from elsewhere. What a table leaves open is found by making every table that can
    come out from all counts, not by bounds. Runs of other weeks come out nowhere, which is counted too.
    """
    possible = {cells: _possible(cells) for cells in sorted(set(BREAKDOWNS.values()))}
    narrowed = sum(_narrowed(table) for table in possible.values())
    weeks = list(_weeks(np.random.default_rng(SEED)))
    names = [(day, f"{day}-r1") for day, _ in weeks]
    shown = set(disclosure.monthly_releases(names).values())
    tables = 0
    for (_day, lists), (_, name) in zip(weeks, names, strict=True):
        if name not in shown:
            continue
        for counts, figures in lists:
            tables += len(BREAKDOWNS)
            narrowed += _narrowed_here(counts, figures, possible)
    months = len({day.replace(day=1) for day, _ in names})
    return Measured(
        narrowed,
        narrowed == 0 and len(shown) == months,
        {
            "tables_possible": sum(map(len, possible.values())),
            "tables_released": tables,
            "weeks": WEEKS,
            "weeks_released": len(shown),
        },
    )


Table = dict[tuple[int, tuple[str, ...]], list[set[int]]]


def _possible(cells: int) -> Table:
    """Every published breakdown with its exact total, and for each cell the counts from which it can have come."""
    found: Table = {}
    for counts in product(range(HIGHEST_COUNT), repeat=cells):
        if sum(counts) < HIGHEST_COUNT:
            seen = (sum(counts), tuple(disclosure.publishable_breakdown(counts)))
            values = found.setdefault(seen, [set() for _ in range(cells)])
            for known, count in zip(values, counts, strict=True):
                known.add(count)
    return found


def _narrowed(table: Table) -> int:
    """Cells that may be small and that a reader narrows; a total of 1 to 7 is hidden with all its cells."""
    return sum(
        not known.isdisjoint(SMALL) and len(known) < FEWEST_VALUES
        for (total, _), values in table.items()
        if total not in SMALL
        for known in values
    )


def _weeks(rng: np.random.Generator) -> Iterator[tuple[date, list[tuple[dict[str, list[int]], Figures]]]]:
    """Lists of many services, small and large, week after week: a few children join and leave each."""
    sizes = rng.integers(1, HIGHEST_COUNT - 12, SERVICES)
    lists = [_children(rng, int(size)) for size in sizes]
    for week in range(WEEKS):
        day = FIRST_DAY + timedelta(weeks=week)
        lists = [
            pl.concat([each.tail(-int(rng.integers(0, 3))), _children(rng, int(rng.integers(0, 3)))]).head(
                HIGHEST_COUNT - 1
            )
            for each in lists
        ]
        yield day, [(_counts(each), _released(each, day)) for each in lists]


def _children(rng: np.random.Generator, number: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "tier": rng.choice([0, 1, 2], number, p=[0.1, 0.3, 0.6]),
            "days_waiting": rng.integers(0, 600, number),
            "latest_on": pl.Series(
                [FIRST_DAY if told else None for told in rng.random(number) < 0.5], dtype=pl.Date
            ),
        }
    )


def _counts(listed: pl.DataFrame) -> dict[str, list[int]]:
    weeks = listed["days_waiting"] / 7
    standard, long = int((weeks > 18).sum()), int((weeks > 52).sum())
    without = listed["latest_on"].null_count()
    return {
        "tiers": [int((listed["tier"] == tier).sum()) for tier in released.TIERS],
        "waits": [listed.height - standard, standard - long, long],
        "dates": [without, listed.height - without],
    }


def _released(listed: pl.DataFrame, day: date) -> Figures:
    facts = dict.fromkeys(("service_id", "service_name", "provider_code"), "service")
    rates = {"referrals_per_week": listed.height / 26, "first_contacts_per_week": listed.height / 30}
    return released.of_list(listed, facts | rates, day)


def _narrowed_here(counts: dict[str, list[int]], figures: Figures, possible: dict[int, Table]) -> int:
    """Cells of what was in fact released; the counts must be among those that the reader finds possible."""
    narrowed = 0
    for name, cells in counts.items():
        values = possible[len(cells)][(sum(cells), tuple(getattr(figures, name)))]
        assert all(count in known for count, known in zip(cells, values, strict=True))
        if sum(cells) not in SMALL:
            narrowed += sum(
                count in SMALL and len(known) < FEWEST_VALUES
                for count, known in zip(cells, values, strict=True)
            )
    return narrowed


FIGURES = [
    Figure(
        "differencing_cells",
        "counts of 1 to 7 children that a reader of all breakdowns, months and roles narrows to fewer than 3 values",
        "cells",
        "0",
        differencing_cells,
    ),
]
