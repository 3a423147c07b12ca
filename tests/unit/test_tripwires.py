"""What trips a wire, on both sides of each limit, and what chance alone must not trip."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from risk_model import tripwires
from risk_model.model import Rows, fitting
from risk_model.scorecard import Numbers, Scorecard, columns, inputs
from risk_model.tripwires import matured
from tests.unit.test_scorecard import sample

QUARTERS = [date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1)]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """A year of quarters; in those of October nobody has been suspended yet."""
    whole = sample(children=8_000)
    quarters = pl.Series([QUARTERS[number % 4] for number in range(8_000)])
    october = (quarters.dt.month() == 10).to_numpy()
    features = whole.features.with_columns(
        suspensions_6_months=pl.when(pl.Series(october)).then(0.0).otherwise("suspensions_6_months")
    )
    return replace(whole, features=features, landmarks=quarters)


@pytest.fixture(scope="module")
def card(rows: Rows) -> Scorecard:
    table = fitting.splined(rows)
    names = list(dict.fromkeys(term["feature"] for term in table["terms"]))
    seen = inputs.recorded(rows.features, names, rows.landmarks)
    window = {"last_landmark": "2024-10-01"}
    return Scorecard({**table, "bootstrap": [], "inputs": seen, "training_window": window})


def listed(rows: Rows, children: int, **changed: pl.Expr) -> pl.DataFrame:
    """So many children as on a list of January, each on one."""
    january = rows.where((rows.landmarks.dt.month() == 1).to_numpy())
    few = january.features.head(children).with_columns(**changed)
    return few.with_columns(person_id=january.children.head(children))


def tripped(card: Scorecard, table: pl.DataFrame, later: Rows | None = None) -> list[str]:
    return [wire.name for wire in tripwires.check(card, table, later).wires if wire.is_tripped]


@pytest.mark.parametrize(
    ("before", "after", "index"),
    [
        ([50, 50], [500, 500], 0.0),
        ([50, 50], [75, 25], 0.25 * np.log(1.5) - 0.25 * np.log(0.5)),
        ([90, 10], [10, 90], 1.6 * np.log(9)),
        ([100, 0], [100, 0], 0.0),
    ],
)
def test_the_index_is_the_sum_of_differences_times_log_ratios(
    before: list[int], after: list[int], index: float
) -> None:
    found = inputs.stability_index(np.array(before, float), np.array(after, float))
    assert found == pytest.approx(index, abs=1e-9)


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ([0.0] * 95 + [1.0] * 5, [95, 5, 0]),
        ([0.0] * 5 + [1.0] * 95, [5, 95, 0]),
        ([2.0] * 8 + [np.nan] * 2, [8, 0, 2]),
        ([np.nan] * 3, [0, 3]),
        ([float(n) for n in range(100)], [10] * 10 + [0]),
    ],
)
def test_flags_and_counts_have_an_interval_for_no_for_yes_and_for_unknown(
    column: list[float], counts: list[int]
) -> None:
    day = pl.Series([date(2024, 1, 1)] * len(column))
    [part] = inputs.recorded(pl.DataFrame({"f": column}).fill_nan(None), ["f"], day)["features"]
    assert inputs.counted(np.array(column), np.array(part["edges"])).tolist() == counts


def test_a_list_like_one_quarter_of_the_training_trips_nothing(card: Scorecard, rows: Rows) -> None:
    looked = tripwires.check(card, listed(rows, 1_500), None)
    assert (looked.card, looked.because) == (card, None)
    autumn = listed(rows, 1_500, suspensions_6_months=pl.lit(0.0))
    assert tripped(card, autumn) == []


@pytest.mark.parametrize(
    ("share", "trips"),
    [(0.20, False), (0.35, False), (0.50, True), (0.80, True)],
)
def test_the_wire_of_drift_trips_above_its_limit(
    card: Scorecard, rows: Rows, share: float, trips: bool
) -> None:
    """Of 20 in 100 looked after: up to 35 the index stays at 0.12, at 50 it is 0.41."""
    every_tenth = pl.int_range(pl.len()) % 20 < round(20 * share)
    table = listed(rows, 1_500, looked_after=every_tenth.cast(pl.Float64))
    looked = tripwires.check(card, table, None)
    assert (looked.card is None) == trips
    if trips:
        assert looked.because is not None and "Looked after" in looked.because
        assert looked.because.startswith(
            "the model was stopped by a tripwire, input drift: the children are unlike"
        )


def test_what_is_suddenly_not_known_trips_the_wire_too(card: Scorecard, rows: Rows) -> None:
    assert tripped(card, listed(rows, 1_500, looked_after=pl.lit(None, pl.Float64))) == ["input drift"]


def test_a_few_children_trip_no_wire_by_chance(card: Scorecard, rows: Rows) -> None:
    for number in range(40):
        few = listed(rows, 2_000).sample(12, seed=number)
        assert tripped(card, few) == [], number
    assert tripped(card, listed(rows, 0)) == []


def test_a_scorecard_that_does_not_say_what_it_learned_from_is_not_used(card: Scorecard, rows: Rows) -> None:
    unsaid = Scorecard({key: value for key, value in card.document.items() if key != "inputs"})
    assert tripped(unsaid, listed(rows, 100)) == ["input drift"]


@pytest.mark.parametrize(
    ("days", "looked_at"),
    [
        ([], []),
        (["2024-07-01", "2024-10-01"], []),
        (["2024-10-01", "2025-01-01"], ["2025-01-01"]),
        (["2025-01-01", "2025-04-01", "2025-07-01"], ["2025-04-01", "2025-07-01"]),
    ],
)
def test_only_quarters_that_the_model_did_not_learn_from_are_looked_at(
    card: Scorecard, days: list[str], looked_at: list[str]
) -> None:
    found = tripwires.quarters_since(card, [date.fromisoformat(day) for day in days])
    assert [str(day) for day in found] == looked_at
    assert tripwires.quarters_since(None, [date(2025, 1, 1)]) == []


def later(rows: Rows, *, times_as_many: float = 1.0, seed: int = 3) -> Rows:
    """Later rows in which the model's events happen so many times as often, drawn anew from its own hazards."""
    hazard = _hazard(rows) * times_as_many
    times = np.random.default_rng(seed).exponential(1 / hazard)
    return replace(rows, fortnights=np.clip(np.ceil(times), 1, 13).astype(np.int64), event=times <= 13)


def _hazard(rows: Rows) -> Numbers:
    """What made the events of `sample`."""
    flags = rows.features.fill_null(0.2)
    log_hazard = -4.2 + 0.9 * flags["sen_support_or_plan"] + 0.7 * flags["known_to_social_care"]
    return np.exp((log_hazard + 0.3 * (flags["age_years"] > 11)).to_numpy())


@pytest.mark.parametrize(("times", "trips"), [(1.0, False), (1.15, False), (0.5, True), (2.0, True)])
def test_the_wire_of_calibration_trips_only_where_the_whole_interval_is_out_of_limits(
    card: Scorecard, rows: Rows, times: float, trips: bool
) -> None:
    found = tripped(card, listed(rows, 1_500), later(rows, times_as_many=times))
    assert ("calibration" in found) == trips


@pytest.mark.parametrize(
    ("value", "spread", "is_off"),
    [(0.79, 1.01, True), (0.79, 1.02, False), (1.27, 1.01, True), (1.27, 1.02, False), (1.0, 2.0, False)],
)
def test_a_ratio_is_off_where_its_interval_touches_no_limit(
    value: float, spread: float, is_off: bool
) -> None:
    assert matured.Ratio("all", value, value / spread, value * spread).is_off == is_off


def test_events_that_the_features_tell_too_well_trip_the_wire_of_leakage(card: Scorecard, rows: Rows) -> None:
    order = card.table.log_hazard(columns(card, rows.features))
    told = order > np.quantile(order, 0.9)
    leaking = replace(rows, event=told, fortnights=np.where(told, 2, 13))
    assert "leakage" in tripped(card, listed(rows, 1_500), leaking)
    assert "leakage" not in tripped(card, listed(rows, 1_500), later(rows))
    few = leaking.where(np.arange(len(told)) < 400)
    assert few.event.sum() < matured.LEAST_EVENTS
    assert "leakage" not in tripped(card, listed(rows, 1_500), few)
