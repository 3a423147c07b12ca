"""The three wires of a model in force, and what a list is made with once they were looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from risk_model.evaluation.registered import TEST
from risk_model.explanation.contributions import BY_NAME
from risk_model.model import Rows
from risk_model.scorecard import Scorecard
from risk_model.tripwires.drift import PSI_LIMIT, drifted
from risk_model.tripwires.matured import (
    LEAST_EVENTS,
    RATIO_LIMITS,
    area_under_the_curve,
    quarters_since,
    ratios,
)

__all__ = ["Looked", "Wire", "check", "quarters_since"]

INPUT_DRIFT, CALIBRATION, LEAKAGE = "input drift", "calibration", "leakage"
MOST_NAMED = 5
NO_QUARTER = "no quarter later than the training has its 26 weeks behind it yet"


@dataclass(frozen=True)
class Wire:
    """One wire: whether it tripped, and what was found, in words without a full stop."""

    name: str
    is_tripped: bool
    words: str


@dataclass(frozen=True)
class Looked:
    """The wires of a run, and the model that they were looked at for: none where none was in force."""

    promoted: Scorecard | None
    wires: tuple[Wire, ...] = ()

    @property
    def card(self) -> Scorecard | None:
        """Return the scorecard that the run may use; none where a wire tripped or no model was in force."""
        return None if any(wire.is_tripped for wire in self.wires) else self.promoted

    @property
    def because(self) -> str | None:
        """Return why the model is not used, as every page says it; None where no wire tripped."""
        tripped = [f"{wire.name}: {wire.words}" for wire in self.wires if wire.is_tripped]
        return f"the model was stopped by a tripwire, {'; '.join(tripped)}" if tripped else None

    def as_facts(self) -> dict[str, Any]:
        """Return the wires and the version they were looked at for, as provenance keeps them."""
        looked_at = self.promoted
        return {
            "version": looked_at and looked_at.serial,
            "digest": looked_at and looked_at.digest,
            "wires": [asdict(wire) for wire in self.wires],
        }


def check(card: Scorecard | None, table: pl.DataFrame, later: Rows | None) -> Looked:
    """Return what the wires say of a model before it is used on a list.

    `table` has the features of the open referrals; `later` are the rows of `quarters_since`, if there are any.
    """
    if card is None:
        return Looked(None)
    return Looked(card, (_input_drift(card, table), _calibration(card, later), _leakage(card, later)))


def _input_drift(card: Scorecard, table: pl.DataFrame) -> Wire:
    if card.inputs is None:
        return Wire(INPUT_DRIFT, True, "the scorecard does not say what it learned from; train again")
    children = table.unique("person_id", keep="any")
    if children.is_empty():
        return Wire(INPUT_DRIFT, False, "nobody waits")
    indices = drifted(card, children)
    far = indices.filter("is_drifted")
    shown = far.head(MOST_NAMED) if far.height else indices.head(1)
    named = ", ".join(
        f"{_label(feature)} ({index:.2f})" for feature, index in shown.select("feature", "index").iter_rows()
    )
    if far.is_empty():
        return Wire(INPUT_DRIFT, False, f"the largest stability index is of {named}, limit {PSI_LIMIT}")
    more = f" and {far.height - MOST_NAMED} more" if far.height > MOST_NAMED else ""
    words = f"the children are unlike those it learned from in {far.height} of {indices.height} features"
    return Wire(INPUT_DRIFT, True, f"{words} (stability index above {PSI_LIMIT}): {named}{more}")


def _calibration(card: Scorecard, later: Rows | None) -> Wire:
    if later is None:
        return Wire(CALIBRATION, False, NO_QUARTER)
    found = ratios(card, later)
    off = [ratio for ratio in found if ratio.is_off]
    told = ", ".join(f"{r.group} {r.value:.2f} ({r.low:.2f} to {r.high:.2f})" for r in off or found)
    limits = f"limits {RATIO_LIMITS[0]} to {RATIO_LIMITS[1]}"
    words = f"events expected over observed since the training, with 99 % intervals, {limits}: {told}"
    return Wire(CALIBRATION, bool(off), f"it expects too many or too few, {words}" if off else words)


def _leakage(card: Scorecard, later: Rows | None) -> Wire:
    if later is None:
        return Wire(LEAKAGE, False, NO_QUARTER)
    area = area_under_the_curve(card, later)
    if area is None:
        return Wire(LEAKAGE, False, f"fewer than {LEAST_EVENTS} events since the training")
    words = f"the area under the curve since the training is {area:.3f}, limit {TEST.auc_not_above}"
    tripped = area > TEST.auc_not_above
    return Wire(LEAKAGE, tripped, words + (": something of the future is in the features" if tripped else ""))


def _label(feature: str) -> str:
    return BY_NAME[feature].label
