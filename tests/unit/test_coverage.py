"""Whether a feed reaches a council or provider, and what a child's record may say where it does not."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from risk_model import coverage, features, linkage, snapshot
from risk_model.coverage import AcceptedGap, FeedLimits, Limits
from risk_model.errors import FindingError, UserError
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER
from tests.two_councils import (
    COUNCIL_FEEDS,
    DAY,
    DEVON,
    DEVON_IS_LOST,
    NEVER_SENT,
    PLYMOUTH,
    TWO_COUNCILS,
    council,
    drawn,
    look,
    states,
    waiting,
)

REASON = "Devon sends its census again on 2 December"


# --- what reached us ---------------------------------------------------------------------------------------------


def test_every_feed_of_every_home_council_and_every_provider_has_a_row() -> None:
    found = states(drawn(*TWO_COUNCILS))
    assert found == {"csds:P1": "covered"} | NEVER_SENT | {
        f"{feed}:{la_code}": "covered" for feed in COUNCIL_FEEDS for la_code in (DEVON, PLYMOUTH)
    }


def test_a_council_that_sent_nothing_is_expected_because_children_live_there() -> None:
    found = states(drawn(*TWO_COUNCILS, without=DEVON_IS_LOST))
    assert {name for name, state in found.items() if state == "missing"} == {
        *NEVER_SENT, *(f"{feed}:{DEVON}" for feed in COUNCIL_FEEDS)
    }  # fmt: skip


def test_where_no_home_is_known_every_council_ever_seen_is_expected() -> None:
    frames = drawn(
        waiting({"A": None}), council(PLYMOUTH, "A"), council(DEVON, "B"), without=(("sen2", DEVON),)
    )
    assert states(frames)[f"sen2:{DEVON}"] == "missing"


@pytest.mark.parametrize(("share", "is_asked"), [(0.5, True), (0.51, False)])
def test_a_council_home_to_few_who_wait_is_not_asked_for(share: float, is_asked: bool) -> None:
    frames = drawn(*TWO_COUNCILS, without=DEVON_IS_LOST)
    assert (f"cin_census:{DEVON}" in states(frames, Limits(council_share_that_counts=share))) == is_asked


def test_the_newest_patient_row_says_where_a_child_lives() -> None:
    moved = (waiting({"A": DEVON}, month=date(2026, 9, 30)), waiting({"A": PLYMOUTH}))
    assert f"cin_census:{DEVON}" not in states(drawn(*moved, council(PLYMOUTH, "A")))


@pytest.mark.parametrize(("last_day", "state"), [("2026-05-04", "covered"), ("2026-05-03", "stale")])
def test_a_feed_is_stale_after_the_days_that_the_policy_gives(last_day: str, state: str) -> None:
    frames = drawn(waiting({"A": PLYMOUTH}), council(PLYMOUTH, "A", on=last_day))
    limits = Limits(feeds={"cin_census": FeedLimits(200, 0.5)})
    assert states(frames, limits)[f"cin_census:{PLYMOUTH}"] == state


@pytest.mark.parametrize(
    ("before", "last", "state"),
    [([40, 40, 40], 20, "covered"), ([40, 40, 40], 19, "shrunk"), ([40, 40, 400], 20, "covered"),
     ([40, 40], 1, "covered"), ([19, 19, 19], 1, "covered")],
)  # fmt: skip
def test_a_feed_is_shrunk_against_the_median_of_the_three_periods_before(
    before: list[int], last: int, state: str
) -> None:
    """Two periods are no measure, and under twenty rows a half may be chance."""
    periods = [date(2026, 10, 21) - timedelta(days=91 * back) for back in range(len(before), -1, -1)]
    rows = [
        {"la_code": PLYMOUTH, "known_on": period, "la_child_id": str(child)}
        for period, count in zip(periods, [*before, last], strict=True)
        for child in range(count)
    ]
    frames = drawn(waiting({"A": PLYMOUTH}), {"cin_child": rows})
    assert states(frames)[f"cin_census:{PLYMOUTH}"] == state


def test_a_week_of_a_short_month_is_held_against_a_week() -> None:
    weeks = [date(2026, 7, 3) + timedelta(weeks=week) for week in range(19)]
    rows = [
        {"la_code": PLYMOUTH, "known_on": week, "week_ended_on": week, "upn": f"U{pupil}"}
        for week in weeks
        for pupil in range(30)
    ]
    frames = drawn(waiting({"A": PLYMOUTH}), {"attendance_week": rows})
    measured = coverage.of(frames, DAY).row(by_predicate=pl.col("feed") == "attendance", named=True)
    assert (measured["last_period"], measured["rows_last"], measured["rows_expected"]) == (weeks[-1], 30, 30)


def test_attendance_without_a_council_is_that_of_its_school() -> None:
    frames = drawn(*TWO_COUNCILS)
    week = frames["attendance_week"].with_columns(
        school_urn=pl.when(pl.col("la_code") == DEVON).then(pl.lit("100001")), la_code=pl.lit(None, pl.String)
    )
    found = states({**frames, "attendance_week": week})
    assert (found[f"attendance:{DEVON}"], found[f"attendance:{PLYMOUTH}"]) == ("covered", "missing")


def test_a_row_known_later_says_nothing_of_the_day() -> None:
    frames = drawn(waiting({"A": PLYMOUTH}), council(PLYMOUTH, "A", on="2026-11-21"))
    assert states(frames)[f"cin_census:{PLYMOUTH}"] == "missing"


def test_a_provider_gone_silent_is_stale_and_its_list_stands() -> None:
    silent = waiting({"B": PLYMOUTH}, provider="P2", month=date(2026, 7, 31))
    frames = drawn(waiting({"A": PLYMOUTH}), silent, council(PLYMOUTH, "A"))
    assert states(frames)["csds:P2"] == "stale"
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    listed = features.build(snapshot.take(frames, people, DAY))
    assert sorted(listed["provider_code"]) == ["P1", "P2"]
    seen_by_p2 = listed.row(by_predicate=pl.col("provider_code") == "P2", named=True)
    assert seen_by_p2["not_brought_12_months"] is None
    assert "No Community Services Data Set from P2 since 31 Jul 2026" in str(seen_by_p2["unknown_facts"])


def test_the_share_linked_is_of_children_with_a_record_elsewhere() -> None:
    frames = drawn(*TWO_COUNCILS, without=DEVON_IS_LOST)
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    shares = coverage.of(frames, DAY, people).select("feed", "share_linked").rows()
    assert dict(shares)["csds"] == 0.5 and dict(shares)["school_census"] == 1


# --- what a child's record may say -------------------------------------------------------------------------------


def test_where_every_feed_is_there_no_record_is_no() -> None:
    child = look(drawn(*TWO_COUNCILS))[DEVON]
    assert (child["known_to_social_care"], child["has_ehc_plan"], child["suspensions_12_months"]) == (0, 0, 0)
    assert (child["education_state"], child["social_care_state"], child["unknown_facts"]) == (
        "none",
        "none",
        [],
    )


def test_where_a_councils_feeds_are_lost_nothing_is_no_and_other_councils_stand() -> None:
    whole, lost = look(drawn(*TWO_COUNCILS)), look(drawn(*TWO_COUNCILS, without=DEVON_IS_LOST))
    told = [
        f for f in features.FEATURES if f.source and set(coverage.tellers_of(f.source)) & set(COUNCIL_FEEDS)
    ]
    assert [lost[DEVON][f.name] for f in told] == [None] * len(told)
    assert (lost[DEVON]["education_state"], lost[DEVON]["social_care_state"]) == ("unknown", "unknown")
    assert lost[PLYMOUTH] == whole[PLYMOUTH]


@pytest.mark.parametrize("feed", COUNCIL_FEEDS)
def test_each_feed_alone_takes_only_its_own_no_away(feed: str) -> None:
    child = look(drawn(*TWO_COUNCILS, without=((feed, DEVON),)))[DEVON]
    for feature in features.FEATURES:
        tellers = coverage.tellers_of(feature.source) if feature.source else ()
        if set(tellers) & set(COUNCIL_FEEDS) and feature.name != "schools_12_months":
            assert (child[feature.name] is None) == (feed in tellers), feature.name
    words = f"{coverage.FEEDS[feed].words} from Devon (878)"
    assert [fact["why"] for fact in child["unknown_facts"]] == [f"No {words}"]


def test_what_a_stale_feed_recorded_stands_and_what_it_did_not_is_not_known() -> None:
    old = council(DEVON, "B", on="2026-04-01", with_plan=True)
    child = look(drawn(waiting({"A": PLYMOUTH, "B": DEVON}), council(PLYMOUTH, "A"), old))[DEVON]
    assert (child["child_in_need_plan"], child["protection_plan"], child["sen_support_at_school"]) == (
        1,
        None,
        0,
    )
    assert child["social_care_state"] == "recorded"
    why = next(fact["why"] for fact in child["unknown_facts"] if fact["partner"] == "social care")
    assert why == "No children in need census from Devon (878) since 1 Apr 2026; " \
        "no SSDA903 return from Devon (878) since 1 Apr 2026"  # fmt: skip


@pytest.mark.parametrize(("lost", "reads"), [((), 0), ((("cin_census", PLYMOUTH),), None)])
def test_a_child_whose_home_is_not_known_reads_no_only_if_every_council_is_covered(
    lost: tuple[tuple[str, str], ...], reads: int | None
) -> None:
    parts = (waiting({"A": PLYMOUTH, "B": None}), council(PLYMOUTH, "A"), council(DEVON, "B"))
    assert look(drawn(*parts, without=lost))[None]["child_in_need_plan"] == reads


def test_a_looked_after_child_may_be_another_councils() -> None:
    frames = drawn(*TWO_COUNCILS, without=(("ssda903", PLYMOUTH),))
    assert look(frames)[DEVON]["placements_6_months"] == 0
    patients = frames["csds_patient"].with_columns(is_looked_after=pl.col("home_la_code") == DEVON)
    child = look({**frames, "csds_patient": patients})[DEVON]
    assert (child["looked_after"], child["placements_6_months"]) == (1, None)
    care = tables.frames(
        looked_after_episode=[
            {"la_code": DEVON, "la_child_id": "B", "started_on": "2024-01-01", "known_on": "2026-10-21"}
        ]
    )["looked_after_episode"]
    child = look({**frames, "csds_patient": patients, "looked_after_episode": care})[DEVON]
    assert (child["looked_after_by_council"], child["placements_6_months"]) == (1, 0)


def test_a_council_that_holds_a_childs_record_is_asked_as_well_as_its_home() -> None:
    parts = (waiting({"A": PLYMOUTH, "B": DEVON}), council(PLYMOUTH, "A"), council(DEVON, "B"))
    frames = drawn(*parts)
    elsewhere = frames["school_census_pupil"].with_columns(la_code=pl.lit(PLYMOUTH))
    lost = frames["sen2_person"].filter(pl.col("la_code") != PLYMOUTH)
    assert (
        look({**frames, "school_census_pupil": elsewhere, "sen2_person": lost})[DEVON]["has_ehc_plan"] is None
    )


def test_a_count_of_needs_is_not_nought_while_something_is_not_known() -> None:
    lost = look(drawn(*TWO_COUNCILS, without=DEVON_IS_LOST))[DEVON]
    assert (lost["need_areas"], lost["partners_with_need"]) == (1, None)


# --- the gate ----------------------------------------------------------------------------------------------------


def covered(without: tuple[tuple[str, str], ...] = DEVON_IS_LOST) -> pl.DataFrame:
    return coverage.of(drawn(*TWO_COUNCILS, without=without), DAY)


def test_a_mandatory_feed_that_is_not_there_is_a_finding_that_names_feed_and_council() -> None:
    with pytest.raises(FindingError) as refused:
        coverage.check(covered(), ["cin_census", "sen2"], [])
    said = str(refused.value)
    assert refused.value.exit_code == 1
    assert "2 mandatory feeds are not there" in said
    assert "cin_census:878 is missing: no children in need census from Devon (878)." in said
    assert "--accept-gap sen2:878 --accept-gap cin_census:878" in said and "ssda903" not in said


def test_an_accepted_gap_goes_on_and_a_second_one_still_refuses() -> None:
    accepted = [AcceptedGap("cin_census", DEVON, REASON)]
    coverage.check(covered(), ["cin_census"], accepted)
    with pytest.raises(FindingError, match="1 mandatory feed is not there"):
        coverage.check(covered(), ["cin_census", "sen2"], accepted)


def test_an_accepted_gap_is_kept_with_its_words_and_reason() -> None:
    (kept,) = coverage.accept(covered(), [AcceptedGap("sen2", DEVON, REASON)])
    assert kept == {
        "feed": "sen2", "feed_words": "SEN2 return", "locality": DEVON, "locality_name": "Devon (878)",
        "last_period": None, "state": "missing", "words": "no SEN2 return from Devon (878)", "reason": REASON,
    }  # fmt: skip


@pytest.mark.parametrize(("feed", "locality"), [("sen2", PLYMOUTH), ("sen2", "999")])
def test_a_gap_that_does_not_exist_cannot_be_accepted(feed: str, locality: str) -> None:
    with pytest.raises(UserError, match=r"There is no gap .* Gaps on this day: .*sen2:878"):
        coverage.accept(covered(), [AcceptedGap(feed, locality, REASON)])


@pytest.mark.parametrize(
    ("gaps", "reason", "said"),
    [
        (["sen3:878"], REASON, "names no feed and locality.*Known feeds: csds"),
        (["sen2"], REASON, "names no feed and locality"),
        (["sen2:878"], None, "20 letters or more"),
        (["sen2:878"], " " * 30 + "nineteen letters it", "20 letters or more.*19 were given"),
        ([], REASON, "no --accept-gap"),
    ],
)
def test_a_gap_is_accepted_by_name_and_with_a_reason(gaps: list[str], reason: str | None, said: str) -> None:
    with pytest.raises(UserError, match=said) as mistaken:
        coverage.parse(gaps, reason)
    assert mistaken.value.exit_code == 2


def test_a_gap_named_twice_is_one_gap() -> None:
    assert coverage.parse(["sen2:878", "sen2:878"], REASON) == [AcceptedGap("sen2", DEVON, REASON)]


def test_every_record_of_a_council_is_told_of_by_some_feed() -> None:
    told = {table for feed in coverage.FEEDS.values() for table in feed.tells}
    council_records = {
        name for name, record in snapshot.records.RECORDS.items() if record.holder != "patient"
    }
    assert council_records - told == {"legal_status"}, (
        "it completes the episodes of care, and tells nothing alone"
    )
