"""What a row says about its place: the next rule, the bound, why there is no date, and a child not brought.

Each test draws a few invented children of one service on 20 November 2026; the review is on the 23rd.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import policy, worklist
from tests.spec.test_default_policy import RULES, children, order, ranked

HEADER = b"service_id,from_on,until_on,slots_per_review\n"
THREE = "child | referred\nA | 2026-01-01\nB | 2026-01-02\nC | 2026-01-03"


def next_rule(drawn: str) -> str:
    return str(ranked(children(drawn))["next_rule"].item())


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("child | has_ehc_plan | known_to_social_care\nA | yes | ?",
         "Next: tier 1 by “EHC plan and social care together”, if what is not known were recorded."),
        ("child | has_ehc_plan | known_to_social_care\nA | yes | no",
         "Next: tier 1 by “EHC plan and social care together”, with one more fact recorded."),
        ("child | need_cognition\nA | yes",
         "Next: tier 1 by “Needs in 2 or more areas beyond this service”, with one more area of need recorded."),
        ("child | placements_6_months\nA | yes",
         "Next: tier 0 by “Marked urgent by the referrer”, if that were recorded."),
        ("child | protection_plan\nA | yes",
         "No rule stands above tier 0: within it the risk band and then the referral date decide."),
    ],
)  # fmt: skip
def test_the_next_rule_that_would_have_moved_a_child_is_said(drawn: str, said: str) -> None:
    assert next_rule(drawn) == said


def reasons(**given: object) -> list[str | None]:
    return ranked(children(THREE), **given).sort("time_place")["no_date_reason"].to_list()  # type: ignore[arg-type]


def test_without_a_calendar_no_date_is_promised_and_the_bound_stands_in_slots() -> None:
    found = ranked(children(THREE)).sort("time_place")
    assert found["latest_on"].null_count() == 3
    assert found["guaranteed_slot"].to_list() == [1, 2, 3]
    assert found["guaranteed_review"].to_list() == [1, 4, 8]
    assert set(found["no_date_reason"]) == {"no capacity calendar says how many slots are to come"}


def test_demand_above_capacity_is_said_with_how_much_a_week() -> None:
    said = "demand is above capacity by 1.5 a week; no capacity calendar says how many slots are to come"
    assert reasons(referrals_a_week=2.5) == [said] * 3


def test_a_calendar_that_ends_before_the_bound_says_what_it_keeps() -> None:
    """Four reviews of one slot: the time lane has the first and the fourth."""
    calendar = policy.read_calendar(HEADER + b"s,2026-11-23,2026-12-20,1\n")
    said = "2 children waited longer and the 4 reviews planned keep 2 slots for the longest waits"
    assert reasons(calendar=calendar) == [None, None, said]


def test_a_holiday_in_the_calendar_moves_the_date_and_not_the_bound() -> None:
    usual = HEADER + b"s,2026-01-01,2027-12-31,1\n"
    with_holiday = usual + b"s,2026-12-14,2026-12-27,0\n"
    found = [
        ranked(children(THREE), calendar=policy.read_calendar(c)).sort("time_place")
        for c in (usual, with_holiday)
    ]
    assert [f["latest_on"][1] for f in found] == [date(2026, 12, 14), date(2026, 12, 28)]
    assert [f["guaranteed_slot"][1] for f in found] == [2, 2]


def test_a_fact_that_the_policy_counts_as_recorded_when_not_known_gives_its_tier_and_the_range_shows_it() -> (
    None
):
    counted = RULES.model_copy(
        update={"unknowns": RULES.unknowns.model_copy(update={"count_as_recorded": ["protection_plan"]})}
    )
    table = children("child | protection_plan | referred\nA | ? | 2026-02-01\nB | no | 2026-01-01")
    found = ranked(table, slots_a_week=0.0, rules=counted)
    assert found.select("referral_id", "tier", "best_place", "worst_place").rows() == [
        ("A", 0, 1, 2),
        ("B", 2, 2, 2),
    ]


def test_without_bands_the_referral_date_decides_within_a_tier() -> None:
    table = children("child | band | referred\nA | 3 | 2025-01-01\nB | 1 | 2026-01-01")
    assert order(table) == ["B", "A"]
    no_bands = RULES.model_copy(update={"bands": "none"})
    assert ranked(table, slots_a_week=0.0, rules=no_bands)["referral_id"].to_list() == ["A", "B"]


def test_a_child_offered_a_slot_and_not_brought_stands_behind_tier_0_in_the_need_lane() -> None:
    table = children(
        """
        child | marked_urgent_here | placements_6_months | referred
        A     | yes                | no                  | 2026-06-01
        B     | no                 | yes                 | 2025-01-01
        C     | no                 | no                  | 2026-07-01
        """
    ).with_columns(was_offered=pl.col("referral_id") == "C")
    assert order(table) == ["A", "C", "B"]
    found = ranked(table).filter(referral_id="C").row(0, named=True)
    assert (found["guaranteed_slot"], found["latest_on"]) == (None, None)
    assert "a slot was offered before" in found["no_date_reason"]


def offered(tmp_path: Path, lane: str, offered_on: date | None) -> worklist.Worklist:
    """The run of a week before, on which child A had a slot of this lane."""
    listed = pl.DataFrame(
        {"service_id": ["s"], "referral_id": ["A"], "lane": [lane], "offered_on": [offered_on]},
        schema_overrides={"offered_on": pl.Date},
    )
    service = {"service_id": "s", "review_on": "2026-11-16", "slots_planned_until": "2027-11-01"}
    folder = worklist.save(tmp_path, "2026-11-13", {"list": listed}, {"services": [service]})
    return worklist.load(folder)


@pytest.mark.parametrize(
    ("lane", "offered_on", "missed_on", "was_offered"),
    [
        ("time", None, "2026-11-18", True),
        ("need", None, "2026-11-18", True),
        ("next", None, "2026-11-18", False),
        ("time", None, "2026-11-10", False),
        ("next", date(2026, 10, 5), "2026-11-10", True),
        ("time", None, None, False),
    ],
)
def test_a_slot_counts_as_offered_when_a_list_of_ours_offered_it_and_it_came_to_nothing_since(
    tmp_path: Path, lane: str, offered_on: date | None, missed_on: str | None, was_offered: bool
) -> None:
    """A contact missed before any list of ours offered one leaves the child in its place by clock."""
    waits = pl.DataFrame(
        {
            "service_id": ["s"],
            "referral_id": ["A"],
            "missed_on": [missed_on and date.fromisoformat(missed_on)],
        },
        schema_overrides={"missed_on": pl.Date},
    )
    found = worklist.with_offers(waits, offered(tmp_path, lane, offered_on), date(2026, 11, 23))
    assert found["was_offered"].to_list() == [was_offered]


def test_a_run_that_was_changed_afterwards_hands_nothing_on(tmp_path: Path) -> None:
    folder = offered(tmp_path, "time", None).folder
    assert worklist.earlier_run(tmp_path, date(2026, 11, 20)) is not None
    (folder / "list.parquet").write_bytes(b"changed")
    assert worklist.earlier_run(tmp_path, date(2026, 11, 20)) is None
    assert worklist.earlier_run(tmp_path / "nowhere", date(2026, 11, 20)) is None
