"""Stage 5, last part: the needs that schools name at each spring census, first to third, knowing of suspensions."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENT_MONDAYS, Ints, quarter_of
from risk_model.synthetic.hazards import SUSPENSION, Hazards
from risk_model.synthetic.identification import EHC_PLAN, Identification
from risk_model.synthetic.needs import EDUCATIONAL, Needs
from risk_model.synthetic.population import Children

NEED_TYPES: Final = ("SLCN", "ASD", "SEMH", "MLD", "SPLD", "SLD", "PD", "HI", "VI", "OTH")
LARGEST_GAP_BY_RANK: Final = (0.0, 0.6, 0.8)
NEVER_SUSPENDED: Final = 10_000


def name_needs(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    hazards: Hazards,
    known: Identification,
) -> pl.DataFrame:
    """Ranked needs by spring census; SEMH is named more often after a suspension (a planted leakage trap).

    At equal need the names that open doors, such as autism and dyslexia, are given more often in affluent
    neighbourhoods.
    """
    rng = stream(seed, "identification.needs")
    provision = known.provision
    offsets = calibration.numbers("sen.need_offset")
    loadings = calibration.table("sen.need_loading")
    weights = np.array([list(loadings[kind]) for kind in NEED_TYPES], dtype=np.float32)
    levels = _by_kind(offsets)
    with_plan = _by_kind(calibration.numbers("sen.need_offset_with_plan"))
    affluence = _by_kind(calibration.numbers("sen.need_offset_by_quintile"))
    noise = rng.gumbel(0, 0.7, (children.count, len(NEED_TYPES))).astype(np.float32)
    first_suspended = _first_suspension(hazards, children.count)
    frames = []
    for position, (name, on) in enumerate(known.census):
        if name.endswith("spring") and on > EVENT_MONDAYS[0]:
            who = np.flatnonzero(provision[position])
            scores = needs.levels[quarter_of(on)][who][:, EDUCATIONAL] @ weights.T + noise[who] + levels
            scores += (provision[position][who] == EHC_PLAN)[:, None] * with_plan
            scores += (children.quintile[who] - 3).astype(np.float32)[:, None] * affluence
            suspended = first_suspended[who] < (on - EVENT_MONDAYS[0]).astype(np.int64) // 7
            scores[:, NEED_TYPES.index("SEMH")] += np.float32(offsets["SEMH_after_suspension"]) * suspended
            frames += _ranked(name, who, scores)
    return pl.concat(frames).sort("census", "child", "rank")


def _by_kind(figures: dict[str, float]) -> npt.NDArray[np.float32]:
    return np.array([figures.get(kind, 0.0) for kind in NEED_TYPES], dtype=np.float32)


def _first_suspension(hazards: Hazards, count: int) -> Ints:
    """The week of each child's first suspension."""
    events = hazards.events.filter(pl.col("part") == SUSPENSION)
    first = np.full(count, NEVER_SUSPENDED)
    np.minimum.at(first, events["child"].to_numpy(), events["week"].to_numpy())
    return first


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
