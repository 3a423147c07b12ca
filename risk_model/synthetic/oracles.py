"""The best that can be known of a child's risk: with frailty (O1) and without it (O2), and what it is put down to.

Every risk here is that of an event within 26 weeks of a day if the child is seen by none of the services waited for,
the wait going on, along the path that the child's needs and social care then take. No record can tell that path, so
that a part of what lies between O2 and any fitted estimate is the future.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.causes import CAUSES, PARTS, STEP_UP, WAIT, Drivers, by_cause
from risk_model.synthetic.clock import EVENT_MONDAYS, Ints, quarter_index
from risk_model.synthetic.hazards import Hazards, window
from risk_model.synthetic.waits import Waits

NODES: Final = 15
"""Points at which frailty is integrated: the risk no longer changes in its fourth digit from 11 on."""

Sums = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Oracle:
    """Sums of hazard over 26 weeks (expected events), one entry per child: by part, and what each is put down to.

    The sums by cause and the base add up to the sums by part: a cause has the share of the hazard above the base that
    its part of the log-hazard has (the logarithmic mean, so that nothing is left over and no order of causes matters).
    """

    by_part: dict[str, Sums]
    by_cause: dict[str, Sums]
    base: Sums
    risk_frailty_unknown: Sums

    @property
    def total(self) -> Sums:
        """Expected events of all parts together."""
        return np.asarray(sum(self.by_part.values()))


def look(calibration: Calibration, hazards: Hazards, on: np.datetime64, who: Ints) -> Oracle:
    """What is to come to some children within 26 weeks of a day, if nobody sees them."""
    weeks, weights = window(on)
    waited = hazards.drivers.waits
    as_it_was = Waits(waited.weeks[weeks][:, who], waited.first_seen[who])
    unseen = waited.if_unseen_from(int(weeks[0]), weeks, who)
    by_part, base = {}, np.zeros(who.size)
    causes = {cause: np.zeros(who.size) for cause in CAUSES}
    for part in PARTS:
        terms = _terms(calibration, part, hazards.drivers, (weeks, who), unseen)
        was = _terms(calibration, part, hazards.drivers, (weeks, who), as_it_was)[WAIT]
        hazard = hazards.weekly[part][weeks][:, who].astype(np.float64) * np.exp(terms[WAIT] - was)
        together = np.sum(list(terms.values()), axis=0)
        shared = hazard * _share_above_base(together)
        by_part[part] = weights @ hazard
        base += weights @ (hazard * np.exp(-together))
        for cause, term in terms.items():
            causes[cause] += weights @ (shared * term)
    known = _frailty_unknown(calibration, hazards, int(weeks[0]), who, by_part)
    return Oracle(by_part, causes, base, known)


def _terms(
    calibration: Calibration, part: str, drivers: Drivers, which: tuple[Ints, Ints], waited: Waits
) -> dict[str, Sums]:
    """The log-hazard by cause in the weeks (rows) and of the children (columns) asked for."""
    weeks, who = which
    quarters = quarter_index(EVENT_MONDAYS[weeks])
    pieces: dict[str, list[Sums]] = {cause: [] for cause in CAUSES}
    for quarter in np.unique(quarters):
        rows = np.flatnonzero(quarters == quarter)
        then = Waits(waited.weeks[rows], waited.first_seen)
        found = by_cause(calibration, part, drivers, weeks[rows], who, then)
        for cause, piece in pieces.items():
            piece.append(np.broadcast_to(found.get(cause, np.float32(0)), (rows.size, who.size)))
    return {cause: np.concatenate(piece).astype(np.float64) for cause, piece in pieces.items()}


def _share_above_base(together: Sums) -> Sums:
    """(1 - exp(-z)) / z: the logarithmic mean of a hazard and its base, over the hazard; 1 where they are the same."""
    small = np.abs(together) < 1e-6
    safe = np.where(small, 1.0, together)
    return np.where(small, 1.0, -np.expm1(-safe) / safe)


def _frailty_unknown(
    calibration: Calibration, hazards: Hazards, first: int, who: Ints, by_part: dict[str, Sums]
) -> Sums:
    """The risk over what a child's frailty may be, given the events that the child has lived through so far."""
    nodes, share = np.polynomial.hermite_e.hermegauss(NODES)
    frailty = calibration.number("latent.frailty_sd") * nodes
    log_weight = np.broadcast_to(np.log(share), (who.size, NODES)).copy()
    to_come = np.zeros((who.size, NODES))
    count = hazards.drivers.children.count
    for part in PARTS:
        weight = _frailty_weight(calibration, part)
        against_own = np.exp(weight * (frailty[None, :] - hazards.drivers.needs.frailty[who][:, None]))
        events = hazards.events.filter((pl.col("part") == part) & (pl.col("week") < first))
        happened = np.bincount(events["child"].to_numpy(), minlength=count)[who]
        so_far = hazards.weekly[part][:first].sum(axis=0, dtype=np.float64)[who]
        log_weight += happened[:, None] * weight * frailty[None, :] - so_far[:, None] * against_own
        to_come += by_part[part][:, None] * against_own
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weights = np.exp(log_weight)
    return np.asarray((weights * -np.expm1(-to_come)).sum(axis=1) / weights.sum(axis=1))


def _frailty_weight(calibration: Calibration, part: str) -> float:
    key = "hazard.step_up.weights" if part == STEP_UP else f"hazard.{part}"
    return calibration.numbers(key)["frailty"]
