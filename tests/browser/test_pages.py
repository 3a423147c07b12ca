"""The list and a child's page in a browser: complete without script, inside the screen, clean for axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.functional.service.worklist_folder import SPEECH

LIST = f"/lists/{SPEECH}/2026-11-20-r1"
CHILD = f"{LIST}/nr5ref0000003"
LETTER, BESIDE = f"{CHILD}/letter", f"{CHILD}/beside/nr5ref0000020"
WIDTHS = (1280, 390)
OpenPage = Callable[..., Any]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path", [LIST, f"{LIST}?tier=1", f"{LIST}?not_linked=education", CHILD, LETTER, BESIDE]
)
def test_nothing_runs_off_the_side_without_script(open_page: OpenPage, path: str, width: int) -> None:
    page = open_page(width, path)
    right_edges = page.locator("main *:visible").evaluate_all(
        "(all) => all.filter(e => !e.closest('.es-scroll, .nhsuk-u-visually-hidden, thead'))"
        ".map(e => e.getBoundingClientRect().right)"
    )
    assert max(right_edges) <= width
    assert page.locator("html").evaluate("(html) => html.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_the_list_shows_its_parts_and_fifty_children(open_page: OpenPage, width: int) -> None:
    page = open_page(width, LIST)
    assert page.get_by_text("Part 1: need lane").is_visible()
    assert page.get_by_text("Part 2: time lane").is_visible()
    assert page.get_by_text("The slot line cuts a band.").is_visible()
    assert page.locator(".es-row-link").count() == 50


@pytest.mark.parametrize("width", WIDTHS)
def test_how_a_record_was_linked_can_be_read(open_page: OpenPage, width: int) -> None:
    page = open_page(width, f"{LIST}?not_linked=education")
    assert page.get_by_text("Not linked", exact=True).first.is_visible()
    assert page.get_by_label("Not linked to").is_visible()
    assert open_page(width, LIST).get_by_text("(by details, 99.8 % sure)").first.is_visible()


def test_every_child_is_a_card_on_a_small_screen(open_page: OpenPage) -> None:
    row = open_page(390, LIST).locator("#need tr:not(.es-part, .es-cut)").first
    assert row.evaluate("(row) => getComputedStyle(row).display") == "grid"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_decision_can_be_made_without_script(open_page: OpenPage, width: int) -> None:
    page = open_page(width, f"{LIST}/nr5ref0000{100 + WIDTHS.index(width)}")
    page.get_by_role("button", name="Save and go back to the list").click()
    page.get_by_role("link", name="Choose a decision").click()
    page.get_by_label("Agree with this place").check()
    page.get_by_role("button", name="Save and go back to the list").click()
    assert page.get_by_text("agreed with place").is_visible()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path", ["/lists", LIST, f"{LIST}?show=slot", f"{LIST}?not_linked=education", CHILD, LETTER, BESIDE]
)
def test_axe_finds_nothing(open_page: OpenPage, path: str, width: int) -> None:
    found = Axe().run(open_page(width, path, script=True))
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", [LIST, CHILD])
def test_the_browser_has_nothing_to_complain_about(open_page: OpenPage, address: str, path: str) -> None:
    page = open_page(1280, "/lists")
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + path)
    assert complaints == []
    assert all(url.startswith(address) for url in asked)
