"""Worlds made by hand: every child alike, but for what a test is about."""

from dataclasses import replace

import numpy as np
import polars as pl

from risk_model.synthetic import calibration, hazards, needs, population, social_care
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import EVENT_MONDAYS
from risk_model.synthetic.hazards import Hazards
from risk_model.synthetic.needs import Needs
from risk_model.synthetic.population import Children
from tests.unit.synthetic.worlds import plymouth

REFERRALS = {"child": pl.Int64, "on": pl.Date, "seen_on": pl.Date, "ended_on": pl.Date}


def figures(**changed: object) -> Calibration:
    """The base figures with some changed; double underscores stand for the dots of a key."""
    base = calibration.load("base")
    return Calibration("base", base.values | {name.replace("__", "."): v for name, v in changed.items()})


def twins(count: int, born: str = "2016-06-01") -> Children:
    """So many girls born on one day, of one home, who speak English and never move."""
    drawn = population.make_children(calibration.load("base"), plymouth(count))
    day, one = np.full(drawn.count, np.datetime64(born)), np.ones(drawn.count, dtype=np.int64)
    reception = np.full(drawn.count, int(born[:4]) + 4)
    return replace(
        drawn,
        born=day,
        boy=0 * one,
        language=np.full(drawn.count, "ENG"),
        quintile=3 * one,
        moved_in=day,
        moved_out=np.full(drawn.count, population.FAR_FUTURE),
        reception_year=reception,
    )


def equal_needs(children: Children, level: float = 0.0, **higher: float) -> Needs:
    """Everybody at one level in every dimension and quarter, no frailty; some dimensions may be higher."""
    found = needs.make_needs(figures(latent__frailty_sd=0), 1, children)
    levels = np.full_like(found.levels, level)
    for name, value in higher.items():
        levels[:, :, needs.NAMES.index(name)] = value
    return replace(found, levels=levels)


def come_to_harm(
    own: Calibration, children: Children, latent: Needs, referrals: pl.DataFrame | None = None
) -> Hazards:
    """The hazards of these children, who are unknown to social care throughout."""
    care = social_care.simulate(own, 1, children, latent)
    nobody = replace(
        care,
        episodes=care.episodes.clear(),
        step_ups=care.step_ups.clear(),
        states=np.zeros((EVENT_MONDAYS.size, children.count), dtype=np.uint8),
        step_up_hazard=np.full_like(care.step_up_hazard, care.step_up_hazard.min()),
    )
    waiting = pl.DataFrame(schema=REFERRALS) if referrals is None else referrals
    return hazards.make_hazards(own, 1, children, latent, nobody, waiting)
