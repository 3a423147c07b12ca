"""Poor homes: siblings share it, it follows the neighbourhood, and lists are those of the child's own provider."""

import numpy as np
import pytest

from risk_model.synthetic import calibration, councils, poverty
from risk_model.synthetic.population import Children
from risk_model.synthetic.referrals import services
from tests.unit.synthetic.worlds import plymouth


@pytest.fixture(scope="module")
def children() -> Children:
    from risk_model.synthetic import population

    return population.make_children(calibration.load("base"), plymouth(8_000))


def test_siblings_are_poor_together(children: Children) -> None:
    poor = poverty.on_free_meals(calibration.load("base"), 1, children)
    by_home = np.bincount(children.household, poor) / np.bincount(children.household)
    assert set(by_home.round(6)) == {0.0, 1.0}


def test_the_most_deprived_fifth_is_poor_most_often(children: Children) -> None:
    figures = calibration.load("base")
    poor = poverty.on_free_meals(figures, 1, children)
    for quintile, share in enumerate(figures.array("poverty.share_by_quintile"), start=1):
        assert poor[children.quintile == quintile].mean() == pytest.approx(share, abs=0.06)


def test_a_provider_has_its_own_list_and_the_others_have_the_general_one() -> None:
    figures = calibration.load("base")
    general, local = figures.table("services"), figures.table("services.local")
    own = {
        line.service_id: line.figures for line in services(figures, councils.places("devon", 1)[0].council)
    }
    speech = own["nr5-speech-and-language-therapy"]
    assert speech["list_size"] == local["NR5"]["speech-and-language-therapy"]["list_size"]
    assert speech["weights"] == general["speech-and-language-therapy"]["weights"]
    assert own["nr5-clinical-psychology"] == general["clinical-psychology"]
