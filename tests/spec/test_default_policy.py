"""The sentences of the default policy, each with a small table of invented children.

A fact is yes, no or ? (not known). A fact that is not drawn is "no".
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from risk_model import policy
from risk_model.errors import UserError
from risk_model.features import FEATURES
from risk_model.policy import DEFAULT_POLICY, Policy
from tests import tables

FRIDAY = date(2026, 11, 20)
RULES, _ = policy.load(DEFAULT_POLICY)
FACTS = [*(feature.name for feature in FEATURES), "marked_urgent_here"]
VALUES = {"yes": 1.0, "no": 0.0, "?": None, None: 0.0}


def children(drawn: str, team: str = "33") -> pl.DataFrame:
    """Return a table as `policy.rank` reads it: one service, facts as drawn, ages and dates filled in."""
    listed = []
    for number, row in enumerate(tables.rows(drawn)):
        referred = date.fromisoformat(row.pop("referred", None) or "2026-01-01") + timedelta(days=number)
        name = row.pop("child")
        entered = row.pop("entered", None)
        band = int(row.pop("band", None) or 0)
        risk_low = row.pop("risk_low", None)
        age = float(row.pop("age", None) or 7)
        facts = {fact: 0.0 for fact in FACTS} | {fact: _fact(value) for fact, value in row.items()}
        listed.append(
            {
                "service_id": "s",
                "service_name": "Speech and language therapy",
                "provider_code": "P1",
                "team_type_code": team,
                "referral_id": name,
                "referred_on": referred,
                "entered_on": date.fromisoformat(entered) if entered else referred,
                "risk_low_for_place": float(risk_low) if risk_low else None,
                "risk_low_if_highest": float(risk_low) if risk_low else None,
                "risk_band": band,
                "risk_band_if_highest": band,
                "risk_band_if_lowest": band,
                **facts,
                "age_years": age,
            }
        )
    schema = {fact: pl.Float64 for fact in FACTS} | {
        "risk_low_for_place": pl.Float64,
        "risk_low_if_highest": pl.Float64,
    }
    return pl.DataFrame(listed, schema_overrides=schema)


def _fact(value: str | None) -> float | None:
    return VALUES[value] if value in VALUES else float(str(value))


def ranked(
    table: pl.DataFrame,
    slots_a_week: float = 1.0,
    rules: Policy = RULES,
    *,
    referrals_a_week: float = 1.0,
    calendar: pl.DataFrame | None = None,
    decisions: pl.DataFrame | None = None,
) -> pl.DataFrame:
    flow = pl.DataFrame(
        {
            "service_id": ["s"],
            "referrals_per_week": [referrals_a_week],
            "first_contacts_per_week": [slots_a_week],
        }
    )
    services = policy.services_at_review(table, flow, rules, FRIDAY, calendar=calendar)
    return policy.rank(table, rules, services, FRIDAY, decisions=decisions)


def tiers(drawn: str, team: str = "33") -> dict[str, tuple[int, str]]:
    rows = ranked(children(drawn, team)).select("referral_id", "tier", "tier_rule").iter_rows()
    return {child: (tier, rule) for child, tier, rule in rows}


def order(table: pl.DataFrame) -> list[str]:
    return ranked(table, slots_a_week=0.0)["referral_id"].to_list()


def test_a_clinicians_mark_or_a_statutory_plan_puts_a_child_in_tier_0() -> None:
    assert tiers(
        """
        child | marked_urgent_here | protection_plan
        A     | yes                | no
        B     | no                 | yes
        C     | no                 | no
        """
    ) == {"A": (0, "urgent_by_referrer"), "B": (0, "protection_plan"), "C": (2, "none")}


def test_a_lower_limit_of_risk_from_50_in_100_on_puts_a_child_in_tier_0() -> None:
    assert tiers(
        """
        child | risk_low
        A     | 0.499
        B     | 0.500
        C     | 0.501
        D     | -
        """
    ) == {
        "A": (2, "none"),
        "B": (0, "risk_above_limit"),
        "C": (0, "risk_above_limit"),
        "D": (2, "none"),
    }


def test_needs_in_two_areas_beyond_the_service_are_tier_1_and_one_area_is_not() -> None:
    assert tiers(
        """
        child | need_communication | need_cognition | need_mental_health
        A     | yes                | yes            | no
        B     | yes                | yes            | yes
        C     | no                 | yes            | yes
        """
    ) == {"A": (2, "none"), "B": (1, "needs_in_two_more_areas"), "C": (1, "needs_in_two_more_areas")}


def test_the_area_that_the_service_treats_does_not_count_twice() -> None:
    drawn = """
        child | need_communication | need_physical
        A     | yes                | yes
        """
    assert tiers(drawn, team="33")["A"][0] == 2
    assert tiers(drawn, team="37")["A"][0] == 1


def test_an_ehc_plan_with_social_care_is_tier_1_and_either_alone_is_not() -> None:
    assert tiers(
        """
        child | has_ehc_plan | known_to_social_care
        A     | yes          | yes
        B     | yes          | no
        C     | no           | yes
        """
    ) == {"A": (1, "plan_and_social_care"), "B": (2, "none"), "C": (2, "none")}


@pytest.mark.parametrize(
    ("fact", "rule"),
    [
        ("placements_6_months", "placement_at_risk"),
        ("excluded_with_a_plan_12_months", "excluded_with_a_plan"),
    ],
)
def test_agreed_triggers_are_tier_1(fact: str, rule: str) -> None:
    assert tiers(f"child | {fact}\nA | yes\nB | no") == {"A": (1, rule), "B": (2, "none")}


def test_a_young_person_of_17_is_leaving_the_service_and_one_of_16_is_not() -> None:
    assert tiers("child | age\nA | 16\nB | 17") == {"A": (2, "none"), "B": (1, "ageing_out")}


def test_a_fact_that_is_not_known_never_lowers_a_child() -> None:
    found = ranked(
        children(
            """
            child | has_ehc_plan | known_to_social_care
            A     | yes          | ?
            B     | yes          | no
            """
        )
    ).sort("referral_id")
    assert found["tier"].to_list() == [2, 2]
    assert found["best_tier"].to_list() == [1, 2]


def test_within_a_tier_the_risk_band_comes_first_and_then_the_referral_date() -> None:
    table = children(
        """
        child | band | referred
        A     | 3    | 2025-01-01
        B     | 1    | 2026-03-01
        C     | 1    | 2026-02-01
        D     | 2    | 2024-01-01
        """
    )
    assert order(table) == ["C", "B", "D", "A"]


def test_no_risk_band_lifts_a_child_over_a_tier() -> None:
    table = children("child | band | marked_urgent_here\nA | -9 | no\nB | 9 | yes")
    assert order(table) == ["B", "A"]


def test_without_a_model_the_referral_date_decides_within_the_tier() -> None:
    table = children("child | referred\nA | 2026-02-01\nB | 2026-01-01").drop(
        "risk_band", "risk_band_if_highest", "risk_band_if_lowest"
    )
    found = ranked(table, slots_a_week=0.0)
    assert found["referral_id"].to_list() == ["B", "A"]
    assert found["band_first"].is_null().all()


def test_the_time_lane_takes_the_longest_wait_of_any_tier() -> None:
    found = ranked(
        children(
            """
            child | referred   | marked_urgent_here
            A     | 2026-05-01 | yes
            B     | 2026-04-01 | yes
            C     | 2024-01-01 | no
            D     | 2025-01-01 | no
            """
        ),
        slots_a_week=3.0,
    )
    lanes = dict(found.select("referral_id", "lane").iter_rows())
    assert (found["referral_id"].to_list()[:3], lanes) == (
        ["B", "A", "C"],
        {"A": "need", "B": "need", "C": "time", "D": "next"},
    )


def test_a_late_entrant_with_an_older_date_does_not_overtake_in_the_time_lane() -> None:
    found = ranked(
        children(
            """
            child | referred   | entered
            A     | 2025-06-01 | -
            B     | 2024-01-01 | 2026-10-01
            """
        )
    )
    assert dict(found.select("referral_id", "time_place").iter_rows()) == {"A": 1, "B": 2}


def test_the_guarantee_is_the_review_at_which_the_time_lanes_slots_reach_those_ahead_and_one_more() -> None:
    one_a_week = policy.read_calendar(
        b"service_id,from_on,until_on,slots_per_review\ns,2026-01-01,2027-12-31,1\n"
    )
    waiting = children("child | referred\nA | 2026-01-01\nB | 2026-01-02\nC | 2026-01-03")
    found = ranked(waiting, calendar=one_a_week)
    dates = found.sort("time_place").select("longer_waits_ahead", "guaranteed_review", "latest_on").rows()
    assert dates == [
        (0, 1, date(2026, 11, 23)),
        (1, 4, date(2026, 12, 14)),
        (2, 8, date(2027, 1, 11)),
    ]


def test_where_no_slot_is_planned_no_date_is_promised_and_the_cause_is_named() -> None:
    found = ranked(children("child\nA"), slots_a_week=0.0).row(0, named=True)
    assert found["latest_on"] is None
    assert "no slots are planned" in found["no_date_reason"]


def test_a_policy_that_reads_a_fact_of_which_more_is_not_more_need_is_refused() -> None:
    text = DEFAULT_POLICY.read_text().replace("{fact: marked_urgent_here}", "{fact: early_checks_done}")
    with pytest.raises(UserError, match="a recorded need could lower a child"):
        policy.read(text.encode(), "bad.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("need_lane_share: 0.7", "need_lane_share: 1.0"), "need_lane_share"),
        (("tier: 0", "tier: 3"), "tier"),
        (("when: {fact: marked_urgent_here}", "when: {not: marked_urgent}"), "not"),
        (("id: devon-default", "id: devon-default\nsurprise: 1"), "surprise"),
        (("id: protection_plan", "id: urgent_by_referrer"), "same id"),
        (("mandatory_feeds:\n", "mandatory_feeds: []\nformerly:\n"), "mandatory_feeds is missing"),
        (("{feed: sen2,", "{feed: sen3,"), "sen3 is no known feed; known are csds, "),
        (("{feed: sen2,", "{feed: csds,"), "names a feed twice"),
        (("council_share_that_counts: 0.02\n", ""), "council_share_that_counts"),
    ],
)
def test_a_policy_that_is_not_a_policy_is_refused_in_words(change: tuple[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        policy.read(DEFAULT_POLICY.read_text().replace(*change, 1).encode(), "bad.yaml")
