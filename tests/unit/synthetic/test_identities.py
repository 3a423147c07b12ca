"""What systems hold of who a child is: late, with slips of their own, and never joined across an adoption."""

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import calibration, identities, lives, recording
from risk_model.synthetic.clock import INDEX_DAY
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World

BASE = calibration.load("base")


@pytest.fixture(scope="module")
def records(small_world: World) -> Records:
    return recording.record(BASE, 2026, small_world)


def test_every_record_says_something_on_every_day(records: Records) -> None:
    for known in (*records.health.values(), records.school, records.social_care, records.sen):
        for day in ("2019-01-01", "2026-11-20"):
            said = known.on(np.datetime64(day))
            assert said["record"].to_list() == list(range(known.child.size))
            assert said.null_count().sum_horizontal().item() == 0


def test_a_day_by_day_look_says_the_same_as_a_look_at_one_day(records: Records) -> None:
    known = records.health["NR5"]
    everyone = np.arange(known.child.size)
    looked = known.at(everyone, np.full(everyone.size, INDEX_DAY)).select("surname", "postcode", "identifier")
    assert looked.equals(known.on(INDEX_DAY).select("surname", "postcode", "identifier"))


def test_a_change_is_known_on_the_day_it_happened_at_the_earliest(records: Records) -> None:
    moves = records.lives.addresses.filter(pl.col("on") > lives.LONG_AGO.astype(object))
    learned = records.school.versions.filter(pl.col("known_on") > lives.LONG_AGO.astype(object))
    first = learned.group_by("record").agg(pl.col("known_on").min())
    happened = (
        pl.concat([moves.select("child", "on"), _renamed(records)]).group_by("child").agg(pl.col("on").min())
    )
    both = first.join(happened, left_on="record", right_on="child", how="left")
    assert (both["known_on"] >= both["on"]).all()
    assert (both["known_on"] > both["on"]).mean() > 0.9


def test_the_agreed_share_of_addresses_is_out_of_date(records: Records) -> None:
    """Of children never in care among those who have not just moved; in care most have, so there of all of them."""
    addresses, in_care = records.lives.addresses, records.lives.ever_in_care
    since = addresses.filter(pl.col("on") > (INDEX_DAY - 270).astype(object))["child"]
    settled = np.setdiff1d(np.flatnonzero(~in_care), since.to_numpy())
    errors = BASE.numbers("record.error")
    for who, name, tolerance in (
        (settled, "postcode_stale", 0.02),
        (np.flatnonzero(in_care), "postcode_stale_in_care", 0.12),
    ):
        lives_at = lives.value_on(addresses, INDEX_DAY)["postcode"].gather(who)
        stale = [
            (known.on(INDEX_DAY)["postcode"].gather(who) != lives_at).mean()
            for known in (*records.health.values(), records.school, records.sen)
        ]
        assert np.mean(stale) == pytest.approx(errors[name], abs=tolerance)


def test_a_slip_is_one_systems_own(records: Records) -> None:
    everyone = np.arange(records.school.child.size)
    wrong = [
        known.on(INDEX_DAY)["forename"].gather(everyone)
        != records.lives.names.unique("child", keep="first").sort("child")["forename"]
        for known in (records.school, records.sen)
    ]
    both = (wrong[0] & wrong[1]).mean()
    assert both is not None and both < 0.01 < wrong[0].mean() < 0.08  # type: ignore[operator]


def test_health_opens_a_new_record_at_an_adoption_and_the_council_learns_nothing(records: Records) -> None:
    adopted = np.flatnonzero(~np.isnat(records.lives.adopted_on))
    numbers = records.lives.numbers.filter(pl.col("child").is_in(adopted)).sort("child", "on")
    old, new = (
        numbers.unique("child", keep=which).sort("child")["nhs_number"] for which in ("first", "last")
    )
    for known in records.health.values():
        is_later = known.opened > lives.LONG_AGO
        later = np.flatnonzero(is_later & np.isin(known.child, adopted))
        assert known.child[later].tolist() == adopted.tolist()
        assert set(known.versions.filter(pl.col("record").is_in(adopted))["identifier"]) <= {*old, ""}
        assert set(known.versions.filter(pl.col("record").is_in(later))["identifier"]) <= {*new, ""}
    council = records.social_care.versions.filter(pl.col("record").is_in(adopted))
    days = pl.DataFrame({"record": adopted, "adopted_on": records.lives.adopted_on[adopted]})
    family = lives.value_on(records.lives.names, INDEX_DAY).select("surname", record="child")
    late = council.join(days, on="record").join(family, on="record", suffix="_adopted")
    assert (late["surname"] != late["surname_adopted"]).all()


def test_slips_are_likelier_for_minorities_and_in_the_poorest_fifth(small_world: World) -> None:
    children = small_world.children
    factor = identities.slip_factor(BASE, children)
    assert factor.mean() == pytest.approx(1)
    minority, poorest = children.ethnicity > 0, children.quintile == 1
    rates = [
        factor[group].mean() for group in (~minority & ~poorest, minority & ~poorest, minority & poorest)
    ]
    assert rates == sorted(rates)
    assert rates[2] / rates[0] == pytest.approx(1.3 * 1.25)


def test_somebody_else_is_a_brother_or_sister_if_there_is_one(small_world: World) -> None:
    children = small_world.children
    other = identities.somebody_else(children)
    assert (other != np.arange(children.count)).all()
    has_family = np.bincount(children.household)[children.household] > 1
    same_home = children.household[other] == children.household
    assert (same_home == has_family).all()


def _renamed(records: Records) -> pl.DataFrame:
    return records.lives.names.filter(pl.col("on") > lives.LONG_AGO.astype(object)).select("child", "on")
