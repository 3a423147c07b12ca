"""The last year of the drift scenario: more referrals, and children in more distress; nothing before it changes."""

import numpy as np
import polars as pl

from risk_model.synthetic import calibration, needs, population, referrals
from risk_model.synthetic.clock import INDEX_DAY, QUARTERS, quarter_of
from risk_model.synthetic.needs import SOCIAL_EMOTIONAL, Needs
from risk_model.synthetic.population import Children
from tests.unit.synthetic.hand_made import figures
from tests.unit.synthetic.worlds import plymouth

YEAR_AGO = INDEX_DAY - np.timedelta64(365, "D")


def made(scenario: str) -> tuple[Children, Needs]:
    own = calibration.load(scenario)
    children = population.make_children(own, plymouth(6_000))
    return children, needs.make_needs(own, 2026, children)


def test_needs_change_in_the_last_year_only() -> None:
    (_, before), (_, after) = made("base"), made("drift")
    changed = (after.levels - before.levels)[:, :, SOCIAL_EMOTIONAL].mean(axis=1)
    assert np.allclose(changed[QUARTERS <= YEAR_AGO], 0, atol=1e-5)
    assert 0.2 < changed[quarter_of(INDEX_DAY)] <= 0.25


def test_referrals_of_the_last_year_grow_by_so_much() -> None:
    children, latent = made("base")
    place = plymouth(6_000)
    recognised = np.zeros(children.count, dtype=np.bool_)
    counts = {}
    for more in (0.0, 0.5):
        own = figures(drift__referrals_last_year=more)
        rows = referrals.refer(own, 2026, children, latent, recognised, (place.council, place.residents))
        last_year = pl.col("on") > YEAR_AGO.astype(object)
        counts[more] = (rows.filter(last_year).height, rows.filter(~last_year).height)
    assert 1.3 < counts[0.5][0] / counts[0.0][0] < 1.6
    assert 0.95 < counts[0.5][1] / counts[0.0][1] < 1.08


def test_the_mean_of_some_needs_moves_with_age() -> None:
    own = figures(latent__age_shift=[0, 0.1, 0, 0, 0])
    children = population.make_children(own, plymouth(2_000))
    level = needs.make_needs(own, 1, children).levels[quarter_of(INDEX_DAY), :, SOCIAL_EMOTIONAL]
    age = (INDEX_DAY - children.born).astype(float) / 365.25
    older, younger = level[(age > 13) & (age < 18)].mean(), level[(age > 1) & (age < 5)].mean()
    assert 0.7 < older - younger < 1.5
