"""Councils are data: every district has one council and one catchment, and neighbours know each other."""

import numpy as np
import pytest

from risk_model.errors import UserError
from risk_model.synthetic import calibration, councils


def test_a_scale_is_a_list_of_councils_with_their_children() -> None:
    found = {
        name: {place.council.code: place.residents for place in councils.places(name, 1)}
        for name in councils.scales()
        if not councils.partitions(name)
    }
    assert found == {
        "plymouth": {879: 52_000},
        "tiny": {879: 3_000},
        "devon": {879: 52_000, 878: 148_000, 880: 25_000},
        "tiny_devon": {879: 900, 878: 2_200, 880: 500},
    }


def test_an_unknown_scale_is_a_mistake_one_can_mend() -> None:
    with pytest.raises(
        UserError, match="Known scales: devon, england, plymouth, tiny, tiny_devon, tiny_england"
    ):
        councils.places("galaxy", 1)


def test_a_district_belongs_to_one_council_and_one_catchment() -> None:
    everywhere = [place.council for place in councils.places("devon", 1)]
    districts = np.concatenate([council.districts for council in everywhere])
    assert len(set(districts)) == districts.size
    for council in everywhere:
        served = np.concatenate([catchment.districts for catchment in council.catchments])
        assert sorted(served) == list(range(council.districts.size)), council.name


@pytest.mark.parametrize(
    ("code", "providers"), [(879, ("NR5", "RK9")), (878, ("RH8", "RA9")), (880, ("RA9",))]
)
def test_who_serves_a_council(code: int, providers: tuple[str, ...]) -> None:
    by_code = {place.council.code: place.council for place in councils.places("devon", 1)}
    assert by_code[code].providers == providers
    assert set(providers) <= set(councils.patient_prefixes())


def test_a_border_has_two_sides() -> None:
    borders = {place.council.code: set(place.council.borders) for place in councils.places("devon", 1)}
    assert borders == {879: {878}, 878: {879, 880}, 880: {878}}
    assert councils.places("plymouth", 1)[0].council.borders == {}


def test_a_distant_placement_lies_in_no_council_of_the_scale() -> None:
    assert "EX4" in councils.places("plymouth", 1)[0].distant_districts
    assert list(councils.places("devon", 1)[0].distant_districts) == ["TR1", "TR14", "PL12", "BS3", "TA6"]


def test_the_first_council_keeps_the_seed_and_no_two_share_one() -> None:
    seeds = [place.seed for place in councils.places("devon", 2026)]
    assert seeds[0] == 2026
    assert len(set(seeds)) == len(seeds)


def test_every_figure_of_a_council_and_a_scale_says_where_it_comes_from() -> None:
    table, base = councils.load(), calibration.load("base")
    for entry in [entry for row in table["councils"] for entry in row["entries"]]:
        assert {"key", "value", "unit", "year", "geography", "source", "status"} <= set(entry)
        assert entry["key"] in base.values
    for scale in table["scales"].values():
        assert {"source", "status"} <= set(scale)
        assert ("children" in scale) != ("icbs" in scale)
