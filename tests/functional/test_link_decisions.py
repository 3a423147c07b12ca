"""A steward's decisions through whole runs: the next list obeys, an undo takes back, and the register tells of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from risk_model import linkage, worklist
from risk_model.__main__ import app
from risk_model.errors import UserError
from risk_model.keys import Purpose
from risk_model.synthetic import synthesise
from risk_model.workspace import Workspace
from tests.conftest import INDEX_DATE
from tests.link_weights import WEIGHTS

TWO_PEOPLE = "one NHS number on what look like two people"
ONE_CHILD = "health records of one child"


class Steward:
    """One workspace, and what a steward types in it."""

    def __init__(self, folder: Path) -> None:
        self.extracts, self.workspace = folder / "cohort/extracts", folder / "w"
        synthesise(folder / "cohort", scale="tiny", scenario="adversarial")
        Workspace(self.workspace).keep_linkage_weights(linkage.written(WEIGHTS))

    def types(self, *arguments: object) -> str:
        done = CliRunner().invoke(app, [*map(str, arguments), "--workspace", str(self.workspace)])
        if done.exception:
            raise done.exception
        return done.stdout

    def answer(self, *arguments: object) -> Any:
        return json.loads(self.types("links", *arguments, "--json"))

    def decides(self, *arguments: object) -> str:
        return self.types("links", *arguments, "--by", "a steward", "--reason", "looked at both files")

    def runs(self) -> pl.DataFrame:
        """Run the list anew; return the changes of names of that run: merges and splits."""
        self.types("prioritise", self.extracts, "--index-date", INDEX_DATE, "--policy-only")
        newest = max(
            (self.workspace / "worklists").iterdir(), key=lambda run: int(run.name.rpartition("r")[2])
        )
        assert worklist.load(newest).list.height
        return pl.read_parquet(newest / "person_changes.parquet")

    def vault(self, name: str) -> pl.DataFrame:
        return linkage.vault.read(Workspace(self.workspace).vault_of(Purpose.DIRECT_CARE), name)

    def person_of(self, record: str) -> str:
        """The name of a patient by NHS number, or by a provider's own."""
        kind, *numbers = record.split("|")
        ours = ("nhs_number",) if kind == "nhs" else ("issuer", "number")
        held = self.vault("held").filter(kind="patient", **dict(zip(ours, numbers, strict=True)))
        return str(held["person_id"].unique().item())


def _children(held: pl.DataFrame) -> set[frozenset[tuple[str | None, ...]]]:
    """Which records are one child's, whatever the child is called."""
    named = held.drop_nulls("person_id").partition_by("person_id")
    return {frozenset(rows.select("kind", "issuer", "number").iter_rows()) for rows in named}


@pytest.fixture(scope="module")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Steward:
    return Steward(tmp_path_factory.mktemp("steward"))


def test_the_next_list_obeys_a_steward_until_the_decision_is_taken_back(steward: Steward) -> None:
    assert steward.runs().is_empty()
    before = _children(steward.vault("held"))
    open_pair = next(pair for pair in steward.answer("review") if pair["why"] == TWO_PEOPLE)
    two = [steward.person_of(open_pair[side]) for side in ("left", "right")]
    assert two[0] != two[1]
    made = steward.vault("links")
    grouped = made.filter(pl.col("method") == ONE_CHILD, pl.col("right").str.starts_with("local|"))
    at_school = made.filter(
        pl.col("right").str.starts_with("upn|"), ~pl.col("person_id").is_in([*grouped["person_id"], *two])
    )
    parted = [grouped.row(0, named=True), at_school.row(0, named=True)]
    for link in parted:
        shown = steward.answer("made", "--person", link["person_id"][:12])
        assert link["review_id"] in [one["review_id"] for one in shown]
        assert "The next run obeys" in steward.decides("decide", link["review_id"], "not-the-same")
    steward.decides("decide", open_pair["review_id"].lower(), "same")
    assert [one["in_force"] for one in steward.answer("history")] == ["in force"] * 3

    changed = steward.runs()
    assert steward.person_of(open_pair["left"]) == steward.person_of(open_pair["right"]), "joined"
    assert steward.person_of(parted[0]["right"]) != parted[0]["person_id"], "parted"
    assert parted[1]["review_id"] not in steward.vault("links")["review_id"].to_list()
    assert open_pair["review_id"] not in [one["review_id"] for one in steward.answer("review")]
    merge, split = (changed.filter(kind=kind).row(0, named=True) for kind in ("merge", "split"))
    assert {merge["person_id"], merge["other_person_id"]} == set(two)
    assert split["person_id"] == parted[0]["person_id"]
    assert split["other_person_id"] == steward.person_of(parted[0]["right"])

    for pair in (*parted, open_pair):
        assert "is taken back" in steward.decides("undo", pair["review_id"])
    told = steward.answer("history")
    assert [one["decision"] for one in told] == ["not the same"] * 2 + ["same"] + ["undo"] * 3
    assert {one["in_force"] for one in told} == {""}
    steward.runs()
    assert steward.person_of(open_pair["left"]) != steward.person_of(open_pair["right"])
    assert steward.person_of(parted[0]["right"]) == steward.person_of(parted[0]["left"])
    assert parted[1]["review_id"] in steward.vault("links")["review_id"].to_list()
    assert _children(steward.vault("held")) == before, "as if nothing had been decided"
    with pytest.raises(UserError, match=r"no decision on .* to take back"):
        steward.decides("undo", open_pair["review_id"])
