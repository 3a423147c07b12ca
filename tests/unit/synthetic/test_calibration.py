"""Every figure says where it comes from; scenarios only change figures that exist; streams stay apart."""

from importlib.resources import files

import numpy as np
import pytest
import yaml

from risk_model.errors import UserError
from risk_model.synthetic import calibration


def test_every_figure_has_unit_year_geography_source_and_status() -> None:
    text = files("risk_model.synthetic").joinpath("calibration.yaml").read_text(encoding="utf-8")
    table = yaml.safe_load(text)
    keys = [entry["key"] for entry in table["entries"]]
    assert len(keys) == len(set(keys))
    for entry in table["entries"]:
        assert {"key", "value", "unit", "year", "geography", "source", "status"} <= set(entry), entry["key"]
        assert entry["source"] in table["sources"], entry["key"]
        assert entry["status"] in table["status_meaning"], entry["key"]


def test_every_scenario_loads() -> None:
    assert {"base", "null"} <= set(calibration.scenarios())
    for name in calibration.scenarios():
        assert calibration.load(name).scenario == name


def test_a_scenario_that_changes_one_figure_of_a_table_still_names_the_others() -> None:
    base = calibration.load("base").values
    for name in calibration.scenarios():
        over = calibration.load(name).values
        tables = [key for key, value in base.items() if isinstance(value, dict)]
        assert [key for key in tables if set(over[key]) != set(base[key])] == [], name


def test_an_unknown_scenario_is_a_mistake_one_can_mend() -> None:
    with pytest.raises(UserError, match=r"Known scenarios: .*base, .*null"):
        calibration.load("nosuch")


def test_a_stage_has_its_own_random_numbers() -> None:
    first = calibration.stream(7, "needs").random(4)
    assert np.array_equal(first, calibration.stream(7, "needs").random(4))
    assert not np.array_equal(first, calibration.stream(7, "queues").random(4))
    assert not np.array_equal(first, calibration.stream(8, "needs").random(4))
