"""No count from 1 to 7 can be narrowed to fewer than 3 values, by whoever knows the rule and the exact total."""

from __future__ import annotations

from itertools import product

import pytest

from risk_model import disclosure
from risk_model.disclosure import BELOW_FIVE, NHS_ENGLAND, Rule

HIGHEST_COUNT = 30
FEWEST_VALUES = 3


@pytest.mark.parametrize("rule", [NHS_ENGLAND, BELOW_FIVE], ids=lambda rule: rule.id)
@pytest.mark.parametrize("cells", [2, 3])
def test_no_small_count_is_narrowed(rule: Rule, cells: int) -> None:
    """Every table that can be published, and all counts from which it could have come."""
    could_be: dict[tuple[int, tuple[str, ...]], list[set[int]]] = {}
    for counts in product(range(HIGHEST_COUNT), repeat=cells):
        if sum(counts) >= HIGHEST_COUNT:
            continue
        seen = (sum(counts), tuple(disclosure.publishable_breakdown(counts, rule)))
        values = could_be.setdefault(seen, [set() for _ in range(cells)])
        for known, count in zip(values, counts, strict=True):
            known.add(count)
    narrowed = [
        seen
        for seen, values in could_be.items()
        if not rule.hides(seen[0])
        for known in values
        if any(rule.hides(count) for count in known) and len(known) < FEWEST_VALUES
    ]
    assert narrowed == []
    assert len(could_be) > HIGHEST_COUNT


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([0, 0], ["0", "0"]),
        ([3, 2], ["*", "*"]),
        ([7, 0], ["*", "*"]),
        ([7, 100], ["*", "*"]),
        ([8, 100], ["10", "100"]),
        ([7, 60, 100], ["*", "*", "100"]),
        ([0, 7, 60, 100], ["0", "*", "*", "100"]),
        ([1, 8, 8], ["*", "*", "*"]),
    ],
)
def test_a_small_number_is_never_the_only_one_hidden(cells: list[int], shown: list[str]) -> None:
    assert disclosure.publishable_breakdown(cells) == shown


@pytest.mark.parametrize(
    ("rule", "shown"),
    [(NHS_ENGLAND, ["0", "*", "*", "*", "*", "10"]), (BELOW_FIVE, ["0", "*", "*", "5", "5", "10"])],
)
def test_each_rule_at_both_sides_of_its_limits(rule: Rule, shown: list[str]) -> None:
    assert [disclosure.publishable_count(count, rule) for count in (0, 1, 4, 5, 7, 8)] == shown


def test_a_share_tells_nothing_that_the_counts_do_not() -> None:
    assert disclosure.publishable_share(50, 100) == disclosure.publishable_share(52, 98) == "50"
    assert disclosure.publishable_share(0, 0) == "*"
