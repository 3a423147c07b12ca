"""What stewards decided about pairs of records: rows of data, only ever added to, each of which can be taken back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from risk_model.errors import UserError

SAME, NOT_THE_SAME, UNDO = "same", "not the same", "undo"
DECISIONS = (SAME, NOT_THE_SAME, UNDO)
FILE = "link_decisions.jsonl"
SCHEMA = pl.Schema(
    dict.fromkeys(("decided_at", "by", "decision", "review_id", "one", "other", "reason"), pl.String())
)


@dataclass(frozen=True)
class Decision:
    """One row: who decided when, what, of which pair and why; `one` and `other` are records of the sources."""

    decided_at: str
    by: str
    decision: str
    review_id: str
    one: str
    other: str
    reason: str


def read(vault: Path) -> pl.DataFrame:
    """Return every decision ever made as SCHEMA, the oldest first."""
    path = vault / FILE
    if not path.is_file() or not path.stat().st_size:
        return SCHEMA.to_frame()
    try:
        return pl.read_ndjson(path, schema=SCHEMA)
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"The stewards' decisions in {path.name} are damaged. Expected one decision on each line. Restore the file "
            "from the backup of the vault: without it, decided children would be joined or parted anew."
        ) from error


def add(vault: Path, decision: Decision) -> None:
    """Write one more decision below the others; refuse one that contradicts them."""
    check(read(vault), decision)
    vault.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = vault / FILE
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(decision)) + "\n")


def in_force(decisions: pl.DataFrame) -> pl.DataFrame:
    """Return `review_id`, `one`, `other` and `decision` of what holds now: the last word on each pair, if no undo."""
    ends = {"first": pl.min_horizontal("one", "other"), "second": pl.max_horizontal("one", "other")}
    newest = decisions.with_columns(**ends).unique(["first", "second"], keep="last", maintain_order=True)
    return newest.filter(pl.col("decision") != UNDO).select("review_id", "one", "other", "decision")


def check(decisions: pl.DataFrame, decision: Decision) -> None:
    """Raise when a decision cannot stand beside those in force."""
    before = decisions.filter(review_id=decision.review_id)
    last = before["decision"][-1] if before.height else UNDO
    if decision.decision not in DECISIONS:
        raise UserError(f"{decision.decision!r} is no decision. Expected one of: {', '.join(DECISIONS)}.")
    if not decision.by.strip() or not decision.reason.strip():
        raise UserError("A decision needs a name and a reason. Give both with --by and --reason.")
    if decision.decision == UNDO:
        if last == UNDO:
            raise UserError(
                f"There is no decision on {decision.review_id} to take back. "
                "Expected one that `risk-model links history` shows as in force."
            )
        return
    if last != UNDO:
        raise UserError(
            f"{decision.review_id} was already decided: {last}. Expected a pair that nobody has decided. "
            f"Take that back first: risk-model links undo {decision.review_id}."
        )
    _check_fits(in_force(decisions), decision)


def _check_fits(held: pl.DataFrame, decision: Decision) -> None:
    """Raise when together with what was decided before, a record would be two children's or one child's and not."""
    pair = {decision.one, decision.other}
    is_same = decision.decision == SAME
    joined = [{one, other} for one, other in held.filter(decision=SAME).select("one", "other").iter_rows()]
    parted = [
        {one, other} for one, other in held.filter(decision=NOT_THE_SAME).select("one", "other").iter_rows()
    ]
    child = _all_joined_to(pair, joined) if is_same else _all_joined_to({decision.one}, joined)
    if (is_same and any(apart <= child for apart in parted)) or (not is_same and pair <= child):
        raise UserError(
            f"{decision.review_id} cannot be decided so: by earlier decisions these two records are "
            f"{'not ' if is_same else ''}one child's. Take one of those back first; `risk-model links history` shows "
            "them."
        )
    places = [_place(record) for record in child]
    twice = sorted({place for place in places if place and places.count(place) > 1})
    if is_same and twice:
        raise UserError(
            f"{decision.review_id} cannot be decided so: with earlier decisions one child would have two records at "
            f"{' and '.join(twice)}. Take the wrong one back first; `risk-model links history` shows them."
        )


def _all_joined_to(records: set[str], joined: list[set[str]]) -> set[str]:
    reached = set(records)
    while more := [pair for pair in joined if pair & reached and not pair <= reached]:
        reached = reached.union(*more)
    return reached


def _place(record: str) -> str | None:
    """Where a child can have one record only: among the pupils, or at one council."""
    kind, _, rest = record.partition("|")
    return {"upn": "school", "council": f"council {rest.partition('|')[0]}"}.get(kind)
