"""The list of features: each has its words, its direction and its place; and the page that is made of it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model.features import FEATURES, MODEL_FEATURES, Feature, NeedArea, joint
from risk_model.features.definition import WINDOWS
from risk_model.features.page import page
from risk_model.features.wording import state, words

ROOT = Path(__file__).resolve().parents[2]
ON = date(2026, 9, 20)
BY_NAME = {feature.name: feature for feature in FEATURES}
NOT_FOR_A_FAMILY = ("score", "risk", "diagnos", "eligible", "predict", "flag", "case")


def told(feature: Feature, value: float | None) -> str:
    table = pl.DataFrame({feature.name: [value]}, schema={feature.name: pl.Float64})
    return str(table.select(words(feature, ON)).item())


def test_there_are_fifty_or_more_and_none_of_ethnicity_sex_or_deprivation() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(names) == len(set(names)) >= 50
    assert {"ethnicity_code", "sex_code", "imd_quintile"}.isdisjoint(names)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: str(feature.name))
def test_a_feature_has_words_for_a_clinician_and_for_a_family(feature: Feature) -> None:
    assert feature.label and feature.family_label and feature.says and feature.says_none
    assert not [word for word in NOT_FOR_A_FAMILY if word in feature.family_label.lower()]
    for value in (None, 0.0, 1.0, 2.0):
        sentence = told(feature, value)
        assert not re.search(r"[{}]|\bNone\b|  ", sentence), sentence


def test_labels_are_one_of_a_kind() -> None:
    assert len({feature.label for feature in FEATURES}) == len(FEATURES)
    assert len({feature.family_label for feature in FEATURES}) == len(FEATURES)


def test_every_area_of_need_has_a_feature_that_is_estimated_with() -> None:
    assert {feature.area for feature in MODEL_FEATURES} >= set(NeedArea)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("suspensions_6_months", 2, "School record: suspended twice since March"),
        ("suspensions_6_months", 1, "School record: suspended once since March"),
        ("suspensions_12_months", 5, "School record: suspended 5 times since September 2025"),
        ("suspensions_ever", 5, "School record: suspended 5 times in all"),
        ("suspensions_ever", 0, "School record: not suspended"),
        ("suspensions_6_months", None, "School record: suspensions in the last 6 months not known"),
        ("absence_share_3_months", 0.354, "School record: missed 35% of sessions since June"),
        ("looked_after", 1, "Council or health record: looked after"),
        ("has_ehc_plan", None, "School or council record: EHC plan not known"),
        ("services_waited_for", 1, "Waiting lists: waits for 1 service"),
        ("age_years", 6, "Age 6"),
    ],
)
def test_what_a_record_shows_is_one_plain_statement(name: str, value: float | None, sentence: str) -> None:
    assert told(BY_NAME[name], value) == sentence


def test_an_age_is_a_value_and_no_need_is_no() -> None:
    table = pl.DataFrame({"age_years": [0.0, None], "looked_after": [0.0, 1.0]})
    assert table.select(state(BY_NAME["age_years"])).to_series().to_list() == ["value", "unknown"]
    assert table.select(state(BY_NAME["looked_after"])).to_series().to_list() == ["no", "yes"]


def test_what_looks_back_on_everything_is_shown_and_never_estimated_with() -> None:
    assert [f.name for f in MODEL_FEATURES if f.name.endswith("_ever")] == []
    for stem in ("urgent_care", "suspensions"):
        windows = {name for name, _ in WINDOWS.values()}
        assert {f.name for f in FEATURES if f.reason == stem} == {f"{stem}_{window}" for window in windows}


KNOWN = {
    "sen_support_at_school": 0,
    "ehc_plan_at_school": 0,
    "ehc_plan_at_council": 0,
    "looked_after_in_health": 0,
    "looked_after_by_council": 0,
    "episode_open": 0,
    "child_in_need_plan": 0,
    "protection_plan": 0,
}
RUNGS = {
    "sen_support_at_school": ("sen_support_or_plan",),
    "ehc_plan_at_council": ("sen_support_or_plan", "has_ehc_plan"),
    "episode_open": ("known_to_social_care",),
    "child_in_need_plan": ("known_to_social_care", "social_care_plan"),
    "looked_after_by_council": ("known_to_social_care", "social_care_plan", "looked_after"),
    "looked_after_in_health": ("known_to_social_care", "social_care_plan", "looked_after"),
}


@pytest.mark.parametrize("recorded", RUNGS)
def test_needs_are_nested_so_that_one_more_is_one_more_everywhere(recorded: str) -> None:
    table = pl.DataFrame([{**KNOWN, recorded: 1}]).cast(pl.Float64)
    for stage in joint.STAGES[:2]:
        table = table.with_columns(f.expression.cast(pl.Float64).alias(f.name) for f in stage)
    ladder = {f.name for stage in joint.STAGES[:2] for f in stage}
    assert {name for name in ladder if table[name][0] == 1} == set(RUNGS[recorded])


def test_no_feature_of_the_estimate_is_only_the_sum_of_others() -> None:
    """It would take the splits of the needs it is made of, and their reasons would vanish."""
    assert {"partners_with_need", "ehc_plan_and_social_care"}.isdisjoint(f.name for f in MODEL_FEATURES)


def test_the_page_of_features_is_the_list() -> None:
    assert (ROOT / "docs/features.md").read_text() == page()
