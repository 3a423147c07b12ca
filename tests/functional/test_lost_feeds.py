"""With one council's feeds lost no list is made; with the gap accepted nobody falls further than the list says.

Three councils share the lists (scale `tiny_devon`); Devon's feeds (878) are lost.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import coverage, features, linkage, snapshot, sources, worklist
from risk_model.keys import Purpose
from risk_model.linkage import People
from risk_model.snapshot import Frames
from risk_model.synthetic import synthesise
from risk_model.workspace import Workspace
from tests.conftest import INDEX_DATE, risk_model

FEEDS = [name for name, feed in coverage.FEEDS.items() if feed.comes_from_councils and not feed.is_optional]
COUNCIL = "878"
REASON = "The council sends everything again on 2 December"
ACCEPTED = [*(f"--accept-gap={feed}:{COUNCIL}" for feed in FEEDS), f"--reason={REASON}"]


@dataclass(frozen=True)
class Runs:
    """One day's lists with every feed and without one council's, and who is who with every feed."""

    extracts: Path
    lost: Path
    workspace: Path
    full: worklist.Worklist
    gap: worklist.Worklist
    people: People
    frames: Frames

    def prioritise(self, extracts: Path, *more: object) -> tuple[int, str]:
        day = ("--index-date", INDEX_DATE, "--policy-only", "--workspace", self.workspace)
        done = risk_model("prioritise", extracts, *day, *more)
        return done.returncode, done.stderr

    def children_of(self, is_here: pl.Expr) -> pl.DataFrame:
        return self.people.persons.filter(is_here).select("person_id")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("lost feeds")
    synthesise(folder / "cohort", scale="tiny_devon")
    extracts, lost = folder / "cohort/extracts", folder / "lost"
    shutil.copytree(extracts, lost)
    _lose_council(lost)
    day = ("--index-date", INDEX_DATE, "--policy-only", "--workspace", folder / "w")
    for source, more in ((extracts, []), (lost, ACCEPTED)):
        done = risk_model("prioritise", source, *day, *more)
        assert done.returncode == 0, done.stderr
    full, gap = (worklist.load(run) for run in sorted((folder / "w/worklists").iterdir()))
    frames = snapshot.known_frames(sources.check(extracts).frames, date.fromisoformat(INDEX_DATE))
    kept = Workspace(folder / "w")
    care = Purpose.DIRECT_CARE
    register = linkage.open_register(kept.vault_of(care), kept.key(care), date.fromisoformat(INDEX_DATE))
    people = linkage.link(frames, register=register, weights=kept.linkage_weights())
    return Runs(extracts, lost, folder / "w", full, gap, people, frames)


def _lose_council(extracts: Path) -> None:
    """Take away every file that one council sent."""
    for feed in FEEDS:
        shutil.rmtree(extracts / feed / f"{COUNCIL}-devon")


def _lose_months(extracts: Path, provider: str, after: str) -> None:
    """Take away a provider's CSDS submissions of the months after a day: it has gone silent."""
    header = pl.read_csv(extracts / "csds/CYP000Header.csv", infer_schema=False)
    late = header.filter(pl.col("OrgID_Provider") == provider, pl.col("RP_EndDate") > after)
    for path in (extracts / "csds").glob("*.csv"):
        rows = pl.read_csv(path, infer_schema=False)
        rows.join(late, on="UniqueSubmissionID", how="anti", maintain_order="left").write_csv(path)


def test_lists_are_refused_and_feed_and_council_are_named(runs: Runs) -> None:
    before = sorted((runs.workspace / "worklists").iterdir())
    code, said = runs.prioritise(runs.lost)
    assert code == 1
    assert said.startswith(f"Error: No list is made, since {len(FEEDS)} mandatory feeds are not there")
    for feed in FEEDS:
        assert f"{feed}:{COUNCIL} is missing" in said
    assert sorted((runs.workspace / "worklists").iterdir()) == before


def test_a_gap_that_is_none_is_wrong_use(runs: Runs) -> None:
    code, said = runs.prioritise(runs.extracts, f"--accept-gap=sen2:{COUNCIL}", f"--reason={REASON}")
    assert (code, "There is no gap" in said) == (2, True)
    code, said = runs.prioritise(runs.lost, *ACCEPTED[:-1])
    assert (code, "--reason" in said) == (2, True)


def test_the_same_children_wait_and_nobody_of_the_council_falls_further_than_the_spread(runs: Runs) -> None:
    here = runs.children_of(pl.col("home_la_code") == COUNCIL)
    key = ("service_id", "referral_id")
    full = runs.full.list.select(*key, "person_id", place_with_all="place")
    both = full.join(runs.gap.list.select(*key, "place", "best_place", "worst_place"), on=key, how="left")
    assert (both["place"].null_count(), runs.gap.list.height) == (0, runs.full.list.height)
    theirs = both.join(here, on="person_id", how="semi")
    assert theirs.height > 0
    assert theirs.filter(pl.col("best_place") > pl.col("place_with_all")).is_empty()


def test_nobody_of_the_council_reads_no_need(runs: Runs) -> None:
    here = runs.children_of(pl.col("home_la_code") == COUNCIL)
    table = runs.gap.features.join(here, on="person_id", how="semi")
    for feature in features.FEATURES:
        if feature.source and set(coverage.tellers_of(feature.source)) & set(FEEDS):
            assert table.filter(pl.col(feature.name) == 0).is_empty(), feature.name
    states = {*table["education_state"], *table["social_care_state"]}
    assert "unknown" in states and "none" not in states
    partners = {fact["partner"] for fact in table["unknown_facts"].explode()}
    assert {"education", "social care"} <= partners


def test_what_is_known_of_other_councils_children_stays(runs: Runs) -> None:
    """But for children of whom the lost council held a record, such as pupils from across its border, and for children
    whom health notes as looked after: by whom is not known, where no council that sends has them in care."""
    held = [
        runs.frames[name]
        .filter(pl.col("la_code") == COUNCIL)
        .join(runs.people.holders[holder], on=on)["person_id"]
        for name, holder, on in (
            ("school_census_pupil", "pupil", "upn"),
            ("sen2_person", "pupil", "upn"),
            ("attendance_week", "pupil", "upn"),
            ("cin_child", "council_child", ["la_code", "la_child_id"]),
            ("looked_after_child", "council_child", ["la_code", "la_child_id"]),
        )
    ]
    held.append(runs.full.features.filter(pl.col("looked_after_in_health") == 1)["person_id"])
    elsewhere = runs.children_of(
        (pl.col("home_la_code") != COUNCIL) & ~pl.col("person_id").is_in(pl.concat(held).unique().implode())
    )
    full, gap = (run.features.join(elsewhere, on="person_id", how="semi") for run in (runs.full, runs.gap))
    assert full.height > 0
    for feature in features.FEATURES:
        was_known = full[feature.name].is_not_null()
        assert full[feature.name].filter(was_known).equals(gap[feature.name].filter(was_known)), feature.name


def test_the_run_keeps_the_gap_its_reason_and_the_coverage_and_can_be_made_again(runs: Runs) -> None:
    told = runs.gap.provenance
    assert [(gap["feed"], gap["locality"], gap["reason"]) for gap in told["accepted_gaps"]] == [
        (feed, COUNCIL, REASON) for feed in FEEDS
    ]
    asked, asked_of_all = (
        [row for row in run.provenance["coverage"] if row["is_expected"]] for run in (runs.gap, runs.full)
    )
    missing = {(row["feed"], row["locality"]) for row in asked if row["state"] == "missing"}
    assert missing == {(feed, COUNCIL) for feed in FEEDS}
    assert runs.full.provenance["accepted_gaps"] == []
    assert {row["state"] for row in asked_of_all} == {"covered"}
    assert worklist.verify(runs.gap.folder) == []


def test_a_provider_gone_silent_is_named_and_its_list_stands(runs: Runs, tmp_path: Path) -> None:
    silent = Path(shutil.copytree(runs.extracts, tmp_path / "silent"))
    _lose_months(silent, "RK9", after="2026-06-30")
    code, said = runs.prioritise(silent)
    assert code == 1
    assert "csds:RK9 is stale: no Community Services Data Set from RK9 since 30 Jun 2026" in said
    assert "Its last list stands." in said
    code, said = runs.prioritise(silent, "--accept-gap=csds:RK9", f"--reason={REASON}")
    assert code == 0, said
    listed = worklist.load(worklist.newest(runs.workspace / "worklists"))
    stands, before = (run.list.filter(pl.col("provider_code") == "RK9").height for run in (listed, runs.full))
    assert stands > 0.5 * before
    assert listed.provenance["accepted_gaps"][0]["state"] == "stale"
