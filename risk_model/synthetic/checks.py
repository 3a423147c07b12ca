"""Stage 6, the five mandated health checks, with ASQ-3 scores at two years; fewer in adverse homes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENTS_START, INDEX_DAY, Booleans, quarter_index
from risk_model.synthetic.needs import ADVERSITY, COGNITION, COMMUNICATION, PHYSICAL, SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children

REVIEWS: Final = (("08", 12, 4), ("09", 49, 7), ("10", 350, 40), ("11", 850, 45), ("12", 1640, 60))
TWO_YEAR_REVIEW: Final = "11"
ASQ_27_MONTHS: Final = (
    ("953261000000103", COMMUNICATION),
    ("953281000000107", PHYSICAL),
    ("953271000000105", PHYSICAL),
    ("953291000000109", COGNITION),
    ("953301000000108", SOCIAL_EMOTIONAL),
)


@dataclass(frozen=True)
class Checks:
    """Health checks in the window, ASQ-3 scores of two-year reviews, and who ever missed that review."""

    reviews: pl.DataFrame
    asq: pl.DataFrame
    missed_two_year_review: Booleans


def carry_out(calibration: Calibration, seed: int, children: Children, needs: Needs) -> Checks:
    """Every child's five health checks, as far as they took place."""
    rng = stream(seed, "checks")
    coverage = calibration.numbers("hcp.coverage")
    slope = calibration.number("hcp.coverage_adversity_slope")
    frames, missed = [], np.zeros(children.count, dtype=np.bool_)
    for activity, due, spread in REVIEWS:
        days = np.maximum(np.round(due + spread * rng.standard_normal(children.count)), 8).astype(
            "timedelta64[D]"
        )
        on = children.born + days
        quarter = np.clip(quarter_index(on), 0, needs.levels.shape[0] - 1)
        adversity = needs.levels[quarter, np.arange(children.count), ADVERSITY]
        odds = coverage[activity] / (1 - coverage[activity]) * np.exp(-slope * adversity)
        seen = rng.random(children.count) < odds / (1 + odds)
        missed |= ~seen & (activity == TWO_YEAR_REVIEW)
        here = (
            (on >= EVENTS_START) & (on <= INDEX_DAY) & (children.moved_in <= on) & (children.moved_out > on)
        )
        who = np.flatnonzero(seen & here)
        frames.append(pl.DataFrame({"child": who, "on": on[who]}).with_columns(activity=pl.lit(activity)))
    checks = pl.concat(frames).sort("child", "on").with_row_index("check")
    return Checks(checks, _asq(rng, checks.filter(pl.col("activity") == TWO_YEAR_REVIEW), needs), missed)


def _asq(rng: np.random.Generator, reviews: pl.DataFrame, needs: Needs) -> pl.DataFrame:
    """Five domain scores (0 to 60 in steps of 5) per two-year review; lower where the need is greater."""
    who = reviews["child"].to_numpy()
    quarter = quarter_index(reviews["on"].to_numpy())
    frames = []
    for code, dimension in ASQ_27_MONTHS:
        raw = 47 - 8.5 * needs.levels[quarter, who, dimension] + 6 * rng.standard_normal(who.size)
        score = np.clip(5 * np.round(raw / 5), 0, 60).astype(np.int64)
        frames.append(
            pl.DataFrame({"check": reviews["check"], "score": score}).with_columns(snomed=pl.lit(code))
        )
    return pl.concat(frames).sort("check", "snomed")
