"""Slips of the hand: letters swapped, lost or doubled, dates with day and month exchanged, short forms of names."""

from typing import Final

import numpy as np

from risk_model.synthetic.clock import Booleans, Days, Ints, Strings

LETTERS: Final = np.array(list("abcdefghiklmnoprstuwy"))
SHORT_LETTERS: Final = 3
OLD_ENOUGH: Final = np.datetime64("2018-01-01")
"""A child born since may be on record from birth, and so before a birth date that was put off."""


def mistyped(rng: np.random.Generator, names: Strings) -> Strings:
    """Each name with one slip after its first letter: two letters swapped, one lost, one doubled or one wrong."""
    if not names.size:
        return names
    width = int(np.char.str_len(names).max()) + 1
    letters = names.astype(f"U{width}").view("U1").reshape(names.size, width)
    length = np.char.str_len(names)
    place = 1 + (rng.random(names.size) * np.maximum(length - 2, 1)).astype(np.int64)
    columns = np.arange(width)[None, :]
    kind = rng.integers(0, 4, names.size)[:, None]
    at = place[:, None]
    swapped = np.where(columns == at, at + 1, np.where(columns == at + 1, at, columns))
    source = np.select(
        [kind == 0, kind == 1, kind == 2],
        [swapped, columns + (columns >= at), columns - (columns > at)],
        columns,
    )
    slipped = np.take_along_axis(letters, source.clip(0, width - 1), axis=1)
    wrong = (kind == 3) & (columns == at)
    slipped = np.where(wrong, rng.choice(LETTERS, names.size)[:, None], slipped)
    return np.ascontiguousarray(slipped).view(f"U{width}").ravel()


def shortened(forenames: Strings) -> Strings:
    """The short form by which a child may be called: its first letters."""
    return forenames.astype(f"U{SHORT_LETTERS}")


def without_hyphen(rng: np.random.Generator, surnames: Strings) -> Strings:
    """Double-barrelled surnames as they are often entered: with a space, or only one of the two."""
    parts = np.char.partition(surnames, "-")
    is_double = parts[:, 2] != ""
    kind = rng.integers(0, 3, surnames.size)
    entered = np.select(
        [kind == 0, kind == 1],
        [np.char.add(np.char.add(parts[:, 0], " "), parts[:, 2]), parts[:, 0]],
        parts[:, 2],
    )
    return np.asarray(np.where(is_double, entered, surnames))


def slipped_dates(born: Days, where: Booleans) -> Days:
    """Dates of which the marked ones have day and month swapped, or are a day off where that cannot be."""
    year = born.astype("datetime64[Y]")
    month: Ints = born.astype("datetime64[M]").astype(np.int64) % 12
    day = (born - born.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    can_swap = (day < 12) & (day != month)
    swapped = (year.astype("datetime64[M]") + day.astype("timedelta64[M]")).astype("datetime64[D]")
    swapped = swapped + month.astype("timedelta64[D]")
    can_swap &= (swapped < born) | (born < OLD_ENOUGH)
    slipped = np.where(can_swap, swapped, born - np.timedelta64(1, "D"))
    return np.asarray(np.where(where, slipped, born))
