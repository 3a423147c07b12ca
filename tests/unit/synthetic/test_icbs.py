"""The boards of an invented England: 42, with 11.9 million children, in places that cannot be taken for real ones."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from risk_model import contracts
from risk_model.synthetic import calibration, councils, icbs

VALID_TEST_NHS_NUMBERS = 909_000


def test_england_has_42_boards_and_11_9_million_children() -> None:
    boards = councils.partitions("england")
    assert len(boards) == 42
    assert sum(boards.values()) == 11_900_000


def test_devon_in_england_is_devon() -> None:
    seed = councils.seed_of("QJK", 2026)
    assert councils.partitions("england")["QJK"] == 225_000
    alone, inside = councils.places("devon", 2026), councils.places("england", seed, "QJK")
    assert [(place.council.code, place.residents, place.seed) for place in alone] == [
        (place.council.code, place.residents, place.seed) for place in inside
    ]


def test_boards_have_seeds_and_councils_of_their_own() -> None:
    assert len({int(councils.seed_of(icb, 2026)) for icb in icbs.children()}) == 42
    numbers = Counter(code for children in icbs.children().values() for code in children)
    assert max(numbers.values()) == 1


def test_no_board_has_more_children_than_there_are_test_nhs_numbers() -> None:
    born = max(councils.partitions("england").values()) * calibration.load("base").number(
        "pop.spine_per_resident"
    )
    assert born < 0.9 * VALID_TEST_NHS_NUMBERS


def test_no_council_is_much_larger_than_those_we_know() -> None:
    assert max(most for children in icbs.children().values() for most in children.values()) <= 150_000


@pytest.mark.parametrize("icb", [code for code in icbs.children() if code != "QJK"])
def test_a_made_up_board_is_like_devon_but_in_no_real_place(icb: str) -> None:
    places = councils.places("england", 1, icb)
    districts = [name for place in places for name in place.council.districts]
    assert len(set(districts)) == len(districts)
    assert all(re.fullmatch(r"[QX][A-Z]\d{1,2}", name) for name in districts)
    real = set(contracts.tables()["csds_patient"].columns["home_la_code"].codes or {})
    assert not {str(place.council.code) for place in places} & real
    for place, following in pairwise(places):
        assert following.council.code in place.council.borders
        assert place.council.code in following.council.borders
    providers = {code for place in places for code in place.council.providers}
    prefixes = councils.patient_prefixes()
    assert len({prefixes[code] for code in providers}) == len(providers)
    assert all(re.fullmatch("[A-Za-z0-9]{3,6}", code) for code in providers)


def test_a_made_up_council_takes_the_figures_of_one_we_know() -> None:
    devon, made_up = councils.places("devon", 1), councils.places("england", 1, "X03")
    assert [place.council.figures for place in made_up] == [place.council.figures for place in devon]
