"""The ladder from the longest wait to the true risk, on children whose risk we made ourselves."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from risk_model.evaluation import Truth, against_truth
from risk_model.evaluation.distance import LADDER, O1, O2, O3, O4, _recorded
from risk_model.evaluation.measures import divergence, root_mean_square
from risk_model.evaluation.references import best_possible
from risk_model.features import MODEL_FEATURES
from risk_model.model import FORTNIGHTS

CHILDREN = 1_500
DAYS = (date(2025, 1, 1), date(2025, 4, 1))


def test_the_best_possible_finds_what_the_columns_tell_and_no_more() -> None:
    """Risk depends on a and b; only a is in the columns: what b adds stays unexplained, in other children too."""
    rng = np.random.default_rng(3)
    children = np.arange(CHILDREN)
    a, b = rng.random((2, CHILDREN))
    risk = 0.1 + 0.3 * (a > 0.5) + 0.2 * b
    both = best_possible(np.column_stack([a, b]), risk, children, seed=1)
    one = best_possible(a[:, None], risk, children, seed=1)
    assert root_mean_square(both - risk) < 0.02
    assert root_mean_square(one - risk) == pytest.approx(0.2 * np.sqrt(1 / 12), rel=0.15)


def test_no_child_is_estimated_from_its_own_risk() -> None:
    """The columns name the child and say nothing else: other children's risks tell nothing of this one's."""
    rng = np.random.default_rng(3)
    children = np.repeat(np.arange(400), 4)
    risk = rng.random(400)[children]
    found = best_possible(rng.permutation(400)[children][:, None].astype(float), risk, children, seed=1)
    assert abs(np.corrcoef(found, risk)[0, 1]) < 0.2


@pytest.mark.parametrize(("predicted", "distance"), [(0.2, 0.0), (0.4, 0.0915), (0.1, 0.0444)])
def test_divergence_of_one_risk_from_another(predicted: float, distance: float) -> None:
    assert divergence(np.array([0.2]), np.array([predicted])) == pytest.approx(distance, abs=1e-4)


@pytest.fixture(scope="module")
def ladder() -> dict[str, dict[str, float]]:
    """Four things make the risk: one recorded, one recorded for half the children, one latent, one frailty."""
    rng = np.random.default_rng(5)
    told, lost, latent, frailty = rng.normal(size=(4, CHILDREN))
    log_odds = -2 + told + 0.8 * lost + 0.6 * latent + 0.6 * frailty
    risk = 1 / (1 + np.exp(-log_odds))
    without_frailty = 1 / (1 + np.exp(-(log_odds - 0.6 * frailty)))
    recorded = np.where(rng.random(CHILDREN) < 0.5, lost, np.nan)
    happens_in = rng.exponential(FORTNIGHTS / -np.log1p(-risk))
    event = (happens_in < FORTNIGHTS) & (rng.random(CHILDREN) < 0.7)
    followed = np.where(event, np.ceil(happens_in), FORTNIGHTS)
    ids = np.arange(CHILDREN)
    features = {feature.name: np.zeros(CHILDREN) for feature in MODEL_FEATURES}
    features |= {"age_years": told, "absence_share_12_months": recorded}
    noise = rng.normal(size=CHILDREN)
    orderings = {
        "longest wait": noise,
        "count of lists": told + 4 * noise,
        "count of needs": told + 3 * noise,
        "points": told + noise,
    }
    judged = pl.DataFrame(
        {"person_id": [f"p{number}" for number in ids]}
        | features
        | orderings
        | {"logistic": told + 0.5 * noise, "model": told, "risk": np.full(CHILDREN, risk.mean())}
    ).with_columns(is_judged=pl.lit(True), fortnights=pl.Series(followed), event=pl.Series(event))
    everything = pl.concat([judged.with_columns(landmark_on=pl.lit(day)) for day in DAYS])
    people = pl.DataFrame({"child_id": ids})
    children = judged.select("person_id", child_id=pl.Series(ids))
    keys = pl.concat([pl.DataFrame({"child_id": ids}).with_columns(on=pl.lit(day)) for day in DAYS])
    twice = {name: np.tile(values, 2) for name, values in {"told": told, "lost": lost}.items()}
    truth = Truth(
        identities=people,
        latents=keys,
        hazards=keys.with_columns(
            risk_26_weeks=pl.Series(np.tile(risk, 2)),
            risk_frailty_unknown_26_weeks=pl.Series(np.tile(without_frailty, 2)),
        ),
        observables=keys.with_columns(**{name: pl.Series(values) for name, values in twice.items()}),
    )
    found = against_truth(everything, children, truth, seed=1)
    assert (found["rows"], found["rows_without_truth"]) == (2 * CHILDREN, 0)
    assert found["recorded_over_true"]["all"] == pytest.approx(0.7, abs=0.1)
    assert all(step["value"] > 0 for step in found["lost_to"].values()), found["lost_to"]
    return {
        name: {
            "top": step["true_risk_of_top_tenth"]["value"],
            "closed": step["gap_closed"]["value"],
            "error": step.get("root_mean_square_error", np.nan),
            "ratio": step.get("predicted_over_true", {}).get("all", np.nan),
        }
        for name, step in found["ladder"].items()
    }


def test_each_step_of_the_ladder_knows_more(ladder: dict[str, dict[str, float]]) -> None:
    assert tuple(ladder) == LADDER
    tops = [ladder[name]["top"] for name in ("longest wait", "points", "model", O4, O3, O2, O1)]
    assert tops == sorted(tops)
    assert (ladder["longest wait"]["closed"], ladder[O1]["closed"]) == (0, 1)


def test_each_reference_errs_less_and_is_right_in_the_mean(ladder: dict[str, dict[str, float]]) -> None:
    errors = [ladder[name]["error"] for name in ("model", O4, O3, O2, O1)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == 0
    for name in ("model", O4, O3, O1):
        assert ladder[name]["ratio"] == pytest.approx(1, abs=0.02), name


@pytest.mark.parametrize("risk", [0.05, 0.3, 0.6])
def test_where_every_event_is_recorded_there_are_as_many_as_expected_however_great_the_risk(
    risk: float,
) -> None:
    """An event ends the time at risk: the greater the risk, the shorter it is."""
    many = 400_000
    happens_in = np.random.default_rng(5).exponential(FORTNIGHTS / -np.log(1 - risk), many)
    rows = pl.DataFrame(
        {
            O1: np.full(many, risk),
            "event": happens_in < FORTNIGHTS,
            "fortnights": happens_in.clip(max=FORTNIGHTS),
            "looked_after": np.ones(many),
            "sen_and_social_care": np.ones(many),
        }
    )
    assert _recorded(rows)["all"] == pytest.approx(1.0, abs=0.05)
