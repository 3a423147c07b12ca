"""Identifiers that pass their own check: test-range NHS numbers, unique pupil numbers and postcodes."""

from typing import Final

import numpy as np

from risk_model.synthetic.clock import Ints, Strings

UPN_ALPHABET: Final = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))
NHS_TEST_RANGE_START: Final = 999_000_000
INWARD_LETTERS: Final = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))


def nhs_numbers(rng: np.random.Generator, count: int) -> Strings:
    """Different NHS numbers of the test range (999 000 0000 to 999 999 9999) with valid check digits."""
    stems = NHS_TEST_RANGE_START + rng.permutation(1_000_000)
    digits = _digits(stems, 9)
    check = (11 - (digits * np.arange(10, 1, -1)).sum(axis=1) % 11) % 11
    valid = check != 10
    numbers = stems[valid] * 10 + check[valid]
    numbers = numbers[numbers != 9_999_999_999]
    if count > numbers.size:
        raise ValueError("the test range has fewer NHS numbers than the cohort has children")
    return np.asarray(numbers[:count].astype("U10"), dtype=np.str_)


def upns(establishments: Ints, years: Ints, serials: Ints, la_code: Ints | int) -> Strings:
    """Unique pupil numbers: check letter, council, school, year of allocation and serial number."""
    tails = la_code * 10**9 + establishments * 10**5 + (years % 100) * 10**3 + serials
    digits = _digits(tails, 12)
    letters = UPN_ALPHABET[(digits * np.arange(2, 14)).sum(axis=1) % 23]
    return np.asarray(np.char.add(letters, tails.astype("U12")))


def postcodes(rng: np.random.Generator, count: int, outward: Strings) -> Strings:
    """Different made-up unit postcodes spread over the given outward codes."""
    letters = INWARD_LETTERS.size
    chosen = rng.choice(outward.size * 10 * letters * letters, size=count, replace=False)
    district, rest = np.divmod(chosen, 10 * letters * letters)
    sector, unit = np.divmod(rest, letters * letters)
    first, second = np.divmod(unit, letters)
    inward = np.char.add(np.char.add(sector.astype("U1"), INWARD_LETTERS[first]), INWARD_LETTERS[second])
    return np.char.add(np.char.add(outward[district], " "), inward)


def shuffled_ids(rng: np.random.Generator, count: int, prefix: str, first: int) -> Strings:
    """Local identifiers in an order that says nothing about the child."""
    return np.char.add(prefix, (first + rng.permutation(count)).astype("U10"))


def _digits(numbers: Ints, places: int) -> Ints:
    powers = 10 ** np.arange(places - 1, -1, -1, dtype=np.int64)
    return numbers[:, None] // powers % 10
