"""The slots of a review and of those to come: carried over, also where they change, and counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_model import policy
from risk_model.errors import UserError
from risk_model.policy import DEFAULT_POLICY, capacity, load

POLICY, _ = load(DEFAULT_POLICY)
FRIDAY = date(2026, 11, 20)
HEADER = "service_id,from_on,until_on,slots_per_review,why\n"
USUAL = "s,2026-01-01,2026-12-31,2,usual\n"


def planned(
    a_week: float, on: date = FRIDAY, calendar: str | None = None, earlier: pl.DataFrame | None = None
) -> dict[str, object]:
    services = pl.DataFrame({"service_id": ["s"], "first_contacts_per_week": [a_week]})
    read = policy.read_calendar((HEADER + calendar).encode()) if calendar else None
    return capacity.plan(services, POLICY, on, calendar=read, earlier=earlier).row(0, named=True)


def handed_on(row: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([row]).select(capacity.CARRIED)


def test_a_service_with_one_slot_alternates_between_the_lanes() -> None:
    weeks = [planned(1.0, FRIDAY + timedelta(weeks=week)) for week in range(10)]
    given_to_time = [week["time_slots"] for week in weeks]
    assert (sum(given_to_time), max(given_to_time)) == (3, 1)  # type: ignore[arg-type, type-var]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0.0, 0.4, 1.0, 1.7, 6.25]), min_size=5, max_size=40))
def test_whatever_the_capacity_becomes_the_time_lane_gets_its_share_to_within_one_slot(
    rates: list[float],
) -> None:
    """Run after run hands on what is owed; a capacity that changes at every review can starve neither lane."""
    earlier, all_slots, timed, owed = None, 0, 0, None
    for week, rate in enumerate(rates):
        row = planned(rate, FRIDAY + timedelta(weeks=week), earlier=earlier)
        owed = row["time_carried"] if owed is None else owed
        earlier, all_slots = handed_on(row), all_slots + row["slots"]  # type: ignore[operator]
        timed += row["time_slots"]  # type: ignore[operator]
        assert 0 <= row["time_slots"] <= row["slots"]  # type: ignore[operator]
        assert timed == (owed + all_slots * 300_000) // capacity.SLOT  # type: ignore[operator]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([0.4, 1.0, 1.7, 6.25]), st.integers(0, 400))
def test_the_slots_planned_are_those_that_the_reviews_then_have(rate: float, days: int) -> None:
    first = planned(rate, FRIDAY + timedelta(days=days))
    later = planned(rate, FRIDAY + timedelta(days=days + 21), earlier=handed_on(first))
    assert first["slots_planned"][3:] == later["slots_planned"][:-3]  # type: ignore[index]
    carried = first["time_carried"] + 300_000 * sum(first["slots_planned"][:3])  # type: ignore[index, operator]
    assert carried % capacity.SLOT == later["time_carried"]


def test_a_second_run_for_the_same_review_has_the_same_slots() -> None:
    first = planned(1.7)
    again = planned(1.7, FRIDAY + timedelta(days=1), earlier=handed_on(first))
    assert first == again


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 999_999))
def test_a_bound_is_the_first_review_at_which_the_time_lanes_slots_sum_to_it(
    slots: list[int], owed: int
) -> None:
    services = pl.DataFrame(
        {
            "service_id": ["s"],
            "review_on": [date(2026, 11, 23)],
            "time_carried": [owed],
            "time_share": [300_000],
            "slots_planned": [slots],
        }
    )
    found = capacity.slots_to_come(services, 7).select("guaranteed_slot", "guaranteed_review").rows()
    summed = [(owed + 300_000 * so_far) // capacity.SLOT for so_far in accumulate(slots)]
    by_hand = [
        (slot, next(review for review, total in enumerate(summed, start=1) if total >= slot))
        for slot in range(1, summed[-1] + 1)
    ]
    assert found == by_hand


def test_of_the_rows_that_cover_a_day_the_one_that_starts_last_holds() -> None:
    """Two a week, none over Christmas, one in January; nothing is said of February."""
    row = planned(
        9.0, calendar=USUAL + "s,2026-12-21,2027-01-03,0,holidays\ns,2027-01-04,2027-01-31,1,new year\n"
    )
    assert row["slots_planned"] == [2, 2, 2, 2, 0, 0, 1, 1, 1, 1]
    assert (row["capacity_from"], row["slots_planned_until"]) == ("calendar", date(2027, 1, 25))


def test_a_service_of_which_the_calendar_says_nothing_goes_on_at_its_pace() -> None:
    row = planned(3.0, calendar="other,2026-01-01,2026-12-31,2,usual\n")
    assert (row["capacity_from"], row["slots"]) == ("measured", 3)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (USUAL + "s,2026-01-01,2026-02-01,1,\n", "begin on the same day twice"),
        ("s,2026-02-31,2026-12-31,2,\n", "row 2: "),
        ("s,2026-01-01,2026-12-31,-1,\n", "below 0"),
        ("s,2026-01-01,2026-12-31,,\n", "is empty"),
        ("s,2026-12-31,2026-01-01,2,\n", "cannot end before it begins"),
        ("s,2026-01-01\n,,,,,,,\n", "cannot be read as CSV"),
    ],
)
def test_a_calendar_that_is_none_is_refused_in_words(rows: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        policy.read_calendar((HEADER + rows).encode())


def test_a_calendar_that_lacks_a_column_names_it() -> None:
    with pytest.raises(UserError, match=r"lacks 1 column\(s\): until_on"):
        policy.read_calendar(b"service_id,from_on,slots_per_review\n")


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([0.0, 0.4, 1.0, 1.7, 6.25]))
def test_a_drafted_calendar_plans_what_the_run_planned(rate: float) -> None:
    row = planned(rate)
    drafted = capacity.draft_calendar([row], POLICY.reviews.every_days)
    rows = drafted.write_csv(include_header=False)
    again = planned(rate, calendar=rows)
    assert (again["slots_planned"], again["capacity_from"]) == (row["slots_planned"], "calendar")
