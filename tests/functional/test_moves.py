"""Between two runs: who moved, because of what, and when somebody must confirm it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml

from risk_model import policy, worklist
from risk_model.errors import FindingError
from risk_model.policy import DEFAULT_POLICY
from risk_model.policy.overrides import WAIT
from risk_model.worklist import Basis, Worklist, moves
from risk_model.worklist.moves import CAUSES, DATA, MODEL, POLICY, PROGRAM, TIME
from tests.conftest import Journey, risk_model

OTHER_SHARE = 0.05


def other_policy() -> bytes:
    """The default policy with hardly any slots for need."""
    rules = yaml.safe_load(DEFAULT_POLICY.read_text())
    rules["lanes"]["need_lane_share"] = OTHER_SHARE
    return yaml.safe_dump(rules).encode()


def later_run(old: Worklist, folder: Path, *, policy_file: bytes | None = None, protect: int = 0) -> Worklist:
    """The same run with other rules, or with so many of its last children under a protection plan."""
    content = policy_file or (old.folder / "policy.yaml").read_bytes()
    basis = moves._under(policy.read(content, "policy.yaml"), worklist.basis_of(old))
    last = old.list.sort("place").tail(protect).select(WAIT).with_columns(is_last=True)
    known = basis.features.join(last, on=WAIT, how="left", maintain_order="left").with_columns(
        protection_plan=pl.when("is_last").then(1.0).otherwise("protection_plan")
    )
    table = known.drop("is_last")
    return written(old, replace(basis, features=table), content, folder)


def written(old: Worklist, basis: Basis, content: bytes, folder: Path) -> Worklist:
    again = worklist.order(basis.features, basis.card, basis.rules, basis.services, basis.on)
    files = {
        "list": again.list,
        "contributions": again.contributions,
        "reasons": again.reasons,
        "measures": again.measures,
        "features": basis.features,
        "policy.yaml": content,
        "scorecard.json": (old.folder / "scorecard.json").read_bytes(),
    }
    facts = {key: value for key, value in old.provenance.items() if key not in ("made", "outputs")}
    facts["services"] = basis.services.with_columns(pl.col(pl.Date).cast(pl.String)).to_dicts()
    return worklist.load(worklist.save(folder, old.provenance["index_date"], files, facts))


@pytest.fixture(scope="module")
def run(journey: Journey, tmp_path_factory: pytest.TempPathFactory) -> Worklist:
    """The two shortest lists of the journey's run."""
    whole = worklist.load(journey.runs[0])
    basis = worklist.basis_of(whole)
    few = basis.services.sort("waiting").head(2)
    only = replace(
        basis,
        services=few,
        features=basis.features.join(few, on="service_id", how="semi", maintain_order="left"),
    )
    return written(whole, only, (whole.folder / "policy.yaml").read_bytes(), tmp_path_factory.mktemp("runs"))


def moved_by(found: moves.Moves) -> set[str]:
    return {cause for cause in (*CAUSES, PROGRAM) if (found.children[cause] != 0).any()}


def test_nothing_moves_between_two_runs_of_the_same(run: Worklist) -> None:
    found = moves.compare(run, run)
    assert moved_by(found) == set() and found.asks == ()
    assert found.children["main_cause"].null_count() == found.children.height


def test_what_each_cause_moved_adds_up_and_only_what_changed_moved_anybody(
    run: Worklist, tmp_path: Path
) -> None:
    learned = later_run(run, tmp_path / "learned", protect=5)
    both = later_run(learned, tmp_path / "both", policy_file=other_policy())
    assert moved_by(moves.compare(run, learned)) == {DATA}
    assert moved_by(moves.compare(learned, both)) == {POLICY}
    found = moves.compare(run, both)
    assert moved_by(found) == {DATA, POLICY}
    assert (found.children["moved"] == found.children.select(pl.sum_horizontal(CAUSES)).to_series()).all()
    assert "The new policy takes the next slot from" in found.asks[0]


def test_who_left_and_who_came_is_told_and_moves_the_others_by_time(run: Worklist, tmp_path: Path) -> None:
    gone = run.list.filter(pl.col("place") == 1).select(WAIT)
    basis = worklist.basis_of(run)
    left = replace(basis, features=basis.features.join(gone, on=WAIT, how="anti", maintain_order="left"))
    shorter = moves._with_causes(basis, left)
    places = [moves._places(step) for step in shorter]
    assert places[0].height == run.list.height - gone.height
    assert all(step.equals(places[0]) for step in places)
    back = moves._with_causes(left, basis)
    assert moves._places(back[0]).equals(moves._places(basis))
    assert CAUSES[0] == TIME


def test_a_policy_that_moves_more_than_agreed_asks_and_a_list_without_a_model_never_does(
    run: Worklist,
) -> None:
    basis = worklist.basis_of(run)
    other = moves._under(policy.read(other_policy(), "other.yaml"), basis)
    moved = moves.by_rules(run, other)
    assert [top.cause for top in moved.top] == [POLICY]
    with pytest.raises(FindingError, match="--confirm-moves"):
        moves.check_confirmed(moved, other.rules, None)
    assert moves.check_confirmed(moved, other.rules, "agreed in May")[0].endswith("Confirmed: agreed in May")
    assert moves.by_rules(run, replace(basis, card=None)).top == ()
    assert moves.by_rules(None, basis).compared_with is None
    assert MODEL not in [top.cause for top in moves.by_rules(run, basis).top]


def test_a_list_whose_moves_were_confirmed_says_so(journey: Journey, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_bytes(other_policy())
    before = journey.runs
    done = journey.prioritise("--policy", file, "--confirm-moves", "a trial of the lanes")
    assert done.returncode == 0, done.stderr
    made = journey.runs[-1]
    told = worklist.load(made).provenance
    made.rename(tmp_path / made.name)
    assert told["moves"]["compared_with"] == before[-1].name
    assert told["moves"]["confirmed_because"] == "a trial of the lanes"
    assert any("Confirmed: a trial of the lanes" in warning for warning in told["warnings"])


def test_the_command_names_who_moved_and_writes_a_page_that_fetches_nothing(
    run: Worklist, tmp_path: Path
) -> None:
    learned = later_run(run, tmp_path / "lists", protect=3)
    page = tmp_path / "moves.html"
    done = risk_model("compare", run.folder, learned.folder, "--html", page, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["asks_for_confirmation"]) == (0, [])
    assert DATA in {row["main_cause"] for row in told["children"]} <= {DATA, None}
    assert "//" not in page.read_text() and "<script" not in page.read_text()


WRONG = [
    ("the runs are exchanged", {"index_date": "2026-01-01"}, "of a later day"),
    ("another workspace", {"pseudonyms": {"key_id": "other"}}, "different keys"),
]


@pytest.mark.parametrize(("told", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_runs_that_cannot_be_compared_are_refused_in_a_sentence(
    run: Worklist, told: dict[str, object], said: str
) -> None:
    with pytest.raises(Exception, match=said):
        moves.compare(run, Worklist(run.folder, {**run.provenance, **told}))
