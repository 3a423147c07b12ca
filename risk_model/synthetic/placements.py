"""Stage 4, second part: where a looked-after child lives, and the moves from one placement to the next."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import END, MONDAYS, Booleans, Days, Ints, Strings
from risk_model.synthetic.population import Children
from risk_model.synthetic.social_care import CARE_WEEKDAY, CLOSING_WEEKDAY, LOOKED_AFTER, SocialCare

STARTED: Final = "S"
MOVED: Final = "P"
"""SSDA903, reason for a new episode: started to be looked after; change of placement and carer."""
KINDS: Final = ("U1", "U4", "U6", "K2", "P1", "R1")
KIND_SHARES: Final = (0.16, 0.34, 0.28, 0.12, 0.07, 0.03)
DAYS_IN_YEAR: Final = 365.25


@dataclass(frozen=True)
class Placements:
    """Whether a child in care is placed out of area (and far), and one row per placement.

    `rows` has `child`, `week` (of the spell in care), `starts_on`, `ends_on`, `reason_started`, `is_last`, `kind` and
    `postcode`; the placements of a spell follow each other without a gap.
    """

    is_away: Booleans
    is_far: Booleans
    rows: pl.DataFrame


def place_children(calibration: Calibration, seed: int, children: Children, care: SocialCare) -> Placements:
    """Every placement of every spell in care."""
    rng = stream(seed, "placements")
    away = rng.random(children.count) < calibration.number("csc.out_of_area")
    far = away & (rng.random(children.count) < calibration.number("csc.far_share_of_out_of_area"))
    spells = care.spells.filter(pl.col("code") == LOOKED_AFTER)
    starts = day_of(spells["week"].to_numpy(), CARE_WEEKDAY)
    ends = day_of(spells["ends"].fill_null(MONDAYS.size).to_numpy(), CLOSING_WEEKDAY)
    row, starts_on = _moves(calibration, rng, starts, np.minimum(ends, END))
    is_first = np.append(True, row[1:] != row[:-1])
    is_last = np.append(is_first[1:], True)
    who = spells["child"].to_numpy()[row]
    rows = pl.DataFrame(
        {
            "child": who,
            "week": spells["week"].to_numpy()[row],
            "starts_on": starts_on,
            "ends_on": np.where(is_last, ends[row], np.roll(starts_on, -1)),
            "reason_started": np.where(is_first, STARTED, MOVED),
            "is_last": is_last,
            "kind": rng.choice(KINDS, row.size, p=KIND_SHARES),
            "postcode": _postcodes(rng, children, (away, far), who, is_first),
        }
    )
    unended = pl.Series(spells["ends"].is_null().to_numpy()[row]) & pl.col("is_last")
    return Placements(away, far, rows.with_columns(ends_on=pl.when(~unended).then("ends_on")))


def day_of(weeks: Ints, weekday: int) -> Days:
    """The day of each week, counted from the first of the cohort, on which a thing is entered; 0 is Monday."""
    inside = np.clip(weeks, 0, MONDAYS.size - 1).astype(np.int64)
    return np.asarray(MONDAYS[inside] + np.timedelta64(weekday, "D"))


def _moves(calibration: Calibration, rng: np.random.Generator, starts: Days, ends: Days) -> tuple[Ints, Days]:
    """The spell and first day of each placement; some children move far more often than others."""
    figures = calibration.numbers("csc.placement_moves")
    days = (ends - starts).astype(np.int64)
    tendency = rng.gamma(figures["tendency_shape"], 1 / figures["tendency_shape"], days.size)
    count = rng.poisson(figures["per_year"] * days / DAYS_IN_YEAR * tendency)
    spell = np.repeat(np.arange(days.size), count)
    after = 1 + np.floor(rng.random(spell.size) * np.maximum(days[spell] - 2, 0)).astype(np.int64)
    keys = np.concatenate([np.arange(days.size), spell]) * 10_000
    keys = np.unique(keys + np.concatenate([np.zeros(days.size, dtype=np.int64), after]))
    row, offset = np.divmod(keys, 10_000)
    return row, starts[row] + offset.astype("timedelta64[D]")


def _postcodes(
    rng: np.random.Generator,
    children: Children,
    placed: tuple[Booleans, Booleans],
    who: Ints,
    is_first: Booleans,
) -> Strings:
    """A first placement out of area is where `children` says, any other at an address of the same kind."""
    away, far = placed
    address = np.where(is_first & away[who], who, rng.integers(0, children.count, who.size))
    out_of_area = np.where(far[who], children.distant_postcode[address], children.near_postcode[address])
    return np.asarray(np.where(away[who], out_of_area, children.earlier_postcode[address]))
