"""When the disk is full, fails or is locked, or the process is killed: a clear error, nothing lost, nothing twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from benchmarks import kills, tampering
from service import audit
from service import store as stores
from service.store import Store
from tests.functional.service.conftest import LIST, NEXT, RUN, Clock, House, Visitor, child_address
from tests.functional.service.test_api import send
from tests.functional.service.test_lists import text
from tests.functional.service.test_publishing import ONE

KILLS = 10
DECIDE_AND_TRY_AGAIN = """
import json, sys
from sqlalchemy.exc import SQLAlchemyError
from benchmarks import tampering
from service import audit, reviews
from service.schemas import Choice, ReviewIn
from service.store import Store

store = Store(sys.argv[1], audit.open_key(__import__("pathlib").Path(sys.argv[2])))
told, failures = [], 0
for number in range(20):
    sent = ReviewIn(choice=Choice.AGREE, last_review=0)
    for _ in range(50):
        try:
            with store.writing() as session:
                saved = reviews.decide(
                    session, tampering.CLINICIAN, tampering.child(900 + number), sent, f"key-{number:06d}-x",
                    tampering.STARTED,
                )
                kept = saved.review.review_id
            told.append(kept)
            break
        except SQLAlchemyError:
            failures += 1
print(json.dumps({"told": told, "failures": failures}))
"""


def fill_up(connection: Any, _record: Any) -> None:
    """Let an SQLite database grow by one page at most: the next is refused as on a full disk."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")


def test_nothing_is_half_there_after_a_kill(tmp_path: Path) -> None:
    found = kills.survive(KILLS, tmp_path)
    assert (found.kills, found.problems) == (KILLS, [])
    assert found.slowest_restart_seconds < kills.MOST_SECONDS_TO_RESTART


def test_a_full_disk_saves_nothing_and_the_list_is_still_read(
    app: Any, clinician: Visitor, clock: Clock
) -> None:
    engine = app.state.parts.store.engine
    engine.dispose()
    event.listen(engine, "connect", fill_up)
    answers = [send(clinician, place, f"key-of-place-{place}") for place in range(1, 30)]
    kept = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} == {201, 503}
    assert "Nothing is shown or saved without its log entry." in answers[-1].json()["detail"]
    clock.time += timedelta(minutes=2)
    looks = (text(clinician.page(LIST)) for _ in range(50))
    assert any("Read and print only." in listed for listed in looks)
    assert clinician.http.get(child_address(2)).status_code == 503
    event.remove(engine, "connect", fill_up)
    engine.dispose()
    with app.state.parts.store.reading() as session:
        key = audit.open_public_key(app.state.parts.settings.log_key_path)
        verdict = audit.verify(session, key)
        assert verdict.agrees, verdict.words
        assert session.query(stores.Review).count() == len(kept)
    assert send(clinician, 29, "key-of-place-29").status_code == 201


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace makes the disk fail")
def test_a_disk_that_fails_to_write_through_is_never_taken_for_success(tmp_path: Path) -> None:
    filled = tampering.fill(tmp_path, 5)
    inject = "inject=fsync,fdatasync:error=EIO:when=4+3"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject]
    command += [sys.executable, "-c", DECIDE_AND_TRY_AGAIN, filled.address, str(tmp_path / "log.key")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "PTRACE" in done.stderr or "ptrace" in done.stderr:
        pytest.skip("strace may not be used here")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["failures"] > 3
    assert len(said["told"]) == len(set(said["told"])) == 20
    verdict = filled.verify()
    assert verdict.agrees, verdict.words
    with Store(filled.address) as store, store.reading() as session:
        assert session.query(stores.Review).count() == 1 + 20


def test_a_locked_database_shows_no_child(
    app: Any, clinician: Visitor, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "SECONDS_TO_WAIT_FOR_A_LOCK", 0.1)
    impatient = Store(database, app.state.parts.store._log_key)
    monkeypatch.setattr(app.state.parts.store, "engine", impatient.engine)
    with Store(database) as other, other.writing():
        answer = clinician.http.get(child_address(2))
    assert (answer.status_code, "The log cannot be written" in text(answer.text)) == (503, True)
    assert clinician.http.get(child_address(2)).status_code == 200
    impatient.close()


def test_publishing_on_a_full_disk_is_one_sentence_and_the_old_list_stays_live(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_engine = stores._engine

    def engine_of_a_full_disk(address: str) -> Any:
        made = make_engine(address)
        event.listen(made, "connect", fill_up)
        return made

    monkeypatch.setattr(stores, "_engine", engine_of_a_full_disk)
    monkeypatch.setattr("service.audit.log.canonical", lambda told: " " * 20_000 + json.dumps(told))
    result = house.run("publish", NEXT, *ONE)
    assert (result.exit_code, "or its disk is full" in result.output) == (2, True)
    assert len(result.output.strip().splitlines()) == 1
    monkeypatch.undo()
    assert house.live() == RUN
    assert house.run("publish", NEXT, *ONE).exit_code == 0
