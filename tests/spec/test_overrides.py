"""What a reviewer's decision does to the next list: each rule with a small table of invented children.

One slot a review goes to need and one to the longest wait; A was referred first. The review is on 23 November 2026.
"""

from __future__ import annotations

import polars as pl
import pytest

from risk_model import policy
from risk_model.errors import UserError
from tests import tables
from tests.spec.test_default_policy import RULES, children, ranked

HEADERS = (
    "decision_id,service_id,referral_id,choice,pin_to_tier,reason,own_words,"
    "made_on,ends_on,decided_by,seconded_by"
)
WAITING = """
    child | marked_urgent_here | referred
    A     | no                 | 2025-01-01
    B     | no                 | 2025-06-01
    C     | no                 | 2026-01-01
    D     | yes                | 2026-06-01
    """


def decided(drawn: str, rules: policy.Policy = RULES) -> pl.DataFrame:
    lines = [HEADERS]
    for number, row in enumerate(tables.rows(drawn), start=1):
        told = {
            "decision_id": str(number),
            "service_id": "s",
            "referral_id": row["child"],
            "reason": "not-recorded",
            "made_on": "2026-11-16",
            "ends_on": "2026-12-14",
            "decided_by": "R. Demo",
        } | {name: value for name, value in row.items() if name != "child"}
        lines.append(",".join(str(told.get(name) or "") for name in HEADERS.split(",")))
    read = policy.read_decisions("\n".join(lines).encode(), rules)
    assert read is not None
    return read


def after(drawn: str, waiting: str = WAITING, rules: policy.Policy = RULES) -> pl.DataFrame:
    return ranked(children(waiting), slots_a_week=0.0, rules=rules, decisions=decided(drawn, rules))


def order(found: pl.DataFrame) -> str:
    return "".join(found["referral_id"])


def test_without_a_decision_the_policy_stands() -> None:
    assert order(ranked(children(WAITING), slots_a_week=0.0)) == "DABC"


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("child | choice\nC | up", "DCAB"),
        ("child | choice\nA | hold", "DBCA"),
        ("child | choice | pin_to_tier\nC | pin | 0", "CDAB"),
        ("child | choice | pin_to_tier\nC | pin | 1", "DCAB"),
        ("child | choice\nA | wrong", "DABC"),
    ],
)
def test_each_choice_moves_the_child_as_it_says(drawn: str, expected: str) -> None:
    """Up: before all others of its tier. Hold: no slot by need. Pin: as if of that tier. Wrong data: the place
    stays."""
    assert order(after(drawn)) == expected


def test_the_place_by_policy_and_the_decision_stand_beside_the_place() -> None:
    found = after("child | choice\nC | up").filter(referral_id="C").row(0, named=True)
    assert (found["place"], found["place_by_policy"], found["tier"]) == (2, 4, 2)
    assert found["override_words"] == "Moved up until 14 Dec 2026 by R. Demo: I know something not recorded."


def test_no_decision_changes_the_time_lane_or_any_bound() -> None:
    waiting = children(WAITING)
    drawn = "child | choice\nA | hold\nB | hold\nC | up"
    before = ranked(waiting, slots_a_week=2.0).sort("referral_id")
    then = ranked(waiting, slots_a_week=2.0, decisions=decided(drawn)).sort("referral_id")
    same = ("time_place", "longer_waits_ahead", "guaranteed_slot", "guaranteed_review", "latest_on")
    assert before.select(same).equals(then.select(same))


def test_a_held_child_is_still_offered_the_slot_of_the_longest_wait() -> None:
    found = ranked(children(WAITING), slots_a_week=2.0, decisions=decided("child | choice\nA | hold"))
    assert found.filter(referral_id="A")["lane"].item() == "time"


@pytest.mark.parametrize(
    ("made_on", "ends_on", "counts"),
    [
        ("2026-11-20", "2026-12-14", True),
        ("2026-11-21", "2026-12-14", False),
        ("2026-11-16", "2026-11-23", True),
        ("2026-11-16", "2026-11-22", False),
    ],
)
def test_a_decision_counts_from_the_day_it_was_made_until_it_ends_by_itself(
    made_on: str, ends_on: str, counts: bool
) -> None:
    """The list shows what was known on 20 November; its review is on the 23rd."""
    found = after(f"child | choice | made_on | ends_on\nC | up | {made_on} | {ends_on}")
    assert (order(found) == "DCAB") is counts
    assert found["override"].null_count() == (3 if counts else 4)


@pytest.mark.parametrize("choice", ["hold | -", "pin | 2"])
def test_a_child_of_tier_0_or_1_is_moved_down_only_when_a_second_person_agreed(choice: str) -> None:
    alone = after(f"child | choice | pin_to_tier\nD | {choice}")
    assert order(alone) == "DABC"
    assert alone.filter(referral_id="D")["override_words"].item().endswith("It waits for a second person.")
    together = after(f"child | choice | pin_to_tier | seconded_by\nD | {choice} | S. Demo")
    assert order(together) == "ABCD"


def test_a_reason_may_always_need_a_second_person() -> None:
    reasons = [r.model_copy(update={"second_person": True}) for r in RULES.overrides.reasons]
    strict = RULES.model_copy(update={"overrides": RULES.overrides.model_copy(update={"reasons": reasons})})
    assert order(after("child | choice\nC | up", rules=strict)) == "DABC"
    assert order(after("child | choice | seconded_by\nC | up | S. Demo", rules=strict)) == "DCAB"


def test_the_newest_decision_about_a_child_holds() -> None:
    assert order(after("child | choice\nC | up\nC | wrong")) == "DABC"


def test_a_decision_about_a_child_who_no_longer_waits_changes_nothing() -> None:
    assert order(after("child | choice\nZ | up")) == "DABC"


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (
            "child | choice | reason\nA | up | gut-feeling",
            "1 with a reason that policy devon-default does not list",
        ),
        ("child | choice | ends_on\nA | up | 2027-03-01", "1 that last longer than 12 weeks"),
        ("child | choice\nA | first", "is not on the list"),
        ("child | choice\nA | pin", "A pin names a tier"),
        ("child | choice | pin_to_tier\nA | up | 1", "A pin names a tier"),
        ("child | choice | ends_on\nA | up | 2026-11-01", "cannot end before it was made"),
        ("child | choice | seconded_by\nA | up | R. Demo", "The second person is another one"),
    ],
)
def test_a_file_of_decisions_that_the_policy_does_not_allow_is_refused_in_words(
    drawn: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        decided(drawn)
