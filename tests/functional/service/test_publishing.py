"""A run becomes live by a recorded act, one command goes back, and what is not live cannot be decided on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.service.conftest import NEXT, RUN, THIRD, House, Visitor, child_address
from tests.functional.service.test_api import send
from tests.functional.service.test_lists import text
from tests.functional.service.worklist_folder import SPEECH

TWO = ("--by", "A. Lead", "--second", "B. Lead")
WHY = ("--reason", "Agreed in the meeting")
ONE = ("--by", "A. Lead", *WHY)


def test_a_newer_run_is_not_shown_before_somebody_makes_it_live(house: House) -> None:
    assert house.live() == RUN
    assert Visitor(house.app, "r-demo").http.get(f"/lists/{SPEECH}/{NEXT}").status_code == 404
    assert Visitor(house.app, "a-demo").http.get(f"/lists/{SPEECH}/{NEXT}").status_code == 200


def test_the_same_policy_and_model_need_one_person_others_need_two(house: House) -> None:
    assert house.run("publish", NEXT, *ONE).exit_code == 0
    assert house.live() == NEXT
    refused = house.run("publish", THIRD, *ONE)
    assert (refused.exit_code, house.live()) == (2, NEXT)
    assert "The model changed since the live run 2026-11-20-r2, so two people must agree." in refused.output
    assert house.run("publish", THIRD, *TWO, *WHY).exit_code == 0
    assert house.live() == THIRD


def test_one_command_goes_back_and_the_same_again_goes_further_back(house: House) -> None:
    house.run("publish", NEXT, *ONE)
    house.run("publish", THIRD, *TWO, *WHY)
    for expected in (NEXT, RUN):
        assert json.loads(house.run("rollback", *ONE, "--json").output)["run"] == expected
        assert house.live() == expected
    assert "There is no run to go back to" in house.run("rollback", *ONE).output
    house.run("publish", THIRD, *TWO, *WHY)
    house.run("rollback", *ONE)
    assert house.live() == RUN


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("publish", "2026-11-20-r9", *ONE), "There is no run 2026-11-20-r9 in"),
        (("publish", RUN, *ONE), "is live already"),
        (("publish", NEXT, "--by", "A. Lead", "--reason", "short"), "The reason is too short."),
        (("publish", THIRD, "--by", "A. Lead", "--second", "a. lead ", *WHY), "One person cannot be both."),
    ],
)
def test_what_is_refused_changes_nothing(house: House, words: tuple[str, ...], said: str) -> None:
    result = house.run(*words)
    assert (result.exit_code, said in result.output, house.live()) == (2, True, RUN)
    assert len(result.output.strip().splitlines()) == 1


def test_an_older_run_is_rolled_back_to_and_never_published(house: House) -> None:
    house.run("publish", NEXT, *ONE)
    assert "is older than the live one" in house.run("publish", RUN, *ONE).output


def test_a_run_that_failed_leaves_the_last_list_readable(
    house: House, make_app: Callable[[Path], Any]
) -> None:
    shutil.rmtree(house.worklists / THIRD)
    (house.worklists / NEXT / "list.parquet").write_bytes(b"half")
    assert "is not as it was written" in house.run("publish", NEXT, *ONE).output
    assert house.live() == RUN
    again = make_app(house.worklists)
    assert House(again, house.worklists, house.database).live() == RUN
    again.state.parts.store.engine.dispose()


def test_a_live_run_that_is_another_now_is_not_shown(house: House, make_app: Callable[[Path], Any]) -> None:
    for run in (RUN, NEXT):
        shutil.rmtree(house.worklists / run)
    shutil.copytree(house.worklists / THIRD, house.worklists / RUN)
    shutil.rmtree(house.worklists / THIRD)
    again = make_app(house.worklists)
    answer = Visitor(again, "r-demo").http.get(f"/lists/{SPEECH}")
    assert (answer.status_code, "is not there as it was made live" in text(answer.text)) == (503, True)
    visitor = Visitor(again, "r-demo")
    assert visitor.http.get(f"/v1/lists/{SPEECH}/{RUN}").status_code == 503
    assert send(visitor, 2, "key-of-another-run").status_code == 503
    again.state.parts.store.engine.dispose()


def test_a_decision_on_an_older_list_is_refused(house: House) -> None:
    visitor = Visitor(house.app, "r-demo")
    house.run("publish", NEXT, *ONE)
    answer = send(visitor, 2, "key-number-one")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(f"Another list, {NEXT}, is live since")
    assert "This is not the live list." in text(visitor.page(child_address(2)))


def test_a_decision_that_was_kept_is_still_answered_once_another_list_is_live(house: House) -> None:
    visitor = Visitor(house.app, "r-demo")
    assert send(visitor, 2, "key-number-one").status_code == 201
    house.run("publish", NEXT, *ONE)
    assert send(visitor, 2, "key-number-one").status_code == 200


def test_the_auditor_reads_who_made_which_run_live(house: House) -> None:
    house.run("publish", NEXT, *ONE)
    shown = text(Visitor(house.app, "a-demo").page("/audit"))
    assert "Run 2026-11-20-r2, published by A. Lead" in shown
    assert "Run 2026-11-20-r1, made live by the start of the demonstration" in shown
    assert "The log agrees" in shown


def test_before_anything_is_live_nothing_is_shown(house: House) -> None:
    with house.app.state.parts.store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER publication_no_delete")
        connection.exec_driver_sql("DELETE FROM publication")
    answer = Visitor(house.app, "r-demo").http.get(f"/v1/lists/{SPEECH}")
    assert (answer.status_code, "No list is live yet." in answer.json()["detail"]) == (503, True)
