"""Which model may order lists: two people, a verdict of go, one command back, and nothing that was changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from risk_model import registry, worklist
from risk_model.__main__ import app
from risk_model.errors import FindingError, UserError
from risk_model.keys import Purpose
from risk_model.model import Fit
from risk_model.registry import acts
from risk_model.registry.acts import PROMOTE, RETIRE, ROLLBACK, SUSPEND, Act
from risk_model.scorecard import ScorecardRefused
from risk_model.workspace import Workspace
from tests.unit.test_scorecard_document import card

pytestmark = pytest.mark.filterwarnings("ignore")
"""MLflow's own warnings; none is about what is asserted here."""

NAME = "early-support-test"
PEOPLE = {"by": "A. Lead", "agreed_by": "B. Analyst", "reason": "It passed its test"}


def row(act: str, version: int) -> Act:
    return Act("2026-11-20T10:00:00+00:00", act, version, f"digest {version}", **PEOPLE)


@pytest.mark.parametrize(
    ("rows", "in_force", "back_to", "states"),
    [
        ([], None, None, {1: "not in force"}),
        ([(PROMOTE, 1)], 1, None, {1: "in force"}),
        ([(PROMOTE, 1), (PROMOTE, 2)], 2, 1, {1: "earlier", 2: "in force"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (ROLLBACK, 1)], 1, None, {1: "in force", 2: "not in force"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (PROMOTE, 1)], 1, 2, {1: "in force", 2: "earlier"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (PROMOTE, 3), (ROLLBACK, 2)], 2, 1, {3: "not in force"}),
        ([(PROMOTE, 1), (SUSPEND, 1)], None, None, {1: "suspended"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (SUSPEND, 2)], None, 1, {1: "earlier", 2: "suspended"}),
        ([(PROMOTE, 1), (SUSPEND, 1), (PROMOTE, 1)], 1, None, {1: "in force"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (RETIRE, 2)], None, 1, {2: "retired"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (RETIRE, 1)], 2, None, {1: "retired", 2: "in force"}),
        ([(PROMOTE, 1), (PROMOTE, 2), (RETIRE, 2), (ROLLBACK, 1)], 1, None, {2: "retired"}),
        ([(PROMOTE, 1), (RETIRE, 1), (PROMOTE, 2)], 2, None, {1: "retired"}),
    ],
)
def test_what_holds_follows_from_the_acts(
    rows: list[tuple[str, int]], in_force: int | None, back_to: int | None, states: dict[int, str]
) -> None:
    now = acts.follow(row(*one) for one in rows)
    assert (now.in_force and now.in_force.version) == in_force
    assert (now.earlier[-1].version if now.earlier else None) == back_to
    assert {version: now.state(version) for version in states} == states


@pytest.mark.parametrize(
    ("by", "agreed_by", "reason"),
    [("A. Lead", " a.  LEAD ", "good"), ("", "B", "good"), ("A", "  ", "good"), ("A", "B", " ")],
)
def test_one_person_alone_or_without_a_reason_decides_nothing(by: str, agreed_by: str, reason: str) -> None:
    with pytest.raises(UserError, match="Expected"):
        acts.check_names(by, agreed_by, reason)


def _fit(base: float) -> Fit:
    return Fit(card(base=base), card(base=base), None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three versions: go, go and no-go."""
    store = tmp_path_factory.mktemp("store") / "mlruns"
    for number, because in enumerate(([], [], ["It was not shown to find more."])):
        registry.record(
            store,
            NAME,
            _fit(-4.0 - number),
            verdict="no-go" if because else "go",
            because=because,
            figures={"auc_model": 0.7},
            facts={"seed": 1},
        )
    return store


@pytest.fixture
def store(trained: Path) -> Iterator[Path]:
    """The same store, in which nobody decided anything yet."""
    yield trained
    (trained / f"{NAME}.acts.jsonl").unlink(missing_ok=True)


def test_a_training_promotes_nothing_and_the_list_says_what_is_missing(tmp_path: Path, store: Path) -> None:
    assert registry.approved(store, NAME) == (None, "the newest model did not pass its test (no-go)")
    with pytest.raises(UserError, match="risk-model train"):
        registry.approved(tmp_path, NAME)
    with pytest.raises(UserError, match="risk-model train"):
        registry.approved(store, "early-support-another")


def test_two_people_put_a_version_in_force_and_one_command_goes_back(store: Path) -> None:
    for number in (1, 2):
        registry.promote(store, NAME, number, **PEOPLE)
        approved, why_none = registry.approved(store, NAME)
        assert (approved and approved.serial, why_none) == (number, None)
    assert registry.rollback(store, NAME, **PEOPLE).version == 1
    approved, _ = registry.approved(store, NAME)
    assert approved is not None and (approved.serial, approved.id) == (1, _fit(-4.0).card.id)
    with pytest.raises(UserError, match="no earlier version"):
        registry.rollback(store, NAME, **PEOPLE)
    assert [(one.act, one.version, one.by, one.agreed_by) for one in registry.acts_of(store, NAME)] == [
        (PROMOTE, 1, "A. Lead", "B. Analyst"),
        (PROMOTE, 2, "A. Lead", "B. Analyst"),
        (ROLLBACK, 1, "A. Lead", "B. Analyst"),
    ]


def test_only_a_verdict_of_go_is_promoted_and_what_is_retired_never_again(store: Path) -> None:
    with pytest.raises(FindingError, match="Version 3 did not pass its test: It was not shown to find more"):
        registry.promote(store, NAME, None, **PEOPLE)
    with pytest.raises(UserError, match=r"no version 7\. Expected one out of: 1, 2, 3"):
        registry.promote(store, NAME, 7, **PEOPLE)
    registry.promote(store, NAME, 2, **PEOPLE)
    with pytest.raises(UserError, match="already in force"):
        registry.promote(store, NAME, 2, **PEOPLE)
    registry.retire(store, NAME, 2, **{**PEOPLE, "reason": "a feed was read wrongly"})
    card_in_force, why_none = registry.approved(store, NAME)
    assert card_in_force is None and why_none is not None
    assert "version 2 was retired on" in why_none and "a feed was read wrongly" in why_none
    with pytest.raises(FindingError, match="Version 2 is retired"):
        registry.promote(store, NAME, 2, **PEOPLE)
    with pytest.raises(UserError, match="already retired"):
        registry.retire(store, NAME, 2, **PEOPLE)


def test_a_training_that_fails_its_test_suspends_the_version_in_force_without_asking(store: Path) -> None:
    outcomes: dict[str, Any] = {"figures": {}, "facts": {}}
    name = "early-support-suspended"
    registry.record(store, name, _fit(-4.0), verdict="go", because=[], **outcomes)
    assert registry.approved(store, name)[1] == (
        "no model is promoted; version 1 passed its test, and two people have yet to promote it"
    )
    registry.promote(store, name, None, **PEOPLE)
    registry.record(store, name, _fit(-4.1), verdict="go", because=[], **outcomes)
    promoted, _ = registry.approved(store, name)
    assert promoted is not None and promoted.serial == 1
    registry.record(store, name, _fit(-4.2), verdict="no-go", because=["It says nothing."], **outcomes)
    none, why = registry.approved(store, name)
    assert none is None and why is not None
    assert "version 1 was suspended" in why and "version 3, trained since, did not pass its test" in why


@pytest.mark.parametrize("sealed_again", [False, True])
def test_a_scorecard_that_was_changed_after_it_was_recorded_is_refused(
    store: Path, sealed_again: bool
) -> None:
    registry.promote(store, NAME, 1, **PEOPLE)
    run = registry.versions(store, NAME)[0].run
    [path] = [path for path in store.rglob("scorecard.json") if run in path.parts]
    as_recorded = path.read_bytes()
    changed = card(base=-3.0).document if sealed_again else {**json.loads(as_recorded), "base": -3.0}
    path.write_text(json.dumps(changed))
    try:
        with pytest.raises(ScorecardRefused, match=r"another_scorecard|digest_does_not_match"):
            registry.approved(store, NAME)
        assert registry.changed(store, NAME) == [1]
    finally:
        path.write_bytes(as_recorded)
    assert registry.changed(store, NAME) == []


def test_damaged_acts_are_said_so(store: Path) -> None:
    for damaged in ("{", '{"act": "promote"}', json.dumps({**asdict(row(PROMOTE, 1)), "act": "hide"})):
        (store / f"{NAME}.acts.jsonl").write_text(damaged + "\n")
        with pytest.raises(UserError, match=r"acts in .* are damaged\. Expected one act on each line"):
            registry.approved(store, NAME)


def _run(worklists: Path, *, base: float | None, children: list[str]) -> None:
    listed = pl.DataFrame(
        {
            "service_id": "S",
            "service_name": "Speech",
            "referral_id": children,
            "person_id": children,
            "child_reference": [child.upper() for child in children],
            "place": range(1, len(children) + 1),
        }
    )
    files: dict[str, bytes | pl.DataFrame] = {"list": listed}
    if base is not None:
        files["scorecard.json"] = json.dumps(card(base=base).document).encode()
    worklist.save(worklists, "2026-11-20", files, {})


def test_every_child_whom_a_version_ranked_is_listed_also_where_a_run_is_damaged(tmp_path: Path) -> None:
    assert registry.ranked(tmp_path / "none", card(base=-4.0).digest)[0].is_empty()
    _run(tmp_path, base=-4.0, children=["a", "b"])
    _run(tmp_path, base=-5.0, children=["c"])
    _run(tmp_path, base=None, children=["d"])
    _run(tmp_path, base=-4.0, children=["e"])
    _run(tmp_path, base=-4.0, children=["f"])
    (tmp_path / "2026-11-20-r5/list.parquet").write_bytes(b"")
    places, unreadable = registry.ranked(tmp_path, card(base=-4.0).digest)
    assert places.select("run", "place", "child_reference").rows() == [
        ("2026-11-20-r1", 1, "A"),
        ("2026-11-20-r1", 2, "B"),
        ("2026-11-20-r4", 1, "E"),
    ]
    assert unreadable == ["2026-11-20-r5"]


def test_the_commands_say_what_they_did_and_end_with_their_code(tmp_path: Path, store: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    name = registry.deployment(workspace.key(Purpose.REGISTRY))
    for base in (-4.0, -5.0):
        registry.record(store, name, _fit(base), verdict="go", because=[], figures={}, facts={})
    _run(workspace.worklists, base=-4.0, children=["a", "b"])
    place = ["--workspace", str(tmp_path / "w"), "--registry", str(store)]
    people = ["--by", "A. Lead", "--agreed-by", "B. Analyst", "--reason", "It passed its test"]

    def said(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["models", *arguments, *place])
        assert done.exit_code == code, done.output
        return done.output

    assert "policy alone" in said("list")
    assert "Version 1" in said("promote", "1", *people) and "Version 2" in said("promote", *people)
    assert "Version 1" in said("rollback", *people)
    told = json.loads(said("list", "--json"))
    assert [one["state"] for one in told["versions"]] == ["in force", "not in force"]
    assert [one["act"] for one in told["acts"]] == [PROMOTE, PROMOTE, ROLLBACK]
    assert "2 children at 2 places of 1 runs" in said("ranked", "1")
    gone = said("retire", "1", *people)
    assert "policy alone" in gone and "Whom it ranked" in gone
    assert json.loads(said("ranked", "2", "--json"))["ranked"] == []
    (workspace.worklists / "2026-11-20-r1/scorecard.json").write_text("{}")
    assert "cannot be read" in said("ranked", "2", code=1)
