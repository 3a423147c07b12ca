"""The document of the scorecard: held to its schema, sealed, and refused by the name of the rule it breaks."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from risk_model import scorecard
from risk_model.scorecard import Scorecard, ScorecardRefused

SCHEMA = Path(scorecard.__file__).with_name("scorecard.schema.json")


def term(**changed: Any) -> dict[str, Any]:
    return {
        "feature": "looked_after", "edges": [0.5], "values": [0.0, 0.4], "unknown": 0.1, "unknown_as_fitted": 0.1,
        "mean": 0.02, "rises": True, "used_for_place": True, "is_group_factor": False, **changed,
    }  # fmt: skip


def table(*terms: dict[str, Any]) -> dict[str, Any]:
    return {
        "base": -4.0,
        "baseline_exposure": 13.0,
        "baseline_by_fortnight": [1.0] * 13,
        "terms": list(terms) or [term()],
    }


def card(**changed: Any) -> Scorecard:
    return scorecard.sealed(
        {
            **table(),
            "format": scorecard.FORMAT,
            "horizon_weeks": 26,
            "form": {"form": "boosting", "because": "of this test"},
            "settings": {"rounds": 300.0},
            "training_window": {
                "first_landmark": "2024-04-01", "last_landmark": "2025-04-01", "followed_until": "2025-09-30",
            },
            "made_from": {"rows": 10, "children": 5, "events": 2, "events_by_part": {"urgent_care": 2}},
            "calibration": {
                "looked after": {"expected": 9.0, "observed": 10, "ratio": 0.9, "low": 0.5, "high": 1.6}
            },
            "bootstrap": [table(), table()],
            "band_width": 0.3,
            **changed,
        }
    )  # fmt: skip


def resealed(document: dict[str, Any]) -> bytes:
    """The bytes of a document whose digest is right, whatever else is wrong with it."""
    return json.dumps(scorecard.sealed(document).document).encode()


Spoil = Callable[[dict[str, Any]], None]


def _set(*path: Any, to: Any) -> Spoil:
    def spoil(document: dict[str, Any]) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return spoil


BROKEN: list[tuple[str, Spoil]] = [
    ("unknown_key", _set("colour", to="red")),
    ("unknown_key", _set("terms", 0, "weight", to=1.0)),
    ("unknown_key", _set("bootstrap", 1, "terms", 0, "weight", to=1.0)),
    ("missing_key", lambda document: document["terms"][0].pop("mean")),
    ("number_not_finite", _set("terms", 0, "values", to=[0.0, float("nan")])),
    ("number_not_finite", _set("base", to=float("-inf"))),
    ("infinite_edge", _set("terms", 0, "edges", to=[float("inf")])),
    ("infinite_edge", _set("bootstrap", 0, "terms", 0, "edges", to=[float("nan")])),
    ("edges_do_not_rise", _set("terms", 0, to=term(edges=[1.5, 0.5], values=[0.0, 0.1, 0.2]))),
    ("values_do_not_fit_edges", _set("terms", 0, to=term(edges=[0.5, 1.5]))),
    ("a_need_lowers", _set("terms", 0, to=term(values=[0.4, 0.0]))),
    ("a_need_lowers", _set("terms", 0, to=term(unknown=0.7))),
    ("a_need_lowers", _set("bootstrap", 0, "terms", 0, to=term(unknown=-0.7))),
]


def test_a_whole_scorecard_comes_back_as_it_was() -> None:
    content = scorecard.write(card())
    assert scorecard.write(scorecard.read(content)) == content


@pytest.mark.parametrize(("rule", "spoil"), BROKEN)
def test_a_broken_scorecard_is_refused_by_name_before_anything_is_scored(rule: str, spoil: Spoil) -> None:
    document = copy.deepcopy(card().document)
    spoil(document)
    with pytest.raises(ScorecardRefused, match=f"refused, {rule}: .*Nothing was scored") as refused:
        scorecard.read(resealed(document))
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    "spoil", [_set("terms", 0, "mean", to=0.03), _set("serial", to=7), _set("id", to="other")]
)
def test_one_changed_value_no_longer_has_the_digest(spoil: Spoil) -> None:
    document = copy.deepcopy(card().document)
    spoil(document)
    with pytest.raises(ScorecardRefused, match="digest_does_not_match"):
        scorecard.read(json.dumps(document).encode())


@pytest.mark.parametrize(("serial", "is_refused"), [(6, True), (7, False), (8, False)])
def test_an_older_serial_does_not_come_back(serial: int, is_refused: bool) -> None:
    content = scorecard.write(scorecard.sealed(card().document, serial=serial))
    if is_refused:
        with pytest.raises(ScorecardRefused, match="lower_serial: its serial is 6, and 7 was approved since"):
            scorecard.read(content, least_serial=7)
    else:
        assert scorecard.read(content, least_serial=7).serial == serial


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "another_format"),
        (b'{"format": "early-support-scorecard/1"}', "another_format"),
        (b'{"format": "a", "format": "b"}', "key_given_twice"),
    ],
)
def test_what_is_no_scorecard_is_refused(content: bytes, rule: str) -> None:
    with pytest.raises(ScorecardRefused, match=f"refused, {rule}:"):
        scorecard.read(content)


def test_the_same_fit_has_the_same_id_under_every_serial() -> None:
    first, later = card(), scorecard.sealed(card().document, serial=9)
    assert first.id == later.id and first.digest != later.digest
    assert card(base=-3.9).id != first.id


def test_the_packaged_schema_is_that_of_the_document_and_tells_broken_ones_too() -> None:
    packaged = json.loads(SCHEMA.read_text())
    assert packaged == scorecard.schema()
    validator = jsonschema.Draft202012Validator(packaged)
    assert list(validator.iter_errors(json.loads(scorecard.write(card())))) == []
    for rule, spoil in BROKEN:
        if rule in ("unknown_key", "missing_key"):
            document = copy.deepcopy(card().document)
            spoil(document)
            assert list(validator.iter_errors(document)), rule
