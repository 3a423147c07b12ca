"""Names of nobody: built of syllables, shaped like those of this country, a few of them very common."""

from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import yaml

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import Booleans, Ints, Strings

ORDER_SEED: Final = 1
"""Which name is common is the same in every cohort."""
LETTERS_ALIKE: Final = 4


def surnames(rng: np.random.Generator, calibration: Calibration, count: int) -> Strings:
    """Family names of homes; a small share is double-barrelled."""
    figures = calibration.numbers("names.surnames")
    table = _table("surnames")
    first, second = (_drawn(rng, table, figures, count) for _ in range(2))
    is_double = rng.random(count) < figures["double_barrelled"]
    return np.asarray(np.where(is_double, np.char.add(np.char.add(first, "-"), second), first))


def forenames(rng: np.random.Generator, calibration: Calibration, boy: Ints) -> Strings:
    """Given names by sex."""
    figures = calibration.numbers("names.forenames")
    boys, girls = (_drawn(rng, _table(kind), figures, boy.size) for kind in ("boys", "girls"))
    return np.asarray(np.where(boy == 1, boys, girls))


def alike(rng: np.random.Generator, forename: Strings, of_other: Strings, where: Booleans) -> Strings:
    """Given names of which some sound like another child's: its beginning with an ending of their own."""
    beginning = of_other[where].astype(f"U{LETTERS_ALIKE}")
    ending = rng.choice(["a", "an", "in", "y"], beginning.size)
    found = forename.astype("U24")
    found[where] = np.char.add(beginning, ending)
    return found


@cache
def _table(kind: str) -> Strings:
    """Every name of a kind, the most common first."""
    text = files("risk_model.synthetic").joinpath("names.yaml").read_text(encoding="utf-8")
    found = np.array([""])
    for syllables in yaml.safe_load(text)[kind]:
        found = np.char.add(found[:, None], np.array(syllables)[None, :]).ravel()
    return np.asarray(stream(ORDER_SEED, f"names.{kind}").permutation(np.unique(found)))


def _drawn(rng: np.random.Generator, table: Strings, figures: dict[str, float], count: int) -> Strings:
    weights = (np.arange(table.size) + figures["offset"]) ** -figures["exponent"]
    return table[rng.choice(table.size, count, p=weights / weights.sum())]
