"""Killing the service's work at random moments: nothing half-visible afterwards, nothing lost that was acknowledged."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.harness import Figure, Measured
from benchmarks.tampering import RUN, STARTED, Filled, child, fill
from service import audit, publishing, reviews
from service.access import DEMO_PEOPLE
from service.schemas import Choice, ReviewIn
from service.store import Publication, Review, Store

KILLS = 200
ENTRIES_BEFORE = 20
MOST_SECONDS_ALIVE = 0.4
"""Long enough for some hundred transactions on an idle machine; a kill falls anywhere in them."""
MOST_SECONDS_TO_RESTART = 5.0
OTHER_RUN = "2026-11-20-r2"


@dataclass
class Survived:
    """What was found after the kills."""

    kills: int = 0
    acknowledged: int = 0
    problems: list[str] = field(default_factory=list)
    slowest_restart_seconds: float = 0.0


def survive(kills: int, folder: Path, seed: int = 7) -> Survived:
    """Kill a process that decides and publishes, again and again, and look at what is left each time."""
    filled, found, chance = fill(folder, ENTRIES_BEFORE), Survived(), random.Random(seed)
    key = (filled.key.name, filled.key.seed)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["benchmarks.kills"])
    for number in range(kills):
        receiver, sender = processes.Pipe(duplex=False)
        worker = processes.Process(target=_work, args=(filled.address, key, number, sender))
        worker.start()
        sender.close()
        receiver.recv()
        time.sleep(chance.uniform(0, MOST_SECONDS_ALIVE))
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        _look(filled, _acknowledged(receiver), found)
    return found


def _work(address: str, key: tuple[str, bytes], number: int, sender: Connection) -> None:
    """Decide and publish in turn until killed; say what was kept once it was, and never before."""
    store = Store(address, audit.LogKey(*key))
    with store.reading() as session:
        live = publishing.live(session)
    assert live is not None
    sender.send(None)
    run, person = live.run, DEMO_PEOPLE["r-demo"]
    for turn in range(100_000):
        at = STARTED + timedelta(hours=1 + number, milliseconds=turn)
        with store.writing() as session:
            if turn % 3 == 2:
                run = OTHER_RUN if run == RUN else RUN
                order, found = [run], publishing.Candidate(run, *(f"{number:064d}",) * 3)
                made = publishing.publish(session, found, order, "A. Demo", "B. Demo", "For the kills", at)
                kept: tuple[str, int] = ("publication", made.publication_id)
            else:
                seen = child(1000 + turn).model_copy(update={"run": run})
                last = reviews.newest(session, seen.service_id, seen.referral_id)
                sent = ReviewIn(choice=Choice.AGREE, last_review=last.review_id if last else 0)
                saved = reviews.decide(session, person, seen, sent, f"kill-{number:06d}-{turn:06d}", at)
                kept = ("review", saved.review.review_id)
        sender.send(kept)


def _acknowledged(receiver: Connection) -> list[tuple[str, int]]:
    told = []
    while receiver.poll():
        try:
            told.append(receiver.recv())
        except EOFError:
            break
    receiver.close()
    return told


def _look(filled: Filled, told: list[tuple[str, int]], found: Survived) -> None:
    """Open the database as a restart does: log and stored rows must agree, and all that was told be there."""
    started = time.perf_counter()
    with Store(filled.address, filled.key) as store, store.reading() as session:
        live = publishing.live(session)
        found.slowest_restart_seconds = max(found.slowest_restart_seconds, time.perf_counter() - started)
        verdict = audit.verify(session, filled.key.public)
        stored = {
            "review": set(session.scalars(select(Review.review_id))),
            "publication": set(session.scalars(select(Publication.publication_id))),
        }
    found.kills += 1
    found.acknowledged += len(told)
    if not verdict.agrees:
        found.problems.append(verdict.words)
    if live is None:
        found.problems.append("nothing is live")
    found.problems += [f"{kind} {number} is lost" for kind, number in told if number not in stored[kind]]


def kills_survived(kills: int = KILLS) -> Measured:
    """Kills after which all was whole; each is followed by a look at everything."""
    with tempfile.TemporaryDirectory() as folder:
        found = survive(kills, Path(folder))
    holds = not found.problems and found.slowest_restart_seconds <= MOST_SECONDS_TO_RESTART
    details: Mapping[str, Any] = {
        "acknowledged": found.acknowledged,
        "problems": found.problems[:10],
        "slowest_restart_seconds": round(found.slowest_restart_seconds, 3),
    }
    return Measured(float(found.kills - len(found.problems)), holds, details)


FIGURES = [
    Figure(
        "kills_survived",
        "kill -9 at random moments of deciding and publishing, after which nothing was half there or lost",
        "kills",
        f"all {KILLS}, opened again within {MOST_SECONDS_TO_RESTART:.0f} s",
        kills_survived,
    ),
]
