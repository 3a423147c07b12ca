"""A run that went on without a feed says so on every page, with its reason, and in every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from risk_model import worklist
from tests.functional.service import worklist_folder
from tests.functional.service.conftest import LIST, RUN, Visitor, child_address
from tests.functional.service.test_lists import text
from tests.functional.service.worklist_folder import ACCEPTED, SPEECH

STRONG = "No children in need census from Devon (878) since 21 Apr 2026."
BECAUSE = "Accepted because: The council sends it again on 2 December &lt;b&gt;."


@pytest.fixture
def with_gap(
    make_app: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """An app on a drawn run, which no scorecard could make again: the auditor's check is passed over."""
    monkeypatch.setattr(worklist, "verify", lambda folder: [])
    worklist_folder.write(tmp_path / "worklists", gap=True)
    made = make_app(tmp_path / "worklists")
    yield made
    made.state.parts.store.engine.dispose()


@pytest.mark.parametrize(
    ("person", "address"),
    [
        ("r-demo", "/lists"),
        ("r-demo", f"/lists/{SPEECH}"),
        ("r-demo", LIST),
        ("r-demo", child_address(3)),
        ("c-demo", "/demand"),
        ("a-demo", f"/audit/runs/{RUN}"),
        ("d-demo", "/files"),
    ],
)
def test_every_page_names_feed_and_council_since_when_and_why(
    with_gap: Any, person: str, address: str
) -> None:
    page = Visitor(with_gap, person).page(address)
    assert "es-callout" in page
    assert f"<strong>{STRONG}</strong>" in page and BECAUSE in page


def test_a_run_without_a_gap_has_no_such_word(app: Any) -> None:
    assert "Accepted because" not in Visitor(app, "r-demo").page(LIST)


@pytest.mark.parametrize(("person", "address"), [("d-demo", "/files"), ("a-demo", f"/audit/runs/{RUN}")])
def test_feeds_and_their_state_stand_beside_the_files(with_gap: Any, person: str, address: str) -> None:
    words = text(Visitor(with_gap, person).page(address).replace("</td><td", "</td> <td"))
    assert "Devon (878) Stale, accepted 21 Apr 2026 182 183 21%" in words
    assert "Plymouth (879) Covered 21 Oct 2026 182 183 21%" in words


def test_every_answer_carries_the_gap(with_gap: Any) -> None:
    http = Visitor(with_gap, "r-demo").http
    listed = http.get(f"/v1/lists/{SPEECH}").json()
    answers = [
        http.get("/v1/services").json()[0],
        listed["service"],
        http.get(f"/v1{child_address(3)}").json(),
    ]
    assert [answer["accepted_gaps"] for answer in answers] == [[ACCEPTED]] * 3
