"""What the policy laboratory costs, and what it says of the default policy on a whole Devon."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import checking, journey
from benchmarks.harness import Figure, Measured
from risk_model import evaluation, pipeline, policy, registry, simulation
from risk_model.keys import Purpose
from risk_model.policy import DEFAULT_POLICY
from risk_model.simulation import children as drawing
from risk_model.simulation import laboratory, orders, reviews, telling
from risk_model.simulation.children import NEVER
from risk_model.simulation.laboratory import EVERY_LIST, LONGEST_WAIT
from risk_model.simulation.measuring import MEDIAN
from risk_model.simulation.past import Past
from risk_model.simulation.slots import AS_PLANNED, whole
from risk_model.workspace import Workspace

SECONDS = 60.0
LISTS, REVIEWS, REPLICATES = 8, 104, 100
LANES = (0.5, 0.7, 0.9)
QUARTERS = 4
SEED = 2026
FEWER_REPLICATES = 8
DEVON = Path("var/bench-devon-lab")
MOST_OF_TIER_1, MOST_OF_TIER_2 = 0.5, 1.25
INDEX_DATE = date.fromisoformat(journey.INDEX_DATE)
RULES, _ = policy.load(DEFAULT_POLICY)


def lab_seconds() -> Measured:
    """Eight orders, eight lists, two years, a hundred replicates, in seconds of processor; and the same on one core.

    One process does all of it, so that on an idle machine as many seconds pass.
    """
    journey.ensure()
    pasts = _pasts(journey.EXTRACTS, journey.TRUTH, journey.WORKSPACE, journey.REGISTRY)
    copied = sorted(pasts, key=lambda past: past.waiting.size)[: max(LISTS - len(pasts), 0)]
    copies = [replace(past, service_id=f"{past.service_id}-again") for past in copied]
    lists = [*pasts, *copies][:LISTS]
    started, worked = time.perf_counter(), time.process_time()
    names = _eight(lists, REPLICATES)
    waited, seconds = time.perf_counter() - started, time.process_time() - worked
    cores = os.sched_getaffinity(0)
    many = _eight(lists, FEWER_REPLICATES)
    try:
        os.sched_setaffinity(0, {min(cores)})
        alone = _eight(lists, FEWER_REPLICATES)
    finally:
        os.sched_setaffinity(0, cores)
    same = many == alone
    details = {
        "children_a_replicate": round(
            sum(past.waiting.size + REVIEWS * past.referrals_per_week for past in lists)
        ),
        "orders": len(names),
        "seconds_that_passed": round(waited, 1),
        "same_on_one_core": same,
    }
    return Measured(round(seconds, 1), seconds <= SECONDS and same, details)


def policy_multi_need_ratio() -> Measured:
    """Median wait of multiple needs under the smallest need lane that halves it, over that of longest wait first."""
    extracts = checking.devon_extracts()
    if not (DEVON / "workspace/evaluation").is_dir():
        where = ("--workspace", str(DEVON / "workspace"), "--registry", str(DEVON / "registry"))
        for step in (("train", str(extracts)), ("models", "promote", *journey.TWO_PEOPLE)):
            command = [sys.executable, "-m", "risk_model", *step, *where]
            subprocess.run(command, check=True, capture_output=True)
    pasts = _pasts(extracts, checking.FOLDER / "truth", DEVON / "workspace", DEVON / "registry")
    plan = simulation.Plan(reviews=REVIEWS, replicates=20)
    result = laboratory.run(pasts, RULES, plan, is_true_risk=True, tell=_quietly)
    medians = {
        (row["order"], row["group"]): row["value"]
        for row in result.figures.filter(
            capacity=AS_PLANNED, service_id=EVERY_LIST, measure=MEDIAN
        ).iter_rows(named=True)
    }
    ratios = {
        name: [medians[name, tier] / medians[LONGEST_WAIT, tier] for tier in ("tier 1", "tier 2")]
        for name in map(laboratory.lanes_name, plan.shares)
    }
    halving = [name for name, (first, _) in ratios.items() if first <= MOST_OF_TIER_1]
    chosen = (halving or [result.shown])[0]
    share = telling.share_of(chosen)
    assert share is not None, "only lanes are chosen"
    past_bound = sum(_past_the_bound(past, share) for past in pasts)
    avoided = dict(telling.events_avoided(result).select("order", "share_of_best").iter_rows())
    first, second = ratios[chosen]
    details = {
        "chosen": chosen,
        "keeps_the_standard": result.share is not None,
        "tier_2_ratio": round(second, 3),
        "past_the_printed_bound": past_bound,
        "share_of_what_true_risk_avoids": round(avoided[chosen], 3),
        "by_share": {name: [round(ratio, 3) for ratio in both] for name, both in ratios.items()},
    }
    holds = first <= MOST_OF_TIER_1 and second <= MOST_OF_TIER_2 and past_bound == 0
    return Measured(round(first, 3), holds, details)


def _pasts(extracts: Path, truth: Path, workspace: Path, store: Path) -> list[Past]:
    place = Workspace(workspace)
    card, why_none = registry.approved(store, registry.deployment(place.key(Purpose.REGISTRY)))
    assert card is not None, why_none
    known = evaluation.read_truth(truth)
    return pipeline.past_of_lists(
        extracts,
        place,
        index_date=INDEX_DATE,
        quarters=QUARTERS,
        rules=RULES,
        card=card,
        calendar=None,
        truth=known,
        reviews=REVIEWS,
        tell=_quietly,
    )


def _eight(lists: list[Past], replicates: int) -> dict[str, float]:
    """The mean of every figure by order: eight orders, drawn and run and counted."""
    plan = simulation.Plan(reviews=REVIEWS, replicates=replicates)
    table = laboratory.Table(lists, RULES, plan)
    simple = laboratory.simple_orders(RULES, has_risk=True, is_true_risk=False)
    for name, order in simple.items():
        table.add(AS_PLANNED, name, order)
    for share in LANES:
        table.add(AS_PLANNED, laboratory.lanes_name(share), orders.lanes, time_share=1 - share)
    figures = table.figures()
    return dict(figures.group_by("order", maintain_order=True).agg(figures["value"].sum()).iter_rows())


def _past_the_bound(past: Past, share: float) -> int:
    """Children of one list not offered a slot by the review at which the time lane's slots reach what they were told.

    A child with a longer waits ahead on the day it comes is told a + 1 slots, from that day on.
    """
    drawn = drawing.draw(past, REVIEWS, 2, np.random.default_rng(SEED))
    slots = whole(np.broadcast_to(past.pace.per_review, (2, REVIEWS)))
    course = reviews.run(drawn, past.facts, slots, orders.lanes, time_share=1 - share)
    until = np.floor(np.cumsum(slots, axis=1) * (1 - share) + 1e-9)
    late = 0
    for replicate in range(2):
        joins, offered = drawn.joins[replicate], course.offered[replicate]
        for child in np.flatnonzero(joins < NEVER):
            first = int(np.ceil(max(joins[child], 0.0)))
            here = (offered[:child] >= first) & (drawn.leaves[replicate, :child] > first)
            before = until[replicate, first - 1] if first else 0.0
            due = np.flatnonzero(until[replicate] >= before + here.sum() + 1)
            if due.size and offered[child] > due[0] and drawn.leaves[replicate, child] > due[0]:
                late += 1
    return late


def _quietly(_step: str) -> None:
    """Nobody reads the steps of a benchmark."""


FIGURES = [
    Figure(
        "policy_multi_need_ratio",
        "Devon: median wait of multiple needs under the smallest need lane that halves it, over longest wait first",
        "",
        f"at most {MOST_OF_TIER_1:g}, that of everybody else at most {MOST_OF_TIER_2:g}, nobody past the bound",
        policy_multi_need_ratio,
    ),
    Figure(
        "lab_seconds",
        f"eight orders on eight lists of a Plymouth, two years, {REPLICATES} paired replicates; of processor",
        "s",
        f"at most {SECONDS:g} s, the same on one core",
        lab_seconds,
    ),
]
