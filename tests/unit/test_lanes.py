"""The numbering of the list and the guarantee, against generated lists; and that these tests see a broken rule."""

from __future__ import annotations

import types
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.guarantees import REVIEWS, adversarial_queues
from risk_model.policy import lanes
from risk_model.simulation import guarantees

MONDAY = date(2026, 1, 5)
KEYS = ("need_key", "time_key")
TABLES = settings(deadline=None, max_examples=80)


@st.composite
def lists(draw: st.DrawFn) -> pl.DataFrame:
    """One list as `lanes.place` reads it, and the tier and band that each child could have instead."""
    number = draw(st.integers(1, 12))
    dates = st.integers(0, 4).map(lambda weeks: MONDAY + timedelta(weeks=weeks))
    flags = st.lists(st.booleans(), min_size=number, max_size=number)

    def column(values: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(values, min_size=number, max_size=number))

    waiting = pl.DataFrame(
        {
            "service_id": ["s"] * number,
            "referral_id": draw(st.permutations([f"r{n:02d}" for n in range(number)])),
            "tier": column(st.integers(0, 2)),
            "band": column(st.integers(-2, 2)),
            "other_tier": column(st.integers(0, 2)),
            "other_band": column(st.integers(-2, 2)),
            "referred_on": column(dates),
            "entered_on": column(dates),
            "first_known_on": column(dates),
            "was_offered": draw(flags),
            "is_held": draw(flags),
            "is_moved_up": draw(flags),
            "need_slots": [draw(st.integers(0, 6))] * number,
            "time_slots": [draw(st.integers(0, 5))] * number,
        }
    )
    return with_keys(waiting)


def with_keys(waiting: pl.DataFrame) -> pl.DataFrame:
    return waiting.with_columns(stable=lanes.stable()).with_columns(
        need_key=lanes.need_key(pl.col("tier"), pl.col("band")),
        other_key=lanes.need_key(pl.col("other_tier"), pl.col("other_band")),
        time_key=lanes.time_key(),
    )


def place_by_hand(waiting: pl.DataFrame, child: str, key: str = "need_key") -> int:
    """The place of a child with one of its keys, all others as they are, written out step by step."""
    rows = waiting.to_dicts()
    for row in rows:
        row["key"] = row[key] if row["referral_id"] == child else row["need_key"]
    by_need = sorted(rows, key=lambda row: row["key"])
    slots, timed = rows[0]["need_slots"], rows[0]["time_slots"]
    need_lane = [row for row in by_need if not row["is_held"]][:slots]
    waits = [row for row in by_need if row not in need_lane]
    oldest = sorted((row for row in waits if not row["was_offered"]), key=lambda row: row["time_key"])
    time_lane = oldest[: timed + slots - len(need_lane)]
    order = [*need_lane, *time_lane, *(row for row in waits if row not in time_lane)]
    return [row["referral_id"] for row in order].index(child) + 1


def places(waiting: pl.DataFrame) -> dict[str, int]:
    return dict(lanes.place(waiting).select("referral_id", "place").iter_rows())


@TABLES
@given(lists())
def test_every_place_is_given_once(waiting: pl.DataFrame) -> None:
    assert sorted(places(waiting).values()) == list(range(1, waiting.height + 1))


@TABLES
@given(lists())
def test_the_place_is_the_place_written_out_by_hand(waiting: pl.DataFrame) -> None:
    assert places(waiting) == {child: place_by_hand(waiting, child) for child in waiting["referral_id"]}


@TABLES
@given(lists())
def test_the_place_under_another_need_is_the_place_written_out_by_hand(waiting: pl.DataFrame) -> None:
    placed = lanes.place(waiting)
    found = placed.select("referral_id", would_be=lanes.place_if(placed, "other_key"))
    by_hand = {child: place_by_hand(waiting, child, "other_key") for child in waiting["referral_id"]}
    assert dict(found.iter_rows()) == by_hand


@TABLES
@given(lists())
def test_nobody_enters_the_time_lane_ahead_of_a_longer_wait(waiting: pl.DataFrame) -> None:
    """Whoever is held, moved up or of whatever tier: the lane takes the oldest of those never offered a slot."""
    placed = lanes.place(waiting).filter(~pl.col("was_offered"))
    in_lane, after = (placed.filter(lane=lane)["time_key"] for lane in ("time", "next"))
    if len(in_lane) and len(after):
        assert in_lane.max() < after.min()  # type: ignore[operator]


@TABLES
@given(lists(), st.data())
def test_no_override_changes_the_bound_of_anybody(waiting: pl.DataFrame, data: st.DataObject) -> None:
    number = waiting.height
    flags = st.lists(st.booleans(), min_size=number, max_size=number)
    overridden = with_keys(
        waiting.with_columns(
            is_held=pl.Series(data.draw(flags)),
            is_moved_up=pl.Series(data.draw(flags)),
            tier=pl.col("other_tier"),
        )
    )
    ahead = [lanes.place(w).sort("referral_id")["longer_waits_ahead"] for w in (waiting, overridden)]
    assert ahead[0].equals(ahead[1])


@TABLES
@given(lists(), st.data())
def test_the_order_of_rows_changes_nothing(waiting: pl.DataFrame, data: st.DataObject) -> None:
    shuffled = waiting[data.draw(st.permutations(range(waiting.height)))]
    assert places(shuffled) == places(waiting)


@TABLES
@given(lists())
def test_renaming_children_changes_nothing_but_the_order_of_those_who_tie_in_everything(
    waiting: pl.DataFrame,
) -> None:
    one_each = waiting.sort("stable")
    for key in KEYS:
        apart = one_each.with_columns(without_id=pl.col(key) // lanes.CHILDREN)
        one_each = apart.unique("without_id", keep="first", maintain_order=True)
    renamed = one_each.with_columns(referral_id=pl.col("referral_id").str.reverse())
    after = {child[::-1]: place for child, place in places(with_keys(renamed)).items()}
    assert after == places(with_keys(one_each))


@TABLES
@given(lists())
def test_one_more_recorded_need_never_lowers_a_place(waiting: pl.DataFrame) -> None:
    more = with_keys(
        waiting.with_columns(
            other_tier=pl.min_horizontal("tier", "other_tier"),
            other_band=pl.min_horizontal("band", "other_band"),
        )
    )
    placed = lanes.place(more)
    assert (lanes.place_if(placed, "other_key") <= placed["place"]).all()


@TABLES
@given(lists(), st.data())
def test_a_child_removed_changes_the_order_of_neither_lane_and_lowers_nobody(
    waiting: pl.DataFrame, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(waiting["referral_id"].to_list()))
    before, after = (lanes.place(part) for part in (waiting, waiting.filter(pl.col("referral_id") != gone)))
    rest = before.filter(pl.col("referral_id") != gone)
    for order in ("need_place", "time_place"):
        assert rest.sort(order)["referral_id"].equals(after.sort(order)["referral_id"])
    both = rest.join(after, on="referral_id", suffix="_after")
    assert (both["place_after"] <= both["place"]).all()


@TABLES
@given(lists(), st.data())
def test_a_child_not_brought_keeps_its_place_by_need_and_costs_nobody_a_bound(
    waiting: pl.DataFrame, data: st.DataObject
) -> None:
    child = data.draw(st.sampled_from(waiting["referral_id"].to_list()))
    is_child = pl.col("referral_id") == child
    missed = with_keys(waiting.with_columns(was_offered=pl.col("was_offered") | is_child))
    both = lanes.place(waiting).join(lanes.place(missed), on="referral_id", suffix="_after")
    own, others = both.filter(is_child), both.filter(~is_child)
    assert own["need_place_after"].item() <= own["need_place"].item()
    assert own["time_place_after"].item() == own["time_place"].item()
    assert (others["longer_waits_ahead_after"] <= others["longer_waits_ahead"]).all()


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_no_bound_is_broken_whoever_arrives(seed: int) -> None:
    children, capacity = adversarial_queues(100, np.random.default_rng(seed))
    course = guarantees.run(children, capacity, reviews=REVIEWS)
    assert (course.broken_guarantees, course.promises > 0) == (0, True)


MUTATIONS = {
    "an older clock that is transferred in or corrected goes ahead": (
        'days("first_known_on") * DAYS + days("entered_on")',
        'days("referred_on") * DAYS + days("referred_on")',
    ),
    "the day of entry counts before the day it became known": (
        'days("first_known_on") * DAYS + days("entered_on")',
        'days("entered_on") * DAYS + days("first_known_on")',
    ),
    "a child who was not brought takes another slot of the longest waits": (
        'turn = ~pl.col("was_offered") & (',
        "turn = (",
    ),
    "a hold also takes the child out of the time lane": (
        'turn = ~pl.col("was_offered") & (',
        'turn = ~pl.col("was_offered") & ~pl.col("is_held") & (',
    ),
    "the time lane goes by need": ('by_need.sort(LIST, "time_key")', 'by_need.sort(LIST, "need_key")'),
    "the time lane gives one slot too few": (
        'older < pl.col("lanes:timed")',
        'older + 1 < pl.col("lanes:timed")',
    ),
    "a moved-up child also takes the time lane": (
        "    return (days(",
        '    return pl.when("is_moved_up").then(0).otherwise(1) * 4 * 10**18 + (days(',
    ),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_the_bound_is_seen_to_break_when_the_lane_rule_is_broken(
    mutation: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(lanes.__file__).read_text()
    assert mutation[0] in source
    mutant = types.ModuleType("mutant")
    exec(compile(source.replace(*mutation), "mutant", "exec"), mutant.__dict__)
    monkeypatch.setattr(guarantees, "lanes", mutant)
    children, capacity = adversarial_queues(60, np.random.default_rng(1))
    assert guarantees.run(children, capacity, reviews=REVIEWS, order=mutant.place).broken_guarantees > 0


def test_the_same_queues_break_a_bound_when_need_alone_decides() -> None:
    children, capacity = adversarial_queues(100, np.random.default_rng(3))
    course = guarantees.run(children, capacity, reviews=REVIEWS, order=guarantees.by_need_alone)
    assert course.broken_guarantees > 0
