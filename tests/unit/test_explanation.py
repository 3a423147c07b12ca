"""Reasons as sentences, what would move a child, and why a neighbour stands above or below."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from risk_model import explanation, scorecard
from risk_model.errors import UserError
from risk_model.explanation import neighbours, reasons, what_if
from risk_model.features import FEATURES, MODEL_FEATURES
from risk_model.features.wording import state, words
from risk_model.scorecard import Scorecard
from tests import tables
from tests.unit.test_scorecard_document import card, term

ON = date(2026, 9, 20)
BY_NAME = {feature.name: feature for feature in FEATURES}
PROTECTED = (
    "sex", "gender", "boy", "girl", "race", "racial", "ethnic", "religio", "belief", "disab", "orientation", "pregnan",
    "marri", "depriv", "poverty", "poor", "income", "language",
)  # fmt: skip
CAUSE = (
    "because", "cause", "due to", "leads to", "lead to", "results in", "makes him", "makes her", "therefore",
    "owing to", "predict", "diagnos", "will ", "score",
)  # fmt: skip


def factors(**by_feature: float) -> Scorecard:
    """A scorecard in which each feature, once recorded, multiplies the rate by so much, against a mean child of 1."""
    listed = [
        term(feature=name, edges=[0.5], values=[0.0, math.log(factor)], unknown=math.log(factor) / 2, mean=0.0,
             used_for_place=name != "longest_wait_weeks", rises=factor >= 1)
        for name, factor in by_feature.items()
    ]  # fmt: skip
    return card(terms=listed, bootstrap=[])


def child(**values: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"person_id": ["A"], **{name: pl.Series([value], dtype=pl.Float64) for name, value in values.items()}}
    )


def told(model: Scorecard, **values: float | None) -> list[tuple[Any, ...]]:
    found = reasons.of_children(explanation.explain(model, child(**values), ON))
    return found.select("partner", "direction", "sentence").rows()


def test_a_reason_is_what_the_record_shows_and_by_how_much_it_moves_the_risk() -> None:
    assert told(factors(suspensions_6_months=1.41), suspensions_6_months=2) == [
        ("education", "up", "School record: suspended twice since March; raises the risk by about 1.4 times")
    ]


def test_reasons_push_up_and_down_and_what_is_not_known_is_said() -> None:
    model = factors(
        known_to_social_care=1.8, has_disability=1.04, sen_support_or_plan=0.7, protection_plan=2.25
    )
    assert told(model, known_to_social_care=None, protection_plan=None, has_disability=1, sen_support_or_plan=1) == [
        ("health", "little",
         "Health record: notes a long-term health need; makes little difference to the risk"),
        ("education", "down", "School or council record: SEN support; lowers the risk to about 0.7 times"),
        ("social care", "unknown",
         "Council record: known to social care now not known; raises the risk by about 2.0 times until it is known"),
    ]  # fmt: skip


def test_the_wait_is_shown_and_said_not_to_be_used() -> None:
    (reason,) = told(factors(longest_wait_weeks=1.3), longest_wait_weeks=40)
    assert (
        reason[2]
        == "Longest wait 40 weeks; raises the risk by about 1.3 times, and is not used for the place"
    )


def test_rungs_of_one_ladder_are_one_reason_in_the_words_of_the_highest_that_is_recorded() -> None:
    """The fit gave everything to the plan and nothing to "looked after": the reason must not vanish."""
    model = factors(known_to_social_care=1.2, social_care_plan=2.0, protection_plan=1.0, looked_after=1.0)
    ladder = {
        "known_to_social_care": 1.0,
        "social_care_plan": 1.0,
        "protection_plan": 0.0,
        "looked_after": 1.0,
    }
    assert told(model, **ladder) == [
        ("social care", "up", "Council or health record: looked after; raises the risk by about 2.4 times")
    ]


def test_a_history_speaks_in_its_nearest_window_with_something_in_it() -> None:
    model = factors(urgent_care_12_months=1.2, urgent_care_6_months=1.3, urgent_care_3_months=1.4)
    (reason,) = told(model, urgent_care_12_months=3, urgent_care_6_months=1, urgent_care_3_months=0)
    assert reason[2].startswith("Health record: seen in urgent care once since March; raises")
    (reason,) = told(model, urgent_care_12_months=0, urgent_care_6_months=0, urgent_care_3_months=0)
    assert reason[2].startswith("Health record: not seen in urgent care since September 2025;")


def test_the_log_factors_of_the_reasons_sum_to_those_of_the_features() -> None:
    model = factors(**{f.name: 1.1 + 0.01 * n for n, f in enumerate(MODEL_FEATURES)})
    values = {f.name: float(n % 3) for n, f in enumerate(MODEL_FEATURES)}
    contributions = explanation.explain(model, child(**values), ON)
    by_reason = reasons.of_children(contributions)
    assert by_reason["log_factor"].sum() == pytest.approx(contributions["log_factor"].sum(), abs=1e-12)
    assert contributions["log_factor"].sum() == pytest.approx(
        explanation.log_factors(model, child(**values)).sum(), abs=1e-12
    )
    assert by_reason.height < contributions.height


@pytest.mark.parametrize("feature", MODEL_FEATURES, ids=lambda feature: str(feature.name))
def test_no_sentence_names_a_protected_characteristic_or_says_cause(feature: Any) -> None:
    """Every template of the feature, with every effect; a service is named by what it treats."""
    for value in (None, 0.0, 1.0, 2.0, 17.0):
        for factor in (0.5, 1.0, 1.4):
            row = child(**{feature.name: value}).with_columns(
                partner=pl.lit(str(feature.partner)), reason=pl.lit(feature.part_of), feature=pl.lit(feature.name),
                words=words(feature, ON), state=state(feature), log_factor=pl.lit(math.log(factor)),
                factor=pl.lit(factor), used_for_place=pl.lit(feature.used_for_place), position=pl.lit(0),
            )  # fmt: skip
            sentence = reasons.of_children(row)["sentence"][0].lower()
            sentence = sentence.replace("speech and language therapy", "").replace("speech, language or", "")
            assert not [word for word in PROTECTED if re.search(rf"\b{word}", sentence)], sentence
            assert not [word for word in CAUSE if word in sentence], sentence


def test_what_if_changes_one_feature_and_reads_the_table() -> None:
    model = factors(suspensions_6_months=1.5, has_ehc_plan=2.0)
    row = what_if.changed(
        model, child(suspensions_6_months=0, has_ehc_plan=1), "suspensions_6_months", 2.0, ON
    )
    assert row["factor"][0] == pytest.approx(1.5)
    assert row["words"][0] == "School record: suspended twice since March"
    rates = [-math.log1p(-row[name][0]) for name in ("risk_now", "risk_then")]
    assert rates[1] / rates[0] == pytest.approx(1.5)
    unknown = what_if.changed(model, child(suspensions_6_months=0, has_ehc_plan=1), "has_ehc_plan", None, ON)
    assert unknown["factor"][0] == pytest.approx(2.0**-0.5)


def test_what_would_raise_a_child_most_comes_first_and_what_is_recorded_is_not_asked() -> None:
    model = factors(suspensions_6_months=1.5, has_ehc_plan=2.0, looked_after=3.0, longest_wait_weeks=1.2)
    found = what_if.moves(
        model, child(suspensions_6_months=0, has_ehc_plan=None, looked_after=1, longest_wait_weeks=0), ON
    )
    assert found.select("feature", pl.col("factor").round(3)).rows() == [
        ("suspensions_6_months", 1.5), ("has_ehc_plan", 1.414),
    ]  # fmt: skip


def test_a_feature_that_the_estimate_does_not_read_is_refused_in_words() -> None:
    with pytest.raises(UserError, match=r"does not read sex_code\. Expected one of the 1 features"):
        what_if.changed(factors(looked_after=2.0), child(looked_after=1), "sex_code", 1.0, ON)


LIST = """
child | place | lane | tier | deciding_rule    | band_first | referred_on
A     | 1     | need | 0    | Marked urgent    | 1          | 2026-01-05
B     | 2     | need | 1    | EHC plan         | 2          | 2026-03-01
C     | 3     | time | 2    | No rule          | 5          | 2024-01-05
D     | 4     | next | 1    | EHC plan         | 4          | 2026-02-01
E     | 5     | next | 1    | EHC plan         | 4          | 2026-04-01
"""


def _list() -> pl.DataFrame:
    rows = tables.rows(LIST)
    return pl.DataFrame(rows).with_columns(
        pl.col("place", "tier", "band_first").cast(pl.Int64),
        pl.col("referred_on").str.to_date(),
        service_id=pl.lit("s"),
        referral_id="child",
        person_id="child",
        child_reference="child",
    )


def _reasons(**log_factors: float) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"person_id": name, "reason": "suspensions", "words": f"School record: {name}", "log_factor": value,
             "used_for_place": True}
            for name, value in log_factors.items()
        ]
    )  # fmt: skip


def test_the_most_different_neighbour_on_each_side_says_why_it_stands_there() -> None:
    found = neighbours.most_different(_list(), _reasons(A=0.1, B=0.5, C=0.0, D=0.0, E=0.01), "D", "s")
    assert [n.sentence for n in found] == [
        "Child B, place 2, stands above because within tier 1 its band of estimated risk is higher. "
        "There: School record: B; here: School record: D.",
        "Child E, place 5, stands below because within one band this child's referral is the earlier one.",
    ]


@pytest.mark.parametrize(
    ("me", "other", "why"),
    [
        ("B", "A", "tier 0 (marked urgent) comes before tier 1"),
        ("D", "C", "its slot is in the time lane, which comes before this child's"),
        ("A", "B", "tier 0 (marked urgent) comes before tier 1"),
        ("C", "D", "this child's slot is in the time lane, which comes before its"),
    ],
)
def test_the_rule_that_decided_between_two_places(me: str, other: str, why: str) -> None:
    only = _list().filter(pl.col("child").is_in([me, other]))
    (found,) = neighbours.most_different(only, _reasons(A=0.0), me, "s")
    assert found.why == why


def test_without_an_estimate_the_next_places_are_the_neighbours() -> None:
    found = neighbours.most_different(_list(), _reasons(A=0.0).clear(), "C", "s")
    assert [(n.where, n.child_reference, n.reasons) for n in found] == [
        ("above", "B", ()),
        ("below", "D", ()),
    ]


def test_shap_plots_show_the_same_numbers_under_labels_that_people_read() -> None:
    model = card(terms=[term(), term(is_group_factor=True, values=[0.0, 0.2])], bootstrap=[])
    plotted = explanation.as_shap(model, child(looked_after=1.0))
    assert plotted.feature_names == ["Looked after", "Looked after (group factor)"]
    assert plotted.values.sum() + plotted.base_values[0] == pytest.approx(
        model.table.log_hazard(scorecard.columns(model, child(looked_after=1.0)))[0], abs=1e-12
    )
    assert np.allclose(plotted.values[0], explanation.log_factors(model, child(looked_after=1.0))[0])
