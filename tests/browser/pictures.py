"""Take the README's pictures of the demo that is being served: `python -m tests.browser.pictures` after `make demo`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM

ADDRESS = "http://127.0.0.1:8000"
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
CHILD_HEIGHT = 2300
LIST = "/lists/nr5-speech-and-language-therapy"


def take() -> None:
    """Write four pictures: a list, a child's reasons, the list on a phone, and the commissioner's counts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        clinician = _sign_in(browser, "therapist", width=1280)
        clinician.goto(ADDRESS + LIST)
        clinician.screenshot(path=FOLDER / "list.png")
        clinician.locator("a.es-row-link").nth(3).click()
        reasons = {"x": 0, "y": 0, "width": 1280, "height": CHILD_HEIGHT}
        clinician.screenshot(path=FOLDER / "child.png", full_page=True, clip=reasons)
        phone = _sign_in(browser, "therapist", width=390)
        phone.goto(ADDRESS + LIST + "#need")
        phone.screenshot(path=FOLDER / "phone.png")
        commissioner = _sign_in(browser, "commissioner", width=1280)
        commissioner.goto(ADDRESS + "/demand")
        commissioner.screenshot(path=FOLDER / "demand.png")
        browser.close()


def _sign_in(browser: Browser, role: str, *, width: int) -> Page:
    page = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 800}).new_page()
    page.goto(ADDRESS)
    page.get_by_role("button", name=f"Sign in as {role}").click()
    return page


if __name__ == "__main__":
    take()
