"""What a model loses that is retrained on lists which it ordered itself, in a laboratory of the invented cohort.

Two Plymouths of the same children see them in another order. In the one the longest wait always comes first. In the
other a model orders every list of the last two years, quarter by quarter, by its estimate alone and with no policy over
it, which is the hardest case: whom it puts first is seen before anything can happen to them, and of whom it puts last
it learns most. It is retrained twice a year on what its own lists left to see. Both last models are then judged on
children whom neither has seen, of a third Plymouth, against the true risk.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model import evaluation, features, linkage, model, pipeline, scorecard, snapshot, sources, synthetic
from risk_model.evaluation import measures
from risk_model.keys import Key, Purpose
from risk_model.linkage import LinkWeights, People
from risk_model.model import Rows, fitting
from risk_model.scorecard import Numbers, Scorecard
from risk_model.snapshot import Frames
from risk_model.synthetic.clock import week_of
from risk_model.synthetic.queue_orders import Order, by_estimate, by_longest_wait

FOLDER = Path("var/bench-closed-loop")
SEEDS = (5001,)
JUDGED_SEED, FIT_SEED = 5101, 1
FIRST_LIST = date(2025, 1, 1)
"""The first day on which a quarter with a year before it has its 26 weeks behind it, and is known of."""
LISTS = pl.date_range(FIRST_LIST, date(2026, 10, 1), "3mo", eager=True).to_list()
RETRAINED_EVERY = 2
MOST_LOST = 0.02
TOP = "share of the gap closed"


@dataclass(frozen=True)
class Plymouth:
    """What partners had sent of one Plymouth by a day, who is who, and which child each person is."""

    frames: Frames
    people: People
    children: pl.DataFrame
    truth: evaluation.Truth


def closed_loop_loss() -> Measured:
    """Share of the gap closed by a model of longest-wait lists, minus that of one of its own lists."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    judged = _made(JUDGED_SEED, by_longest_wait)
    days = snapshot.landmarks(judged.frames)
    rows = pipeline.look_back(judged.frames, judged.people, days)
    found = [_one(seed, judged, rows) for seed in SEEDS]
    losses = [one["longest wait lists"][TOP] - one["own lists"][TOP] for one in found]
    loss = round(float(np.mean(losses)), 4)
    return Measured(loss, loss <= MOST_LOST, dict(zip(map(str, SEEDS), found, strict=True)))


def _one(seed: int, judged: Plymouth, rows: pl.DataFrame) -> dict[str, Any]:
    weights = judged.people.weights
    own, trainings = _order_of_its_own(seed, weights)
    told: dict[str, Any] = {"retrained on": trainings}
    for name, order in {"longest wait lists": by_longest_wait, "own lists": own}.items():
        on = _rows(_made(seed, order, weights))
        card = _fit(on)
        told[name] = {
            "rows": len(on.event),
            "events": int(on.event.sum()),
            "fortnights at risk": int(on.fortnights.sum()),
            **_judged(card, judged, rows),
        }
    return told


def _order_of_its_own(seed: int, weights: LinkWeights) -> tuple[Order, list[str]]:
    """The order of the lists that a model made; what was known on a list's day follows from the lists before it."""
    estimates: dict[int, Numbers] = {}
    trainings = []
    card: Scorecard | None = None
    for number, day in enumerate(LISTS):
        made = _made(seed, by_estimate(estimates), weights, until=day)
        if card is None or number % RETRAINED_EVERY == 0:
            card = _fit(_rows(made))
            trainings.append(str(day))
        estimates[week_of(np.datetime64(day)) + 1] = _estimates(card, made, day)
    return by_estimate(estimates), trainings


def _estimates(card: Scorecard, made: Plymouth, day: date) -> Numbers:
    """The model's number for each child of the cohort who is on a list of the day, NaN for the others."""
    listed = features.of_children(snapshot.take(made.frames, made.people, day))
    order = scorecard.log_hazard_for_place(card.table, scorecard.columns(card, listed))
    known = listed.select("person_id", estimate=pl.Series(order)).join(made.children, on="person_id")
    every = made.truth.identities["child_id"].sort()
    numbered = known.select(place=every.search_sorted(known["child_id"]), estimate="estimate")
    estimates = np.full(len(every), np.nan)
    estimates[numbered["place"].to_numpy()] = numbered["estimate"].to_numpy()
    return estimates


def _rows(made: Plymouth) -> Rows:
    days = snapshot.landmarks(made.frames)
    return model.training_rows(pipeline.look_back(made.frames, made.people, days))


def _fit(rows: Rows) -> Scorecard:
    return Scorecard({**fitting.boosted(rows, FIT_SEED)[1], "bootstrap": []})


def _judged(card: Scorecard, judged: Plymouth, rows: pl.DataFrame) -> dict[str, float]:
    """How much of the way from the longest wait to the true risk a model's order goes, over all landmarks together."""
    truth = judged.truth.hazards.select("child_id", "on", "risk_26_weeks")
    known = rows.join(judged.children, on="person_id").join(
        truth, left_on=("child_id", "landmark_on"), right_on=("child_id", "on")
    )
    risk = known["risk_26_weeks"].cast(pl.Float64).to_numpy()
    values = scorecard.columns(card, known)
    orders = {
        "model": scorecard.log_hazard_for_place(card.table, values),
        "wait": known["longest_wait_weeks"].to_numpy(),
        "truth": risk,
    }
    once = np.ones((1, len(risk)))
    tops = {name: float(measures.top_mean(order, risk, once)[0]) for name, order in orders.items()}
    predicted = card.table.risk(card.table.log_hazard(values))
    return {
        "judged rows": len(risk),
        TOP: round((tops["model"] - tops["wait"]) / (tops["truth"] - tops["wait"]), 4),
        "predicted over true": round(float(predicted.sum() / risk.sum()), 3),
    }


def _made(
    seed: int, order: Order, weights: LinkWeights | None = None, *, until: date | None = None
) -> Plymouth:
    """One Plymouth, read as partners had sent it by a day; its files are removed again."""
    folder = FOLDER / "plymouth"
    shutil.rmtree(folder, ignore_errors=True)
    synthetic.synthesise(folder, scale="plymouth", seed=seed, order=order)
    frames = sources.check(folder / "extracts").frames
    if until is not None:
        frames = snapshot.known_frames(frames, until)
    register = linkage.new_register(Key(Purpose.TRAINING, str(seed).encode()))
    people = linkage.link(frames, register=register, weights=weights)
    truth = evaluation.read_truth(folder / "truth")
    shutil.rmtree(folder)
    return Plymouth(frames, people, evaluation.children_of(people.held, truth.identities), truth)


FIGURES = [
    Figure(
        "closed_loop_loss",
        "share of the gap closed that a model loses by two years of retraining on lists it ordered itself, Plymouth",
        "",
        f"at most {MOST_LOST}",
        closed_loop_loss,
    )
]
