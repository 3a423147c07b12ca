"""What would move this child: one feature changed, looked up in the table."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from risk_model import scorecard
from risk_model.errors import UserError
from risk_model.explanation.contributions import BY_NAME
from risk_model.features.wording import state, words
from risk_model.scorecard import Scorecard
from risk_model.snapshot.outcomes import SEVERE_ABSENCE_SHARE


def changed(
    card: Scorecard, child: pl.DataFrame, feature: str, value: float | None, on: date
) -> pl.DataFrame:
    """Return the risk as it is and as it would be if one feature had another value (none: not known) on a day.

    One row: `feature`, `words` as they would be, `value_now`, `value_then`, `risk_now`, `risk_then` and `factor` on the
    rate. Only this feature changes: features that would follow from it (needs are nested) are changed one by one.
    """
    _check(card, feature)
    then = child.with_columns(pl.lit(value, pl.Float64).alias(feature))
    before, after = _log_hazard(card, child), _log_hazard(card, then)
    return pl.DataFrame(
        {
            "feature": [feature],
            "words": then.select(words(BY_NAME[feature], on)).to_series(),
            "value_now": child[feature].cast(pl.Float64),
            "value_then": pl.Series([value], dtype=pl.Float64),
            "risk_now": card.table.risk(before),
            "risk_then": card.table.risk(after),
            "factor": np.exp(after - before),
        }
    )


def moves(card: Scorecard, child: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return what recording each need that is not recorded would do to the risk, the largest factor first."""
    needs = [
        name for name in card.features if BY_NAME[name].rises and BY_NAME[name].used_for_place
        and child.select(state(BY_NAME[name])).item() in ("no", "unknown")
    ]  # fmt: skip
    rows = [changed(card, child, name, _recorded(name), on) for name in needs]
    rows = [row for row in rows if row["factor"][0] != 1.0]
    if not rows:
        return changed(card, child, card.features[0], None, on).clear()
    return pl.concat(rows).sort("factor", "feature", descending=[True, False])


def _recorded(name: str) -> float:
    """What "recorded" is taken for: once, or half of the sessions."""
    return SEVERE_ABSENCE_SHARE if BY_NAME[name].shown_as_percent else 1.0


def _log_hazard(card: Scorecard, child: pl.DataFrame) -> scorecard.Numbers:
    return card.table.log_hazard(scorecard.columns(card, child))


def _check(card: Scorecard, feature: str) -> None:
    if feature not in card.features:
        raise UserError(
            f"The estimate does not read {feature}. Expected one of the {len(card.features)} features that it reads: "
            f"{', '.join(sorted(card.features))}. They are told in docs/features.md."
        )
