"""The numbering of the list and the guarantee, against generated queues."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.guarantees import REVIEWS, adversarial_queue
from risk_model import simulation
from risk_model.policy import DEFAULT_POLICY, Queue, Slots, load, need_key, slots

POLICY, _ = load(DEFAULT_POLICY)
MONDAY = date(2026, 11, 23)


@st.composite
def queues(draw: st.DrawFn) -> Queue:
    number = draw(st.integers(1, 12))
    need = draw(st.permutations(range(number)))
    time = draw(st.permutations(range(number)))
    first, timed = draw(st.integers(0, 6)), draw(st.integers(0, 5))
    planned = Slots(MONDAY, first + timed, timed, np.array([timed]))
    return Queue(np.array(need, dtype=np.int64), np.array(time, dtype=np.int64), planned)


def place_by_hand(queue: Queue, child: int, position: int) -> int:
    """The place of a child that stands at a position by need, written out step by step."""
    others = [other for other in np.argsort(queue.need) if other != child]
    by_need = [*others[:position], child, *others[position:]]
    need_lane = by_need[: queue.slots.need_lane]
    waiting = [other for other in by_need if other not in need_lane]
    time_lane = sorted(waiting, key=lambda other: queue.time[other])[: queue.slots.time_lane]
    return [*need_lane, *time_lane, *(o for o in waiting if o not in time_lane)].index(child) + 1


@given(queues())
def test_every_place_is_given_once(queue: Queue) -> None:
    assert sorted(queue.places()) == list(range(1, len(queue.need) + 1))


@given(queues(), st.data())
def test_the_place_under_another_need_is_the_place_written_out_by_hand(
    queue: Queue, data: st.DataObject
) -> None:
    number = len(queue.need)
    positions = np.array(data.draw(st.lists(st.integers(0, number - 1), min_size=number, max_size=number)))
    by_hand = [place_by_hand(queue, child, position) for child, position in enumerate(positions)]
    assert queue.place_at(positions).tolist() == by_hand


@given(queues())
def test_nobody_enters_the_time_lane_ahead_of_a_longer_wait(queue: Queue) -> None:
    places = queue.places()
    first, last = queue.slots.need_lane, queue.slots.all
    in_lane = (places > first) & (places <= last)
    after = places > last
    if in_lane.any() and after.any():
        assert queue.time[in_lane].max() < queue.time[after].min()


@given(
    tier=st.integers(0, 2),
    band=st.integers(-90, 90),
    days=st.integers(0, 30_000),
    lower=st.integers(0, 2),
    higher_band=st.integers(-90, 90),
)
def test_more_need_never_sorts_later(tier: int, band: int, days: int, lower: int, higher_band: int) -> None:
    def key(tier: int, band: int) -> int:
        return int(need_key(*(np.array([n]) for n in (tier, band, days, 1)))[0])

    assert key(min(tier, lower), min(band, higher_band)) <= key(tier, band)


@given(st.floats(0, 40), st.dates(date(2026, 1, 5), date(2030, 1, 1)))
def test_slots_of_a_year_are_the_planned_share_to_within_one(rate: float, on: date) -> None:
    planned = slots(POLICY, rate, on)
    share = 1 - POLICY.need_lane_share
    assert abs(planned.time_lane_summed[-1] - share * rate * POLICY.reviews.planned_ahead) <= 2
    assert 0 <= planned.time_lane <= planned.all
    assert (np.diff(planned.time_lane_summed) >= 0).all()


def test_a_service_with_one_slot_alternates_between_the_lanes() -> None:
    summed = slots(POLICY, 1.0, date(2026, 1, 5)).time_lane_summed
    given_to_time = np.diff(np.concatenate([[0], summed]))[:10]
    assert given_to_time.sum() == 3
    assert given_to_time.max() == 1


@given(st.integers(0, 2**32 - 1))
def test_no_guarantee_is_broken_whoever_arrives(seed: int) -> None:
    children, policy, rate = adversarial_queue(POLICY, np.random.default_rng(seed))
    course = simulation.run(children, policy, rate, reviews=REVIEWS, order=simulation.by_policy)
    assert course.broken_guarantees() == 0


def test_the_same_queues_break_a_guarantee_when_need_alone_decides() -> None:
    children, policy, _ = adversarial_queue(POLICY, np.random.default_rng(3))
    course = simulation.run(children, policy, 3.0, reviews=REVIEWS, order=simulation.by_need_alone)
    assert course.broken_guarantees() > 0


def test_orders_are_compared_on_the_same_arrivals() -> None:
    children, policy, _ = adversarial_queue(POLICY, np.random.default_rng(3))
    compared = simulation.compare(children, policy, 3.0, reviews=REVIEWS)
    assert set(compared["order"]) == set(simulation.ORDERS)
    longest = dict(compared.group_by("order").max().select("order", "longest_reviews").iter_rows())
    assert longest["policy"] <= longest["need alone"]
