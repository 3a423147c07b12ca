"""Targets are data with sources; what is counted of a small world is counted right; what nobody decides is a dial."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import calibration, councils, targets
from risk_model.synthetic.targets import Facts, comparison, education, overlap
from risk_model.synthetic.targets import figures as counting
from risk_model.synthetic.targets.dials import figures, identified_paths
from risk_model.synthetic.world import World

FEWEST_READ = 30


def test_every_target_says_where_it_comes_from_and_why_its_tolerance_is_what_it_is() -> None:
    needed = {"name", "value", "tolerance", "why", "unit", "year", "geography", "source", "status"}
    for target in targets.targets():
        assert needed <= set(target), target["name"]
        assert target["source"] in calibration.sources(), target["name"]
        assert target["status"] in {"READ", "MEMORY", "ASSUMED"}, target["name"]
        assert (target["source"] == "none") == (target["status"] != "READ"), target["name"]
        assert float(target["tolerance"]) >= 0, target["name"]
    names = [target["name"] for target in targets.targets()]
    assert len(names) == len(set(names))


def test_at_least_thirty_targets_were_read_in_a_source() -> None:
    read = [target for target in targets.targets() if target["status"] == "READ" and "misfit" not in target]
    assert len(read) >= FEWEST_READ


def test_what_a_target_identifies_is_a_figure_of_the_calibration() -> None:
    known = {figure.path for figure in figures()}
    for path in identified_paths():
        assert any(figure == path or figure.startswith(f"{path}/") for figure in known), path


def test_every_figure_is_read_or_identified_by_a_target_or_listed_as_a_dial() -> None:
    listed = {dial.path for dial in targets.dials()}
    identified = identified_paths()
    for figure in figures():
        base = figure.path.partition(":")[2] or figure.path
        decided = any(
            name in (path, path.rpartition("/")[0]) or name.startswith(f"{path}/")
            for path in identified
            for name in (figure.path, base)
        )
        assert (figure.path in listed) != (figure.status == "READ" or decided), figure.path


@pytest.mark.parametrize(
    "path",
    [
        "hazard.wait_effect/urgent_care",
        "record.error/name_typo",
        "referral.cascade_share",
        "latent.frailty_sd",
    ],
)
def test_what_nothing_published_can_tell_is_a_dial(path: str) -> None:
    assert path in {dial.path for dial in targets.dials()}


@pytest.mark.parametrize(
    "path", ["sen.prevalence.ehcp", "queue/not_brought_odds", "878:csc.council_rates/cla_end"]
)
def test_what_a_source_or_a_target_decides_is_no_dial(path: str) -> None:
    assert path in {figure.path for figure in figures()}
    assert path not in {dial.path for dial in targets.dials()}


def _row(name: str, value: float, tolerance: float, **more: Any) -> dict[str, Any]:
    facts = {"unit": "u", "year": "2025", "geography": "here", "source": "none", "status": "READ", "why": "w"}
    return {"name": name, "value": value, "tolerance": tolerance} | facts | more


@pytest.mark.parametrize(
    ("target", "found", "is_small", "result"),
    [
        #                                 found, error
        (_row("a", 0.20, 0.02), (0.2199, 0.01), False, "within"),
        (_row("a", 0.20, 0.02), (0.2201, 0.00), False, "OUT"),
        (_row("a", 0.20, 0.02), (0.2499, 0.01), True, "within"),
        (_row("a", 0.20, 0.02), (0.2501, 0.01), True, "OUT"),
        (_row("a", 0.50, 0.0, side="at_least"), (0.90, 0.0), False, "within"),
        (_row("a", 0.50, 0.0, side="at_least"), (0.49, 0.0), False, "OUT"),
        (_row("a", 0.20, 0.02, misfit="no data"), (0.30, 0.0), False, "known misfit"),
        (_row("a", 0.20, 0.02, misfit="no data"), (0.21, 0.0), False, "within"),
        (_row("a", 0.20, 0.02), (float("nan"), float("nan")), False, "not measured"),
    ],
)
def test_a_target_is_met_missed_explained_or_not_measured(
    target: dict[str, Any], found: tuple[float, float], is_small: bool, result: str
) -> None:
    assert comparison.row(target, counting.Figure(*found), is_small=is_small)["result"] == result


def test_a_figure_that_nobody_counts_is_not_measured() -> None:
    assert comparison.row(_row("a", 1, 1), None, is_small=False)["result"] == "not measured"


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.7])
def test_the_tetrachoric_correlation_is_found_again(correlation: float) -> None:
    rng = np.random.default_rng(3)
    one, noise = rng.standard_normal((2, 400_000))
    two = correlation * one + np.sqrt(1 - correlation**2) * noise
    found = counting.tetrachoric(one > 0.8, two > 1.7)
    assert found.value == pytest.approx(correlation, abs=0.02)
    assert 0 < found.error < 0.02


def test_an_odds_ratio_is_taken_within_strata() -> None:
    def people(stratum: int, exposed: bool, ill: int, well: int) -> pl.DataFrame:
        return pl.DataFrame({"ill": [True] * ill + [False] * well}).with_columns(
            exposed=pl.lit(exposed), stratum=pl.lit(stratum)
        )

    poor = [people(1, True, 40, 20), people(1, False, 10, 10)]
    rich = [people(5, True, 2, 10), people(5, False, 10, 100)]
    rows = pl.concat(poor + rich)
    assert counting.odds_ratio(rows, "exposed", "ill", "stratum").value == pytest.approx(2.0)


@pytest.fixture(scope="module")
def facts(small_world: World) -> Facts:
    return targets.gather(calibration.load("base"), 2026, small_world)


def test_the_children_of_a_world_are_counted_as_the_world_has_them(small_world: World, facts: Facts) -> None:
    assert facts.children.height == small_world.children.count
    residents = small_world.children.is_resident(np.datetime64("2025-03-31")).sum()
    assert facts.children["is_resident"].sum() == residents
    assert facts.children.filter(pl.col("is_resident"))["council_age"].is_between(0, 17).all()
    assert facts.children.filter("is_pupil")["group"].is_between(0, 11).all()


def test_shares_are_of_the_pupils_they_are_said_to_be_of(facts: Facts) -> None:
    pupils = facts.children.filter("is_pupil").head(10)
    plans = pl.Series([2, 2, 1, 1, 1, 0, 0, 0, 0, 0], dtype=pl.UInt8)
    ten = pupils.with_columns(
        provision=plans,
        boy=pl.Series([True, False, True, True, False] + [True] * 5),
        is_poor=pl.Series([True] * 5 + [False] * 5),
        absence_autumn=pl.Series([0.2, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        sessions_autumn=pl.lit(100),
    )
    found = education.measure(replace(facts, children=ten))
    assert found["ehc_plan_share"].value == pytest.approx(0.2)
    assert found["sen_support_share"].value == pytest.approx(0.3)
    assert found["boys_share_of_plans"].value == pytest.approx(0.5)
    assert found["free_meals_with_support"].value == 1
    assert found["free_meals_without_sen"].value == 0
    assert found["persistent_absence_autumn"].value == pytest.approx(0.2)
    assert found["absence_with_plan"].value == pytest.approx(0.1)


def test_an_interaction_is_what_is_above_the_product_of_each_alone(facts: Facts) -> None:
    four = facts.children.filter(pl.col("is_pupil")).head(8)
    secondary = four.with_columns(
        group=pl.lit(9),
        provision=pl.Series([0, 0, 1, 1, 0, 0, 2, 2], dtype=pl.UInt8),
        state=pl.Series([0, 0, 0, 0, 2, 2, 3, 3], dtype=pl.UInt8),
        urgent_hazard=pl.Series([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.9, 0.9], dtype=pl.Float32),
    )
    found = overlap.measure(replace(facts, children=secondary))
    assert found["urgent_care_interaction"].value == pytest.approx(0.9 / 0.1 / (2 * 3))


def test_one_council_alone_says_nothing_of_the_others(facts: Facts) -> None:
    table = targets.compare(facts)
    results = dict(table.select("name", "result").iter_rows())
    assert results["torbay_looked_after_per_10000"] == "not measured"
    assert results["devon_county_in_need"] == "not measured"
    assert results["plymouth_looked_after_per_10000"] != "not measured"


def test_every_target_is_measured_in_a_cohort_of_all_three_councils(facts: Facts) -> None:
    codes = [council["code"] for council in councils.load()["councils"]]
    everywhere = targets.together(
        [
            replace(
                facts,
                **{
                    name: getattr(facts, name).with_columns(council=pl.lit(code))
                    for name in ("referrals", "requests", "waits", "reviews", "papers")
                },
                children=facts.children.with_columns(council=pl.lit(code, pl.Int64)),
            )
            for code in codes
        ]
    )
    found = set(targets.measure(everywhere))
    assert {target["name"] for target in targets.targets()} <= found
