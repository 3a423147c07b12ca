"""The page on which a commissioner moves slots: without script, once a month, and nothing of a child."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.functional.service import worklist_folder
from tests.functional.service.conftest import Visitor
from tests.functional.service.test_lists import text
from tests.functional.service.worklist_folder import HEARING, SPEECH

COMMISSIONER = "c-demo"


@pytest.fixture
def commissioner(app: Any) -> Visitor:
    return Visitor(app, COMMISSIONER)


def test_slots_move_the_waits(commissioner: Visitor) -> None:
    fewer, none, more = (commissioner.page(f"/demand/{SPEECH}?slots={slots}") for slots in (-4, 0, 6))
    assert _middle(fewer) > _middle(none) > _middle(more)
    assert "With -4 slots a week:" in text(fewer)
    assert _middle(commissioner.page(f"/demand/{SPEECH}?slots=0&demand=50")) > _middle(none)


def test_the_form_works_without_script_and_keeps_what_was_asked(commissioner: Visitor) -> None:
    page = commissioner.page(f"/demand/{SPEECH}?slots=6")
    assert '<form action="/demand/' in page
    assert re.search(r'name="slots"[^>]*value="6"', page)
    assert "<script" not in page
    assert "style=" not in page.split("<main")[1]


def test_no_page_of_demand_leads_to_a_child_or_shows_a_small_number(commissioner: Visitor) -> None:
    for service in (SPEECH, HEARING):
        page = commissioner.page(f"/demand/{service}")
        assert "/lists" not in page
        tiers = re.findall(r"<td[^>]*>([^<]+)</td>", page.split("by tier</caption>")[1].split("</table>")[0])
        assert all(cell in ("*", "0") or int(cell) % 5 == 0 for cell in tiers[::2])


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/demand/{SPEECH}?slots=many", 422),
        (f"/demand/{SPEECH}?slots=nan", 422),
        (f"/demand/{SPEECH}?demand=-101", 422),
        (f"/demand/{SPEECH}?month=2019-01", 404),
        ("/demand/nr5-none", 404),
    ],
)
def test_what_cannot_be_answered_is_a_page(commissioner: Visitor, address: str, status: int) -> None:
    assert commissioner.http.get(address).status_code == status


def test_a_second_run_of_a_day_corrects_the_first_and_no_other_run_is_shown(
    tmp_path: Path, make_app: Any
) -> None:
    worklists = tmp_path / "worklists"
    for children in (60, 80):
        worklist_folder.write(worklists, children=children)
        make_app(worklists).state.parts.store.close()  # each start makes the newest run live
    shown = [
        Visitor(make_app(worklists), COMMISSIONER).page(address) for address in ("/demand", "/demand?run=x")
    ]
    assert "2026-11-20-r2" in shown[0]
    assert "2026-11-20-r1" not in shown[0]
    assert len({text(page) for page in shown}) == 1


def _middle(page: str) -> int:
    """The middle after twelve months, as asked."""
    rows = page.split("as now and as asked</caption>")[1].split("<tr>")
    return int(re.findall(r"<td[^>]*>([^<]+)</td>", rows[3])[1].replace(",", ""))
