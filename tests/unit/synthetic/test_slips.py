"""Slips of the hand change one thing and leave the rest readable."""

from difflib import SequenceMatcher

import numpy as np
import pytest

from risk_model.synthetic import slips


def test_a_mistyped_name_keeps_its_first_letter_and_nearly_all_others() -> None:
    names = np.array(["Penridge", "Ashcombe", "Ed", "Tremorwick"] * 50)
    typed = slips.mistyped(np.random.default_rng(1), names)
    assert [name[0] for name in typed] == [name[0] for name in names]
    assert np.abs(np.char.str_len(typed) - np.char.str_len(names)).max() == 1
    likeness = [SequenceMatcher(None, a, b).ratio() for a, b in zip(names, typed, strict=True) if len(a) > 2]
    assert min(likeness) > 0.8
    assert (typed != names).mean() > 0.85


def test_nothing_to_mistype_is_no_mistake() -> None:
    assert slips.mistyped(np.random.default_rng(1), np.array([], dtype="U8")).size == 0


def test_a_double_barrelled_name_is_entered_with_a_space_or_as_one_of_the_two() -> None:
    entered = slips.without_hyphen(np.random.default_rng(1), np.array(["Ashby-Penley"] * 60 + ["Penley"]))
    assert set(entered[:60]) == {"Ashby Penley", "Ashby", "Penley"}
    assert entered[60] == "Penley"


@pytest.mark.parametrize(
    ("born", "put_down"),
    [
        ("2012-05-03", "2012-03-05"),
        ("2012-03-05", "2012-05-03"),
        ("2022-05-03", "2022-03-05"),
        ("2022-03-05", "2022-03-04"),
        ("2012-05-05", "2012-05-04"),
        ("2012-05-23", "2012-05-22"),
    ],
    ids=["swapped", "swapped later", "young", "young, not later", "same day and month", "no such month"],
)
def test_a_slipped_date_has_day_and_month_swapped_or_is_a_day_early(born: str, put_down: str) -> None:
    dates = np.array([born, born], dtype="datetime64[D]")
    found = slips.slipped_dates(dates, np.array([True, False]))
    assert [str(day) for day in found] == [put_down, born]
