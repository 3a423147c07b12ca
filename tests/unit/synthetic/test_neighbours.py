"""Councils side by side: numbers never collide, children live at home, and some cross a border to school."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from risk_model.synthetic import calibration, neighbours, population
from risk_model.synthetic.councils import Place
from risk_model.synthetic.population import Children
from tests.unit.synthetic.worlds import plymouth

Councils = tuple[Sequence[Place], Sequence[Children]]


def test_a_council_that_is_alone_stays_as_it_is() -> None:
    place, figures = plymouth(300), calibration.load("base")
    children = population.make_children(figures, place)
    assert neighbours.side_by_side(figures, 2026, [place], [children]) == [children]


@pytest.mark.parametrize(
    "numbers_of",
    [
        lambda children: children.child_id,
        lambda children: children.nhs_number,
        lambda children: children.upn,
        lambda children: np.unique(children.household),
        lambda children: np.unique(children.postcode),
        lambda children: children.schools.urn[children.special_school],
    ],
    ids=["child", "NHS number", "UPN", "home", "postcode", "special school"],
)
def test_numbers_of_two_councils_never_collide(
    three_councils: Councils, numbers_of: Callable[[Children], np.ndarray[tuple[int], np.dtype[np.str_]]]
) -> None:
    _, councils = three_councils
    each = [set(numbers_of(children)) for children in councils]
    assert sum(map(len, each)) == len(set().union(*each))


def test_a_number_belongs_to_one_child_and_one_school(three_councils: Councils) -> None:
    _, councils = three_councils
    for name in ("child_id", "nhs_number", "upn"):
        numbers = np.concatenate([getattr(children, name) for children in councils])
        assert np.unique(numbers).size == numbers.size, name
    urns = councils[0].schools.urn
    assert np.unique(urns).size == urns.size


def test_homes_lie_in_the_districts_of_the_council(three_councils: Councils) -> None:
    for place, children in zip(*three_councils, strict=True):
        for postcodes in (children.postcode, children.earlier_postcode):
            assert set(np.char.partition(postcodes, " ")[:, 0]) <= set(place.council.districts)


def test_only_children_near_a_border_go_to_school_across_it(three_councils: Councils) -> None:
    for place, children in zip(*three_councils, strict=True):
        for school in (children.primary_school, children.secondary_school):
            council = children.schools.council[school]
            away = council != place.council.code
            assert 0 < away.sum() < 0.05 * children.count
            for code in np.unique(council[away]):
                lives = children.district[away & (council == code)]
                assert np.isin(lives, place.council.borders[int(code)]).all()


def test_about_the_agreed_share_of_children_near_a_border_cross_it(three_councils: Councils) -> None:
    share = calibration.load("base").number("pop.border_school_share")
    near, away = 0, 0
    for place, children in zip(*three_councils, strict=True):
        borders = np.concatenate(list(place.council.borders.values()))
        near += int(np.isin(children.district, borders).sum())
        away += int((children.schools.council[children.primary_school] != place.council.code).sum())
    assert away / near == pytest.approx(share, abs=3 * np.sqrt(2 * share / near))


def test_a_special_school_is_one_of_home(three_councils: Councils) -> None:
    for place, children in zip(*three_councils, strict=True):
        assert (children.schools.council[children.special_school] == place.council.code).all()


def test_the_number_of_a_pupil_says_whose_school_came_first(three_councils: Councils) -> None:
    for children in three_councils[1]:
        council = children.schools.council[children.primary_school].astype("U3")
        assert [upn[1:4] for upn in children.upn] == list(council)


def test_a_placement_near_by_lies_in_a_neighbouring_council(three_councils: Councils) -> None:
    places, councils = three_councils
    districts = {place.council.code: set(place.council.districts) for place in places}
    for place, children in zip(places, councils, strict=True):
        around = set().union(*(districts[code] for code in place.council.borders))
        assert set(np.char.partition(children.near_postcode, " ")[:, 0]) <= around
        assert not np.isin(children.schools.council[children.near_schools], [place.council.code]).any()
