"""Invented names: many children share one, a few names are very common."""

import numpy as np

from risk_model.synthetic import calibration, names

BASE = calibration.load("base")


def test_many_homes_share_a_surname_and_none_is_that_of_everybody() -> None:
    drawn = names.surnames(np.random.default_rng(1), BASE, 20_000)
    counts = np.unique(drawn[np.char.find(drawn, "-") < 0], return_counts=True)[1]
    assert 0.005 < counts.max() / drawn.size < 0.02
    assert 1_000 < counts.size < 5_000


def test_about_one_home_in_twenty_has_a_double_barrelled_name() -> None:
    drawn = names.surnames(np.random.default_rng(1), BASE, 20_000)
    assert 0.04 < (np.char.find(drawn, "-") > 0).mean() < 0.06


def test_boys_and_girls_are_called_differently() -> None:
    boys, girls = (
        set(names.forenames(np.random.default_rng(1), BASE, np.full(2_000, boy))) for boy in (1, 0)
    )
    assert 200 < len(boys) <= 300
    assert 200 < len(girls) <= 300
    assert not boys & girls


def test_names_made_alike_begin_alike() -> None:
    forename, other = np.array(["Kelden", "Rosina"]), np.array(["Samric", "Tamwyn"])
    found = names.alike(np.random.default_rng(1), forename, other, np.array([False, True]))
    assert found[0] == "Kelden"
    assert found[1][:4] == "Tamw"
