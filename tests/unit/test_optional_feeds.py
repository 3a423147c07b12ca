"""Feeds that say the same as another, or of which nobody has to send any: the safeguarding dataset and MHSDS."""

from __future__ import annotations

import polars as pl

from risk_model import coverage
from risk_model.coverage import FeedLimits, Limits
from tests.two_councils import DAY, DEVON, PLYMOUTH, TWO_COUNCILS, UPNS, drawn, look


def test_an_optional_feed_is_asked_only_of_whoever_ever_sent_it_unless_the_policy_names_it() -> None:
    asked = {name: FeedLimits(35, 0.5) for name in ("mhsds", "safeguarding")}
    live = {"safeguarding_episode": [{"la_code": DEVON, "la_child_id": "B", "known_on": "2026-10-01"}]}
    frames = drawn(*TWO_COUNCILS, live)

    def expected(limits: Limits | None) -> set[tuple[str, str, str]]:
        table = coverage.of(frames, DAY, None, limits).filter(
            "is_expected", pl.col("feed").is_in(list(asked))
        )
        return set(table.select("feed", "locality", "state").rows())

    assert expected(None) == {("safeguarding", DEVON, "stale")}
    assert expected(Limits(feeds=asked)) == {
        ("mhsds", "any", "missing"), ("safeguarding", DEVON, "stale"), ("safeguarding", PLYMOUTH, "missing"),
    }  # fmt: skip


def test_each_council_may_tell_in_another_of_two_returns() -> None:
    known = {"la_code": DEVON, "la_child_id": "B", "known_on": "2026-11-10"}
    live = {
        "safeguarding_person": [{**known, "upn": UPNS["B"]}],
        "safeguarding_episode": [{**known, "episode_key": "E", "closed_on": "2026-01-01"}],
    }
    frames = drawn(*TWO_COUNCILS, live, without=(("cin_census", DEVON), ("ssda903", DEVON)))
    found = look(frames)
    for name in ("protection_plan", "placements_6_months"):
        assert [found[home][name] for home in (PLYMOUTH, DEVON)] == [0, 0], name
    assert (found[PLYMOUTH]["family_factors"], found[DEVON]["family_factors"]) == (0, None)


def test_a_child_who_waits_in_two_data_sets_is_known_only_where_both_are_there() -> None:
    sent = {"provider_code": "P1", "period_ended_on": "2026-01-31", "known_on": "2026-02-19"}
    mental = {
        "mhsds_patient": [
            {**sent, "local_patient_id": "A", "nhs_number": "9990000018", "nhs_number_status_code": "01"}
        ],
        "mhsds_referral": [
            {**sent, "local_patient_id": "A", "service_request_id": "A", "received_on": "2026-01-05"}
        ],
    }
    frames = drawn(*TWO_COUNCILS, mental)
    number = pl.when(home_la_code=PLYMOUTH).then(pl.lit("9990000018"))
    patients = frames["csds_patient"].with_columns(nhs_number=number, nhs_number_status_code=pl.lit("01"))
    found = look({**frames, "csds_patient": patients})
    assert (found[PLYMOUTH]["services_waited_for"], found[DEVON]["services_waited_for"]) == (2, 1)
    assert (found[PLYMOUTH]["not_brought_12_months"], found[DEVON]["not_brought_12_months"]) == (None, 0)
    assert found[PLYMOUTH]["urgent_care_12_months"] == 0, "which the community data set tells alone"
    assert found[PLYMOUTH]["unknown_facts"][-1]["why"].startswith(
        "No Mental Health Services Data Set from P1 since"
    )
