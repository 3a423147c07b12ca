"""What changes who a child is on paper: moves, names, placements and adoption."""

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import calibration, lives
from risk_model.synthetic.clock import INDEX_DAY, Days
from risk_model.synthetic.lives import Lives
from risk_model.synthetic.world import World

BASE = calibration.load("base")


@pytest.fixture(scope="module")
def life(small_world: World) -> Lives:
    return lives.follow(BASE, 2026, small_world.children, small_world.social_care)


@pytest.mark.parametrize("table", ["names", "addresses", "numbers"])
def test_each_child_has_one_of_each_on_every_day(life: Lives, small_world: World, table: str) -> None:
    spells: pl.DataFrame = getattr(life, table)
    for day in ("1995-01-01", "2024-02-29", "2026-11-20"):
        held = lives.value_on(spells, np.datetime64(day))
        assert held["child"].to_list() == list(range(small_world.children.count))


def test_who_was_never_in_care_lives_where_the_home_is_now(life: Lives, small_world: World) -> None:
    now = lives.value_on(life.addresses, INDEX_DAY)["postcode"].to_numpy()
    at_home = now == small_world.children.postcode
    assert at_home[~life.ever_in_care].all()
    assert not at_home[life.ever_in_care].all()


def test_brothers_and_sisters_move_together(life: Lives, small_world: World) -> None:
    moves = life.addresses.filter(
        pl.col("on") > lives.LONG_AGO.astype(object),
        ~pl.col("child").is_in(np.flatnonzero(life.ever_in_care)),
    )
    moves = moves.with_columns(home=small_world.children.household[moves["child"].to_numpy()])
    assert (moves.group_by("home", "on").agg(pl.col("postcode").n_unique())["postcode"] == 1).all()


def test_an_adopted_child_has_a_new_number_surname_and_address_from_that_day(
    life: Lives, small_world: World
) -> None:
    adopted = np.flatnonzero(~np.isnat(life.adopted_on))
    assert adopted.size > 0
    for who in adopted:
        day = life.adopted_on[who]
        before, after = (
            [
                lives.value_on(table, at).row(int(who), named=True)[column]
                for table, column in (
                    (life.numbers, "nhs_number"),
                    (life.names, "surname"),
                    (life.addresses, "postcode"),
                )
            ]
            for at in (day - 1, day)
        )
        assert all(old != new for old, new in zip(before, after, strict=True))
    numbers = life.numbers["nhs_number"]
    assert numbers.is_unique().all()
    assert set(small_world.children.nhs_number) <= set(numbers)


def test_only_young_children_whose_care_ends_are_adopted(life: Lives, small_world: World) -> None:
    adopted = np.flatnonzero(~np.isnat(life.adopted_on))
    age = (life.adopted_on[adopted] - small_world.children.born[adopted]).astype(np.int64) / 365.25
    assert age.max() < BASE.numbers("adoption")["oldest"]
    last = life.placements.rows.filter("is_last").group_by("child").agg(pl.col("ends_on").max())
    ends = last.filter(pl.col("child").is_in(adopted)).sort("child")["ends_on"]
    assert ends.to_list() == life.adopted_on[adopted].tolist()


def test_placements_of_a_period_in_care_follow_each_other_without_a_gap(life: Lives) -> None:
    rows = life.placements.rows
    goes_on = rows.filter(~pl.col("is_last"))["ends_on"]
    assert goes_on.to_list() == rows.filter(pl.col("reason_started") == "P")["starts_on"].to_list()
    started = rows.filter(pl.col("reason_started") == "S")
    assert (
        started.select("child", "week").rows()
        == rows.select("child", "week").unique(maintain_order=True).rows()
    )
    moves = (rows["reason_started"] == "P").sum() / _years(rows)
    assert 0.3 < moves < 0.65


def _years(rows: pl.DataFrame) -> float:
    ends: Days = rows["ends_on"].fill_null(INDEX_DAY.astype(object)).to_numpy()
    return float(np.clip((ends - rows["starts_on"].to_numpy()).astype(np.int64), 0, None).sum() / 365.25)
