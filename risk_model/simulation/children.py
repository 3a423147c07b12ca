"""The children of one list in every replicate: who comes when, leaves, is not brought, and how their needs change.

Drawn once and used under every order and every capacity (common random numbers), so that whatever differs between two
orders is the order. Rows are replicates, columns children in the order in which they came onto the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from risk_model.simulation.past import Past
from risk_model.simulation.slots import WEEKS_A_YEAR, Floats, Ints

BLOCK_REVIEWS: Final = 13
"""Needs are looked at anew every quarter, as in the history that they are drawn from."""
NEVER: Final = np.inf

NOTHING, MOVED_UP, HELD = 0, 1, 2
OVERRIDDEN_SHARE: Final = 0.05
MOVED_UP_SHARE: Final = 0.6
"""Ours, until reviewers' own decisions can be counted: how many children are ever overridden, and how many of these
upwards."""
OVERRIDE_DELAY_WEEKS: Final = 26.0


@dataclass(frozen=True)
class Children:
    """Weeks are counted from the first review; a column past a replicate's last child never comes (`NEVER`).

    `joins`: onto this service's register. `referred`: the original referral, from which every wait is counted.
    `leaves`: unseen, since the child is better, gone elsewhere or grown up. `misses`: slots that it is offered and not
    brought to. `states`: the row of the history that tells its needs, by quarter. `override`, from `overridden` for
    some weeks: what reviewers decide where they decide something.
    """

    joins: Floats
    referred: Floats
    leaves: Floats
    misses: Ints
    states: Ints
    override: Ints
    overridden: Floats

    @property
    def replicates(self) -> int:
        return int(self.joins.shape[0])

    @property
    def comes(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.asarray(self.joins < NEVER)


def draw(past: Past, reviews: int, replicates: int, rng: np.random.Generator) -> Children:
    """Return who waits now, in every replicate, and newcomers drawn from those who came before.

    Newcomers come at the measured pace and are children of the history who had just come; from quarter to quarter a
    child takes the step that it took in the history or, where that ends, one that a child of its tier took.
    """
    here = past.waiting
    counts = rng.poisson(past.referrals_per_week * reviews, replicates)
    most = int(counts.max(initial=0))
    is_newcomer = np.arange(most) < counts[:, None]
    comes = np.sort(np.where(is_newcomer, rng.random((replicates, most)) * reviews, NEVER), axis=1)
    first = np.broadcast_to(here, (replicates, here.size))
    later = rng.choice(past.newcomers, (replicates, most), p=past.chance_of_newcomer)
    joins = np.hstack([np.broadcast_to(past.joined[here], first.shape), comes])
    row = np.hstack([first, later])
    referred = np.hstack(
        [np.broadcast_to(past.referred[here], first.shape), comes - past.carried_weeks[later]]
    )
    start = np.maximum(joins, 0.0)
    stays = rng.exponential(1 / max(past.leaving_per_week, 1e-9), row.shape)
    grows_up = (past.adult_age - past.age[row] - rng.random(row.shape)) * WEEKS_A_YEAR
    leaves = start + np.minimum(stays, np.maximum(grows_up, 0.0))
    misses = rng.geometric(1 - past.not_brought_share, row.shape) - 1
    override = np.where(rng.random(row.shape) < MOVED_UP_SHARE, MOVED_UP, HELD)
    override = np.where(rng.random(row.shape) < OVERRIDDEN_SHARE, override, NOTHING)
    overridden = start + rng.random(row.shape) * OVERRIDE_DELAY_WEEKS
    return Children(
        joins=joins,
        referred=referred,
        leaves=leaves,
        misses=misses,
        states=_states(past, joins, row, reviews, rng),
        override=override,
        overridden=overridden,
    )


def _states(past: Past, joins: Floats, row: Ints, reviews: int, rng: np.random.Generator) -> Ints:
    """The row of the history that tells each child's needs in every quarter."""
    blocks = -(-reviews // BLOCK_REVIEWS)
    states = np.empty((blocks, *row.shape), dtype=np.int64)
    states[0] = row
    next_rows = np.stack([past.next_rows(rng) for _ in range(row.shape[0])])
    for block in range(1, blocks):
        was_here = joins < block * BLOCK_REVIEWS
        moved = np.take_along_axis(next_rows, states[block - 1], axis=1)
        states[block] = np.where(was_here, moved, row)
    return states
