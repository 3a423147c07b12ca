"""How each record was linked is shown with how sure that is, and "not linked" is a state of its own.

In the small run every second pupil is linked by name (0.9989), the others by a number; place 4, 13, ... by nothing.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from lxml import html

from risk_model import worklist
from service import store
from service.app import create_app
from service.settings import Settings
from tests.functional.service import worklist_folder
from tests.functional.service.conftest import LIST, Visitor, child_address, query
from tests.functional.service.worklist_folder import SPEECH

NO_SCHOOL = "Not linked to a school record: SEN and attendance are not known, which is not the same as none."


def _text(page: str) -> str:
    """What a reader reads: the page without its markup."""
    return " ".join(html.fromstring(page).text_content().split())


@pytest.mark.parametrize(
    ("place", "school", "social_care"),
    [
        (1, "School record linked: NHS number held by the council, exact.", "no record"),
        (2, "School record linked: same name, birth date and postcode, 99.8 % sure.", "linked"),
        (3, "School record linked: NHS number held by the council, exact.", "not linked"),
        (4, NO_SCHOOL, "linked"),
    ],
)
def test_the_answer_tells_how_each_record_was_linked(
    clinician: Visitor, place: int, school: str, social_care: str
) -> None:
    education, council = clinician.http.get(f"/v1{child_address(place)}").json()["links"]
    assert (education["partner"], education["words"]) == ("education", school)
    assert (council["partner"], council["state"]) == ("social care", social_care)
    assert (education["state"] == "not linked") == (education["method"] is None)


def test_the_childs_page_says_the_same_in_words(clinician: Visitor) -> None:
    page = _text(clinician.page(child_address(4)))
    assert NO_SCHOOL in page
    assert "Social care record linked: decided by a person." in page
    assert "birth date and postcode, 99.8 % sure." in _text(clinician.page(child_address(2)))
    assert "this child is not among those that the council sent" in _text(clinician.page(child_address(1)))


def test_each_row_of_the_list_says_how_sure_the_link_is(clinician: Visitor) -> None:
    page = clinician.page(LIST)
    for words in ("(by number, exact)", "(by details, 99.8 % sure)", "(by a person)"):
        assert words in page


def test_not_linked_to_education_can_be_asked_for_and_is_never_no_need(clinician: Visitor) -> None:
    rows = clinician.http.get(query(f"/v1{LIST}", not_linked="education")).json()
    assert (rows["shown"], rows["hidden"]) == (5, 40)
    assert {row["links"][0]["state"] for row in rows["rows"]} == {"not linked"}
    assert {row["needs"][1]["state"] for row in rows["rows"]} == {"unknown"}
    page = clinician.page(query(LIST, not_linked="education"))
    assert "You see 5 of 45 children." in page
    assert '<option value="education" selected>School record</option>' in page
    assert "not_linked=education" in page  # a child's link keeps the filter
    assert clinician.http.get(query(f"/v1{LIST}", not_linked="health")).status_code == 422


def test_a_run_from_before_links_were_shown_tells_of_none(tmp_path: Path) -> None:
    made = worklist.load(worklist_folder.write(tmp_path / "new"))
    kept = [name for name in made.list.columns if "link" not in name]
    files: dict[str, bytes | pl.DataFrame] = {
        "list": made.list.select(kept),
        "contributions": made.contributions,
    }
    facts = {key: value for key, value in made.provenance.items() if key not in ("made", "outputs")}
    worklist.save(tmp_path / "old", "2026-11-20", files, facts)
    database = f"sqlite:///{tmp_path}/service.db"
    store.migrate(database)
    app = create_app(Settings(worklists=tmp_path / "old", database=database, demo=True))
    visitor = Visitor(app, "r-demo")
    assert "by number, exact" not in visitor.page(f"/lists/{SPEECH}")
    assert visitor.http.get(query(f"/v1/lists/{SPEECH}", not_linked="education")).json()["shown"] == 0
    assert visitor.http.get(f"/v1{child_address(2)}").json()["links"] == []
    app.state.parts.store.engine.dispose()
