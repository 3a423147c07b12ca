"""Two children of one list side by side: the same rows for both, and why one stands above the other."""

from __future__ import annotations

import pytest

from tests.functional.service.conftest import LIST, Visitor, child_address
from tests.functional.service.test_lists import text

OTHER = "nr5ref{:07d}"


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (3, 1, "stands above because tier 0"),
        (3, 20, "stands below because"),
        (1, 8, "stands below because"),
    ],
)
def test_the_rule_that_parts_them_comes_first(clinician: Visitor, first: int, second: int, says: str) -> None:
    shown = text(clinician.page(f"{child_address(first)}/beside/{OTHER.format(second)}"))
    assert says in shown
    assert shown.index(says) < shown.index("Latest date")


def test_rows_that_differ_are_marked_in_words(clinician: Visitor) -> None:
    page = clinician.page(f"{child_address(1)}/beside/{OTHER.format(20)}")
    marked = page.count('class="es-differs"')
    assert 0 < marked < page.count('<th scope="row"')
    assert page.count('<span class="es-grey">differs</span>') == marked


def test_a_place_leads_to_the_child_at_it(clinician: Visitor) -> None:
    answer = clinician.http.get(f"{child_address(3)}/beside?place=20")
    assert answer.headers["location"] == f"{LIST}/{OTHER.format(3)}/beside/{OTHER.format(20)}"
    assert clinician.http.get(f"{child_address(3)}/beside?place=9999").status_code == 404


def test_both_looks_are_in_the_log(clinician: Visitor) -> None:
    clinician.page(f"{child_address(3)}/beside/{OTHER.format(20)}")
    for place in (3, 20):
        assert text(clinician.page(child_address(place))).count("opened this page") == 2
