"""What an order did to the children: waits by tier and group, standards met, risk carried; an entry per replicate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from risk_model.simulation.children import BLOCK_REVIEWS, NEVER, Children
from risk_model.simulation.orders import Booleans
from risk_model.simulation.past import Past
from risk_model.simulation.reviews import Course
from risk_model.simulation.slots import WEEKS_A_YEAR, Floats, Ints

ALL: Final = "all children"
TIERS: Final = ("tier 0", "tier 1", "tier 2")
TOO_LATE_TO_JUDGE_WEEKS: Final = 26
"""Who comes in the last half year competes for slots, and its wait is not counted: most of it lies ahead."""
SEEN_FACTOR: Final = 0.7
"""By how much a first contact multiplies later hazards: an assumption for the laboratory alone (the note of
`hazard.seen_factor` in the calibration). No source says what being seen does; shares of what the oracle avoids do not
depend on it."""
UPPER: Final = 0.95

MEDIAN, HIGH, LONGEST, MEAN = "median_weeks", "percentile_95_weeks", "longest_weeks", "mean_weeks"
IN_STANDARD, WAITING, LEFT = "share_within_standard", "still_waiting", "left_without_an_offer"
EVENTS, CHILDREN_JUDGED, GAP = "events_while_waiting_a_year", "children", "gap_weeks"


@dataclass(frozen=True)
class Counted:
    """What became of each child of one or more lists: rows are replicates, columns children.

    `wait` in weeks from the original referral to the first offer, or so far. `is_judged`: its wait counts. `is_due`: a
    newcomer whose standard ended within the time simulated, `is_in_time`: it was offered a slot by then. `carried`:
    expected events while it waited.
    """

    wait: Floats
    is_judged: Booleans
    is_due: Booleans
    is_in_time: Booleans
    is_waiting: Booleans
    has_left: Booleans
    carried: Floats
    years: float


def groups_of(children: Children, past: Past) -> dict[str, Booleans]:
    """Return who is in which tier and group, as it was when the child came or when the first review was held."""
    row = children.states[0]
    tier = past.facts.tier[row]
    found = {ALL: children.comes}
    found |= {name: (tier == number) & children.comes for number, name in enumerate(TIERS)}
    return found | {name: mask[row] & children.comes for name, mask in past.groups.items()}


def count(
    children: Children, course: Course, past: Past, reviews: int, standards: tuple[int, ...]
) -> Counted:
    """Return what became of the children of one list; `standards` in weeks by tier."""
    comes, end = children.comes, float(reviews)
    is_offered = course.offered < NEVER
    has_left = comes & ~is_offered & (children.leaves <= end)
    until = np.where(is_offered, course.offered, end)
    wait = np.where(comes, until - np.where(comes, children.referred, 0.0), 0.0)
    standard = np.asarray(standards, dtype=float)[past.facts.tier[children.states[0]]]
    is_due = comes & (children.joins >= 0) & (children.joins + standard <= end)
    left_before = has_left & (children.leaves < children.joins + standard)
    out = np.minimum(np.minimum(course.seen, children.leaves), end)
    return Counted(
        wait=wait,
        is_judged=comes & ~has_left & (children.joins < end - TOO_LATE_TO_JUDGE_WEEKS),
        is_due=is_due & ~left_before,
        is_in_time=is_offered & (wait <= standard),
        is_waiting=comes & (course.seen == NEVER) & (children.leaves > end),
        has_left=has_left,
        carried=_carried(children, past, out),
        years=reviews / WEEKS_A_YEAR,
    )


def together(lists: list[Counted]) -> Counted:
    """Return several lists as one."""
    arrays = {
        name: np.hstack([getattr(each, name) for each in lists])
        for name in Counted.__dataclass_fields__
        if name != "years"
    }
    return Counted(**arrays, years=lists[0].years)


def measure(counted: Counted, groups: dict[str, Booleans]) -> dict[str, dict[str, Floats]]:
    """Return by group and measure one number per replicate; NaN where the group has nobody to count."""
    order = np.argsort(counted.wait, axis=1)
    wait = np.take_along_axis(counted.wait, order, axis=1)
    found = {}
    for name, members in groups.items():
        judged = members & counted.is_judged
        line = np.cumsum(np.take_along_axis(judged, order, axis=1), axis=1, dtype=np.int64)
        number = line[:, -1]
        due = (members & counted.is_due).sum(axis=1)
        found[name] = {
            CHILDREN_JUDGED: number.astype(float),
            MEAN: _share((counted.wait * judged).sum(axis=1), number),
            MEDIAN: _at(0.5, wait, line),
            HIGH: _at(UPPER, wait, line),
            LONGEST: _at(1.0, wait, line),
            IN_STANDARD: _share((members & counted.is_due & counted.is_in_time).sum(axis=1), due),
            WAITING: (members & counted.is_waiting).sum(axis=1).astype(float),
            LEFT: (members & counted.has_left).sum(axis=1).astype(float),
            EVENTS: (counted.carried * members).sum(axis=1) / counted.years,
        }
    for measures in found.values():
        measures[GAP] = measures[MEDIAN] - found[ALL][MEDIAN]
    return found


def _at(share: float, wait: Floats, line: Ints) -> Floats:
    """The wait that so large a share of the counted children does not exceed, in each replicate."""
    number = line[:, -1]
    place = np.maximum(np.ceil(share * number), 1)
    column = np.argmax(line >= place[:, None], axis=1)
    found = np.take_along_axis(wait, column[:, None], axis=1)[:, 0]
    return np.where(number > 0, found, np.nan)


def _share(part: Floats | Ints, whole: Ints) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _carried(children: Children, past: Past, out: Floats) -> Floats:
    """Expected events from the first review, or from coming, until each child is seen or leaves."""
    comes = children.comes
    start = np.where(comes, np.maximum(children.joins, 0.0), 0.0)
    until = np.where(comes, np.maximum(out, start), 0.0)
    carried = np.zeros(start.shape)
    for block, states in enumerate(children.states):
        first = block * BLOCK_REVIEWS
        weeks = np.clip(until, first, first + BLOCK_REVIEWS) - np.clip(start, first, first + BLOCK_REVIEWS)
        carried += past.hazard[states] * weeks
    return carried
