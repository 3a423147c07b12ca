"""Who moved between two runs and because of what: the newer list made again with one cause changed at a time.

The causes are changed in this order, each on top of those before, so that what they moved adds up to the whole: *time*
(a later review with its slots; who left and who came), *data* (what is known of the children), *decisions* (of
reviewers), *model*, *policy*. Another order of causes would share some moves differently; this one asks last what we
ourselves decide, given everything that happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import polars as pl

from risk_model import policy
from risk_model.errors import FindingError, UserError
from risk_model.policy import Policy, capacity
from risk_model.policy.overrides import WAIT
from risk_model.worklist.folder import Worklist
from risk_model.worklist.order import with_risk
from risk_model.worklist.replay import Basis, basis_of

TIME, DATA, DECISIONS, MODEL, POLICY, PROGRAM = "time", "data", "decisions", "model", "policy", "program"
CAUSES: Final = (TIME, DATA, DECISIONS, MODEL, POLICY)
OFFERED_SLOT: Final = ("offered_on", "was_offered", "missed_on")
"""What time changes of a child's own row: a slot offered and come to nothing."""
NEXT: Final = "next"
_STEP: Final = "step_"


@dataclass(frozen=True)
class TopMoved:
    """How many children would be offered a slot at the next review without a cause, and how many lose it to that."""

    cause: str
    offered: int
    replaced: int

    @property
    def share(self) -> float:
        return self.replaced / self.offered if self.offered else 0.0


@dataclass(frozen=True)
class ByRules:
    """What a new model and a new policy did to the top of the lists, against the run `compared_with`, or why not."""

    compared_with: str | None
    top: tuple[TopMoved, ...]
    not_compared_because: str | None

    def as_dict(self) -> dict[str, Any]:
        causes = [{**asdict(moved), "share": round(moved.share, 4)} for moved in self.top]
        return {
            "compared_with": self.compared_with,
            "causes": causes,
            "not_compared_because": self.not_compared_because,
        }


@dataclass(frozen=True)
class Moves:
    """`children` has a row per child on both lists: `place_before`, `place`, `moved` (negative is up), a column per
    cause of the places it moved the child, and the `main_cause`; `came` and `left` a row per child on one list only.
    `top` says what each cause did to those offered a slot at the next review; `asks`: what of it must be confirmed,
    a sentence each. `program`: places that another version of
    the program moved, which no replay explains.
    """

    children: pl.DataFrame
    came: pl.DataFrame
    left: pl.DataFrame
    top: tuple[TopMoved, ...]
    asks: tuple[str, ...]


def compare(old: Worklist, new: Worklist) -> Moves:
    """Return who moved between two runs of one deployment, and because of what."""
    _check_can_be_compared(old, new)
    before, after = basis_of(old), basis_of(new)
    steps = [_places(before), *(_places(basis) for basis in _with_causes(before, after))]
    told = old.list.join(new.list, on=WAIT, suffix="_now")
    children = told.select(
        *WAIT,
        "service_name",
        "child_reference",
        place_before="place",
        place="place_now",
        tier_before="tier",
        tier="tier_now",
        lane_before="lane",
        lane="lane_now",
        moved=pl.col("place_now") - pl.col("place"),
    )
    for number, step in enumerate(steps):
        children = children.join(
            step.select(*WAIT, pl.col("place").alias(f"{_STEP}{number}")),
            on=WAIT,
            how="left",
            maintain_order="left",
        )
    moved_by = {
        cause: pl.col(f"{_STEP}{number + 1}") - pl.col(f"{_STEP}{number}")
        for number, cause in enumerate(CAUSES)
    }
    children = children.with_columns(**moved_by).with_columns(
        (pl.col("moved") - pl.sum_horizontal(CAUSES)).alias(PROGRAM)
    )
    top = tuple(_top(cause, steps[number], steps[number + 1]) for number, cause in enumerate(CAUSES))
    return Moves(
        children=children.select(pl.exclude(f"^{_STEP}.*$"))
        .with_columns(main_cause=_main_cause())
        .sort("service_id", "place"),
        came=_only(new.list, old.list),
        left=_only(old.list, new.list),
        top=top,
        asks=tuple(too_many([moved for moved in top if _is_asked(moved.cause, before, after)], after.rules)),
    )


def by_list(moves: Moves) -> pl.DataFrame:
    """Return a row per list: how many children stayed, moved, came and left, and how far each cause moved them."""
    key = ("service_id", "service_name")
    far = {f"places_by_{cause}": pl.col(cause).abs().sum() for cause in (*CAUSES, PROGRAM)}
    stayed = moves.children.group_by(key).agg(
        on_both=pl.len(), moved=(pl.col("moved") != 0).sum(), furthest=pl.col("moved").abs().max(), **far
    )
    came, left = (
        side.group_by(key).agg(pl.len().alias(name))
        for name, side in (("came", moves.came), ("left", moves.left))
    )
    joined = stayed.join(came, on=key, how="full", coalesce=True).join(
        left, on=key, how="full", coalesce=True
    )
    return joined.with_columns(pl.col("on_both", "moved", "came", "left").fill_null(0)).sort("service_id")


def by_rules(earlier: Worklist | None, basis: Basis) -> ByRules:
    """Return what a new model and a new policy do to the top of the lists of a run, against those of the run before.

    A cause that did not change is not among them.
    """
    if earlier is None:
        return ByRules(None, (), None)
    try:
        before = basis_of(earlier)
    except UserError as error:
        return ByRules(earlier.run, (), str(error))
    with_rules_before = _under(before.rules, basis)
    bases = {
        MODEL: (replace(with_rules_before, card=before.card), with_rules_before),
        POLICY: (with_rules_before, basis),
    }
    found = [
        _top(cause, _places(without), _places(with_it))
        for cause, (without, with_it) in bases.items()
        if _is_asked(cause, before, basis)
    ]
    return ByRules(earlier.run, tuple(found), None)


def too_many(top: Sequence[TopMoved], rules: Policy) -> list[str]:
    """Return a sentence for each cause that moved more of the top of the lists than the policy agrees to."""
    limit = rules.share_of_top_that_asks
    return [
        f"The new {moved.cause} takes the next slot from {moved.replaced} of {moved.offered} children who would be "
        f"offered one without it ({moved.share:.0%}; {limit:.0%} is agreed)."
        for moved in top
        if moved.share > limit
    ]


def check_confirmed(moved: ByRules, rules: Policy, reason: str | None) -> list[str]:
    """Return the sentences that stand on a list whose moves were confirmed; refuse the list where they were not."""
    sentences = too_many(moved.top, rules)
    if sentences and reason is None:
        raise FindingError(
            f"{' '.join(sentences)} Expected a confirmation, since so many moves are either meant or a mistake. "
            "Look at both with `risk-model compare`, then add --confirm-moves REASON. No list was made."
        )
    return [f"{sentence} Confirmed: {reason}" for sentence in sentences]


def _with_causes(before: Basis, after: Basis) -> list[Basis]:
    """The old basis with one cause more of the new one, in the order of `CAUSES`; the last is the new one."""
    older = before.features.select(after.features.columns)
    since = after.features.select(*WAIT, *OFFERED_SLOT)
    stayed = older.drop(OFFERED_SLOT).join(since, on=WAIT).select(after.features.columns)
    came = after.features.join(older, on=WAIT, how="anti")
    later = pl.concat([stayed, came]).sort("service_id", "referral_id")
    slots = capacity.shared_under(after.services, before.rules)
    time = replace(before, features=later, services=slots, on=after.on)
    data = replace(time, features=after.features)
    decisions = replace(data, decisions=after.decisions)
    model = replace(decisions, card=after.card)
    return [time, data, decisions, model, after]


def _is_asked(cause: str, before: Basis, after: Basis) -> bool:
    """Whether a cause is one that somebody decided on, and changed.

    Going to or from a list without any model is no change of model: which of the two a run uses is decided and said
    elsewhere, and nothing may stand in the way of the list without one.
    """
    if cause == MODEL:
        return before.card is not None and after.card is not None and before.card.digest != after.card.digest
    return cause == POLICY and before.rules != after.rules


def _under(rules: Policy, basis: Basis) -> Basis:
    """The same run under other rules."""
    return replace(basis, rules=rules, services=capacity.shared_under(basis.services, rules))


def _places(basis: Basis) -> pl.DataFrame:
    ranked = policy.rank(
        with_risk(basis.features, basis.card),
        basis.rules,
        basis.services,
        basis.on,
        decisions=basis.decisions,
    )
    return ranked.select(*WAIT, "place", "lane")


def _top(cause: str, before: pl.DataFrame, after: pl.DataFrame) -> TopMoved:
    """Who is offered a slot at the next review under the one list and not under the other."""
    offered, still = (side.filter(pl.col("lane") != NEXT) for side in (before, after))
    return TopMoved(cause, offered.height, offered.join(still, on=WAIT, how="anti").height)


def _main_cause() -> pl.Expr:
    """The cause that moved the child furthest; nothing where it stands as before and nothing moved it."""
    causes = (*CAUSES, PROGRAM)
    furthest = pl.max_horizontal(pl.col(cause).abs() for cause in causes)
    found = pl.coalesce(
        pl.when((pl.col(cause).abs() == furthest) & (furthest > 0)).then(pl.lit(cause)) for cause in causes
    )
    return found


def _only(listed: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    alone = listed.join(other, on=WAIT, how="anti", maintain_order="left")
    return alone.select(*WAIT, "service_name", "child_reference", "tier", "place", "lane")


def _check_can_be_compared(old: Worklist, new: Worklist) -> None:
    keys = [run.provenance["pseudonyms"]["key_id"] for run in (old, new)]
    if keys[0] != keys[1]:
        raise UserError(
            f"{old.run} and {new.run} name children by different keys, so nobody can be found on both. Expected two "
            "runs of one workspace."
        )
    if old.provenance["index_date"] > new.provenance["index_date"]:
        raise UserError(
            f"{old.run} is of a later day than {new.run}. Expected the older run first. Exchange the two."
        )
    if missing := sorted(set(new.features.columns) - set(old.features.columns)):
        raise UserError(
            f"{old.run} lacks {len(missing)} facts that {new.run} has, since another version of the program made it: "
            "the newer list cannot be made again from the older facts. Make the older list again with this version."
        )


def furthest(moves: Moves) -> pl.DataFrame:
    """Return the children who moved, the furthest first."""
    moved = moves.children.filter((pl.col("moved") != 0) | (pl.sum_horizontal(pl.col(CAUSES).abs()) > 0))
    return moved.sort(pl.col("moved").abs(), "service_id", "place", descending=[True, False, False]).select(
        *WAIT, "service_name", "child_reference", "tier_before", "tier", "place_before", "place", "moved",
        *CAUSES, *([PROGRAM] if (moves.children[PROGRAM] != 0).any() else []), "main_cause",
    )  # fmt: skip


def in_words(moves: Moves) -> str:
    """Return the whole of it in a sentence."""
    both, moved = moves.children.height, int((moves.children["moved"] != 0).sum())
    main = moves.children["main_cause"].drop_nulls().value_counts(sort=True, name="children")
    because = ", ".join(f"{row['children']} by {row['main_cause']}" for row in main.iter_rows(named=True))
    return (
        f"Of {both} waits on both runs, {moved} stand at another place; {moves.came.height} came and "
        f"{moves.left.height} left." + (f" Moved furthest {because}." if because else "")
    )
