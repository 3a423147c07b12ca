"""A snapshot knows nothing of later: whatever is added afterwards changes no feature and no list."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk_model import features, linkage, pipeline, snapshot
from risk_model.sources.extracts import delivered_tables, empty
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

DAY = date(2026, 3, 1)
UPN = "A950000178301"


def records() -> dict[str, pl.DataFrame]:
    """One child who waits, with a record of every kind, all known before the day."""
    month = {"provider_code": "P1", "period_ended_on": "2026-01-31", "known_on": "2026-02-18"}
    request = {**month, "service_request_id": "R1"}
    council = {"la_code": "879", "la_child_id": "7", "known_on": "2026-01-20"}
    episode = {**council, "episode_key": "2025-09-01"}
    return tables.frames(
        csds_patient=[
            {**month, "local_patient_id": "A", "born_on": "2016-02-03", "sex_code": "M", "postcode": "PL1 1AA",
             "school_urn": "100001"}
        ],
        csds_referral=[{**request, "local_patient_id": "A", "received_on": "2025-10-01"}],
        csds_team=[{**request, "team_id": "T", "team_type_code": "33"}],
        csds_contact=[
            {**request, "care_contact_id": "C", "contact_on": "2025-12-01", "attendance_code": "3"}
        ],
        school_census_pupil=[
            {"known_on": "2025-11-15", "census_on": "2025-10-03", "la_code": "879", "school_urn": "100001",
             "pupil_id": "p", "upn": UPN,
             "born_on": "2016-02-03", "sex_code": "M", "postcode": "PL1 1AA", "sen_provision_code": "K",
             "year_group_code": "5"}
        ],
        school_census_exclusion=[
            {"known_on": "2025-11-15", "pupil_id": "p", "upn": UPN, "started_on": "2025-06-01", "category_code": "SUSP"}
        ],
        attendance_week=[
            {"known_on": "2026-01-12", "upn": UPN, "school_urn": "100001", "week_ended_on": "2026-01-09",
             "sessions_possible": "10", "sessions_authorised": "3", "sessions_unauthorised": "1"}
        ],
        cin_child=[{**council, "upn": UPN, "born_on": "2016-02-03", "sex_code": "M"}],
        cin_episode=[{**episode, "referred_on": "2025-09-01"}],
        cin_plan=[{**episode, "started_on": "2025-10-01"}],
    )  # fmt: skip


def look(frames: dict[str, pl.DataFrame], on: date = DAY) -> tuple[pl.DataFrame, linkage.People]:
    known = snapshot.known_frames(frames, on)
    people = linkage.link(known, register=REGISTER, weights=WEIGHTS)
    return features.build(snapshot.take(frames, people, on)), people


RECORDS = records()
TABLE, PEOPLE = look(RECORDS)


def test_the_child_is_linked_and_its_records_are_seen() -> None:
    child = TABLE.row(0, named=True)
    assert (child["sen_support_or_plan"], child["child_in_need_plan"], child["suspensions_12_months"]) == (
        1,
        1,
        1,
    )
    assert child["absence_share_3_months"] == 0.4
    assert (child["education_state"], child["social_care_state"]) == ("recorded", "recorded")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    table=st.sampled_from(sorted(name for name, frame in RECORDS.items() if frame.height)),
    days_later=st.integers(1, 400),
    shift=st.integers(-900, 400),
)
def test_a_row_known_later_changes_nothing(table: str, days_later: int, shift: int) -> None:
    """A later row, whatever dates it speaks of (even old ones), is not there yet."""
    known_on = DAY + timedelta(days=days_later)
    moved = [pl.col(pl.Date).dt.offset_by(f"{shift}d")]
    later = RECORDS[table].with_columns(moved).with_columns(known_on=known_on)
    frames = {**RECORDS, table: pl.concat([RECORDS[table], later])}
    assert look(frames)[0].equals(TABLE)


MINE = {
    "provider_code": "P1", "local_patient_id": "A", "service_request_id": "R1", "care_contact_id": "C", "team_id": "T",
    "upn": UPN, "pupil_id": "p", "la_code": "879", "la_child_id": "7", "episode_key": "2025-09-01",
    "school_urn": "100001", "home_la_code": "879",
}  # fmt: skip
"""The keys under which a row is the child's own."""
DELIVERED = delivered_tables()


@st.composite
def later_rows(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A row of any return about the child, of any content, that becomes known after the day."""
    name = draw(st.sampled_from(sorted(DELIVERED)))
    row: dict[str, object] = {}
    for column in empty(DELIVERED[name]).schema:
        described = DELIVERED[name].columns.get(column)
        if column in MINE:
            row[column] = MINE[column]
        elif described is not None:
            row[column] = draw(_VALUES[described.logical_type](described.codes))
    return name, {**row, "known_on": DAY + timedelta(days=draw(st.integers(1, 400)))}


_VALUES = {
    "string": lambda codes: st.none() | st.sampled_from(sorted(codes or {"1": "", "Y": "", "SUSP": ""})),
    "date": lambda codes: st.none() | st.dates(date(2023, 1, 1), date(2027, 1, 1)),
    "integer": lambda codes: st.none() | st.integers(0, 30),
    "number": lambda codes: st.none() | st.floats(0, 60),
    "boolean": lambda codes: st.none() | st.booleans(),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(later_rows(), min_size=1, max_size=6))
def test_any_rows_of_any_return_that_become_known_later_change_no_feature(
    rows: list[tuple[str, dict[str, object]]],
) -> None:
    frames = dict(RECORDS)
    for name, row in rows:
        frames[name] = pl.concat([frames[name], tables.frames(**{name: [row]})[name]])
    assert look(frames)[0].equals(TABLE)


def test_a_later_end_date_is_not_known_and_an_earlier_one_is() -> None:
    def plan_is_open(ended_on: str) -> float | None:
        plan = RECORDS["cin_plan"].with_columns(ended_on=pl.lit(ended_on).str.to_date())
        return look({**RECORDS, "cin_plan": plan})[0]["child_in_need_plan"][0]

    assert plan_is_open("2026-03-02") == 1
    assert plan_is_open("2026-02-28") == 0


def test_a_quarter_is_looked_back_on_with_the_links_of_its_day() -> None:
    """People are linked by everything there is now; the features of a quarter must not profit from it."""
    census = RECORDS["school_census_pupil"].with_columns(known_on=pl.lit("2026-02-20").str.to_date())
    frames = {**RECORDS, "school_census_pupil": census}
    frames |= {name: RECORDS[name].clear() for name in ("cin_child", "cin_episode", "cin_plan")}
    now = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    quarters = pipeline.look_back(frames, now, [date(2026, 2, 19), date(2026, 2, 21)])
    assert quarters.select("sen_support_or_plan", "is_observed").rows() == [(None, True), (1, True)]


def test_a_return_that_was_not_sent_says_no_of_nobody() -> None:
    """Held in the other return of the same partner, the child's plans are still not known."""
    council = {"la_code": "879", "la_child_id": "7"}
    in_care = tables.frames(
        looked_after_child=[{**council, "upn": UPN, "born_on": "2016-02-03"}],
        looked_after_episode=[{**council, "started_on": "2025-01-01", "reason_started_code": "S"}],
    )
    lost = {name: RECORDS[name].clear() for name in ("cin_child", "cin_episode", "cin_plan")}
    held = {name: in_care[name] for name in ("looked_after_child", "looked_after_episode")}
    child = look({**RECORDS, **lost, **held})[0].row(0, named=True)
    unknown = ("child_in_need_plan", "protection_plan", "ehc_plan_at_council", "ehc_assessment_in_progress")
    assert [child[name] for name in unknown] == [None] * 4
    assert (child["looked_after"], child["known_to_social_care"], child["sen_support_or_plan"]) == (1, 1, 1)


def test_a_blank_absence_does_not_erase_the_other_one() -> None:
    def share(**blank: None) -> float | None:
        weeks = RECORDS["attendance_week"].with_columns(pl.lit(None, pl.Int64).alias(name) for name in blank)
        return look({**RECORDS, "attendance_week": weeks})[0]["absence_share_3_months"][0]

    assert share() == 0.4
    assert share(sessions_unauthorised=None) == 0.3
    assert share(sessions_authorised=None, sessions_unauthorised=None) is None


def test_a_second_providers_blank_does_not_hide_the_first_providers_flag() -> None:
    flagged = RECORDS["csds_patient"].with_columns(
        needs_constant_supervision=True, nhs_number=pl.lit("9990000018"), nhs_number_status_code=pl.lit("01")
    )
    other = flagged.with_columns(
        provider_code=pl.lit("P2"),
        needs_constant_supervision=pl.lit(None, pl.Boolean),
        known_on=date(2026, 2, 20),
    )
    elsewhere = {
        name: pl.concat([RECORDS[name], RECORDS[name].with_columns(provider_code=pl.lit("P2"))])
        for name in ("csds_referral", "csds_team")
    }
    table, _ = look({**RECORDS, **elsewhere, "csds_patient": pl.concat([flagged, other])})
    assert table["needs_constant_supervision"].to_list() == [1.0, 1.0]


def test_nobody_under_school_age_is_read_as_without_needs() -> None:
    young = {
        name: RECORDS[name].with_columns(born_on=pl.lit("2023-02-03").str.to_date())
        for name in ("csds_patient",)
    }
    unseen = {name: RECORDS[name].clear() for name in ("school_census_pupil", "cin_child")}
    child = look({**RECORDS, **young, **unseen})[0].row(0, named=True)
    assert (child["age_years"], child["has_ehc_plan"], child["education_state"]) == (3, None, "unknown")


def test_not_linked_is_not_known_and_never_none() -> None:
    frames = {**RECORDS, "school_census_pupil": RECORDS["school_census_pupil"].clear()}
    frames |= {
        name: RECORDS[name].clear() for name in ("cin_child", "attendance_week", "school_census_exclusion")
    }
    child = look(frames)[0].row(0, named=True)
    unknown = ("sen_support_or_plan", "suspensions_12_months", "known_to_social_care", "looked_after")
    assert [child[name] for name in unknown] == [None] * 4
    assert (child["education_state"], child["social_care_state"]) == ("unknown", "unknown")
    assert [fact["partner"] for fact in child["unknown_facts"]] == ["education", "social care"]


def test_linked_without_a_record_is_none_recorded_while_the_council_sends_others() -> None:
    other = RECORDS["cin_child"].with_columns(
        la_child_id=pl.lit("8"), upn=pl.lit(None, pl.String), born_on=pl.lit("2001-01-01").str.to_date()
    )
    in_care = [{"la_code": "879", "la_child_id": "8", "known_on": "2026-01-20"}]
    sent = tables.frames(looked_after_child=in_care)["looked_after_child"]
    frames = {**RECORDS, "cin_child": other, "looked_after_child": sent} | {
        name: RECORDS[name].clear() for name in ("cin_episode", "cin_plan")
    }
    child = look(frames)[0].row(0, named=True)
    assert (child["known_to_social_care"], child["looked_after"]) == (0, 0)
    assert child["social_care_state"] == "none"
