"""A referral that outlasts an adoption ends with it and begins anew under the child's new record."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from risk_model.synthetic import calibration, csds_records, recording
from risk_model.synthetic.csds_records import HealthRecords
from risk_model.synthetic.patient_records import divided_by_adoption
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World


@pytest.fixture(scope="module")
def records(small_world: World) -> Records:
    return recording.record(calibration.load("base"), 2026, small_world)


@pytest.fixture(scope="module")
def health(small_world: World, records: Records) -> HealthRecords:
    return csds_records.gather(calibration.load("base"), 2026, small_world, records)


def test_only_a_referral_that_outlasts_the_adoption_is_divided(records: Records) -> None:
    adopted = int(np.flatnonzero(~np.isnat(records.lives.adopted_on))[0])
    on = records.lives.adopted_on[adopted].astype(object)
    before, after = on - timedelta(days=365), on + timedelta(days=365)
    nothing = pl.lit(None, pl.Date)
    referrals = pl.DataFrame(
        {
            "key": ["closed", "open", "later", "of another"],
            "child": [adopted, adopted, adopted, adopted + 1],
            "received_on": [before, before, after, before],
            "discharged_on": [on, None, None, None],
        }
    ).with_columns(closure=pl.lit(None, pl.String), rejected_on=nothing, sent_from=nothing)
    clocks = pl.DataFrame({"key": ["open"], "starts_on": [before]}).with_columns(
        ends_on=nothing, stop=pl.lit(None, pl.String)
    )
    contacts = pl.DataFrame({"key": ["open", "open"], "on": [before, after]})
    found, timed, met = divided_by_adoption(referrals, clocks, contacts, records)
    assert found.sort("key").select("key", "received_on", "discharged_on", "sent_from").rows() == [
        ("closed", before, on, None),
        ("later", after, None, None),
        ("of another", before, None, None),
        ("open", before, on, None),
        ("open/a", before, None, on),
    ]
    assert timed.sort("key").select("key", "starts_on", "ends_on", "stop").rows() == [
        ("open", before, on, "35"),
        ("open/a", on, None, None),
    ]
    assert met.rows() == [("open", before), ("open/a", after)]


def test_a_record_is_used_from_the_day_it_was_opened(health: HealthRecords, records: Records) -> None:
    for code, known in records.health.items():
        own = health.referrals.filter(provider=code)
        record, since = own["record"].to_numpy(), pl.coalesce("sent_from", "received_on")
        assert (known.child[record] == own["child"].to_numpy()).all()
        assert (own.select(since).to_series().to_numpy() >= known.opened[record]).all()
        assert (record >= records.social_care.child.size).any()
