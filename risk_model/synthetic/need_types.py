"""Stage 5, last part: the needs that schools name at each spring census, first to third, knowing of suspensions."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENT_MONDAYS, Floats, Ints, quarter_of
from risk_model.synthetic.identification import EHC_PLAN, NO_SEN, Identification
from risk_model.synthetic.needs import EDUCATIONAL, Needs
from risk_model.synthetic.population import Children

NEED_TYPES: Final = ("SLCN", "ASD", "SEMH", "MLD", "SPLD", "SLD", "PD", "HI", "VI", "OTH")
LARGEST_GAP_BY_RANK: Final = (0.0, 0.6, 0.8)
NAMING_NOISE: Final = 0.7
"""Scale of the noise in what is named: a score higher by this multiplies the odds of being named by e."""
MANY_DAYS: Final = 11
SESSIONS_A_DAY: Final = 2


def name_needs(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    known: Identification,
    exclusions: pl.DataFrame,
) -> pl.DataFrame:
    """Ranked needs by spring census.

    SEMH is named more often after a suspension, most after many days of it (a planted leakage trap); specific learning
    difficulties and autism less often in poor areas.
    """
    rng = stream(seed, "identification.needs")
    with_sen = known.provision > NO_SEN
    offsets = calibration.numbers("sen.need_offset")
    loadings = calibration.table("sen.need_loading")
    by_area = calibration.numbers("sen.need_by_area")
    ratios = calibration.numbers("sen.semh_after_suspension")
    weights = np.array([list(loadings[kind]) for kind in NEED_TYPES], dtype=np.float32)
    levels = np.array([offsets[kind] for kind in NEED_TYPES], dtype=np.float32)
    plans = calibration.numbers("sen.need_offset_with_plan")
    with_plan = np.array([plans.get(kind, 0) for kind in NEED_TYPES], dtype=np.float32)
    noise = rng.gumbel(0, NAMING_NOISE, (with_sen.shape[1], len(NEED_TYPES))).astype(np.float32)
    richer = (children.quintile - 3).astype(np.float32) / 2
    frames = []
    for position, (name, on) in enumerate(known.census):
        if name.endswith("spring") and on > EVENT_MONDAYS[0]:
            who = np.flatnonzero(with_sen[position])
            scores = needs.levels[quarter_of(on)][who][:, EDUCATIONAL] @ weights.T + noise[who] + levels
            scores += (known.provision[position][who] == EHC_PLAN)[:, None] * with_plan
            days = _days_suspended(exclusions, on, children.count)[who]
            scores[:, NEED_TYPES.index("SEMH")] += after_suspension(ratios, days)
            for kind, slope in by_area.items():
                scores[:, NEED_TYPES.index(kind)] += np.float32(NAMING_NOISE * slope) * richer[who]
            frames += _ranked(name, who, scores)
    return pl.concat(frames).sort("census", "child", "rank")


def after_suspension(ratios: dict[str, float], days: Floats) -> Floats:
    """What days of suspension add to the score of SEMH: its odds rise to a ratio at one day and another at many.

    >>> np.exp(after_suspension({"one_day": 4, "many_days": 14}, np.array([0, 1, 11, 30])) / NAMING_NOISE).round(1)
    array([ 1.,  4., 14., 14.], dtype=float32)
    """
    lowest, highest = np.log(ratios["one_day"]), np.log(ratios["many_days"])
    share = np.clip(np.log(np.maximum(days, 1)) / np.log(MANY_DAYS), 0, 1)
    return np.asarray(NAMING_NOISE * (days > 0) * (lowest + share * (highest - lowest)), dtype=np.float32)


def _days_suspended(exclusions: pl.DataFrame, on: np.datetime64, count: int) -> Floats:
    """School days for which each child had been suspended before a day."""
    before = exclusions.filter(pl.col("started_on") < on.astype(object))
    sessions = np.bincount(before["child"].to_numpy(), before["sessions"].to_numpy(), minlength=count)
    return np.asarray(sessions / SESSIONS_A_DAY, dtype=np.float32)


def _ranked(census: str, who: Ints, scores: npt.NDArray[np.float32]) -> list[pl.DataFrame]:
    """The strongest need, and the next two where they come close to it."""
    order = np.argsort(-scores, axis=1, kind="stable")
    best_first = np.take_along_axis(scores, order, axis=1)
    frames = []
    for rank, largest_gap in enumerate(LARGEST_GAP_BY_RANK):
        named = best_first[:, 0] - best_first[:, rank] <= largest_gap
        kinds = np.array(NEED_TYPES)[order[named, rank]]
        rows = pl.DataFrame({"child": who[named], "need": kinds}).with_columns(
            rank=pl.lit(rank + 1, pl.Int64)
        )
        frames.append(rows.with_columns(census=pl.lit(census)))
    return frames
