"""Identifiers pass the checks of two outside implementations."""

import nhs_number
import numpy as np
from stdnum.gb import upn

from risk_model.synthetic import identifiers


def test_nhs_numbers_are_different_valid_and_of_the_test_range() -> None:
    numbers = identifiers.nhs_numbers(np.random.default_rng(1), 5_000)
    assert len(set(numbers)) == 5_000
    assert all(number.startswith("999") for number in numbers)
    assert all(nhs_number.is_valid(number) for number in numbers)


def test_upns_have_the_right_check_letter_and_council() -> None:
    places = np.arange(2_000, 2_500)
    numbers = identifiers.upns(places, places % 20 + 2_005, places % 999 + 1, la_code=879)
    assert len(set(numbers)) == places.size
    assert all(number[1:4] == "879" for number in numbers)
    assert all(upn.is_valid(number) for number in numbers)


def test_postcodes_are_different() -> None:
    codes = identifiers.postcodes(np.random.default_rng(1), 3_000, np.array(["PL1", "PL2"]))
    assert len(set(codes)) == 3_000
    assert {code.split(" ")[0] for code in codes} == {"PL1", "PL2"}
