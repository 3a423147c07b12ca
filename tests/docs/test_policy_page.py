"""The page that a clinical lead and a parent read says what the policy file does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from risk_model import policy
from risk_model.policy import DEFAULT_POLICY, describing

PAGE = (Path(__file__).parents[2] / "docs/policy.md").read_text()
RULES, _ = policy.load(DEFAULT_POLICY)
TOLD = describing.tables(RULES)


def table_with(header: str) -> list[list[str]]:
    """The rows of the page's table with a column of this name."""
    blocks = re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE)
    block = next(b for b in blocks if f"| {header} |" in b.splitlines()[0])
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]


def cells(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [[str(value) for value in row.values()] for row in rows]


def test_the_rules_of_the_page_are_the_files() -> None:
    assert table_with("because") == cells(TOLD["Rules, tried from the top"])


def test_the_tiers_of_the_page_are_the_files() -> None:
    assert table_with("a slot should be offered within") == cells(TOLD["Tiers"])


def test_the_figures_of_the_page_are_the_files() -> None:
    need, time = f"{RULES.lanes.need_lane_share:.0%}", f"{RULES.time_share:.0%}"
    for sentence in (
        f"version {RULES.version};",
        f"looks at its list every {RULES.reviews.every_days} days. {need[:-1]} % of the slots",
        f"The other {time[:-1]} % of the slots",
        f"**Need lane**, {need[:-1]} % of the slots",
        f"**Time lane**, {time[:-1]} %:",
        f"after {RULES.overrides.weeks} weeks, {RULES.overrides.longest_weeks} at the longest",
        f"child of tier {' or '.join(map(str, RULES.overrides.second_person_to_lower_tiers))} down",
        f"from more than {100 * RULES.share_of_top_that_asks:.0f} % of the children",
    ):
        assert sentence in PAGE.replace("\n", " "), sentence
    assert RULES.lanes.time_lane_order == "entry on the register"
    assert RULES.unknowns.count_as_recorded == []


def test_a_signed_change_of_any_rule_would_be_seen_here() -> None:
    """The page's table is compared cell by cell, so a new word in the file is a new word on the page."""
    assert all(rule.words.replace("{n}", "2 or more") in PAGE for rule in RULES.rules)
