"""What a clinician sees of one child: the rule first, the estimate second, and what is not known."""

from __future__ import annotations

import re

import pytest

from service.wording import one_in, risk_before
from tests.functional.service.conftest import LIST, Visitor, child_address, query
from tests.functional.service.test_lists import text


def test_the_page_tells_the_rule_before_the_estimate(clinician: Visitor) -> None:
    shown = text(clinician.page(child_address(3)))
    headings = [
        "Needs at a glance",
        "Why this place",
        "Rules tried, in order",
        "How likely is harm while waiting",
        "What raises and lowers it",
        "What we do not know",
        "Seen at the latest",
        "Waits",
        "Who looked and who decided",
    ]
    assert [shown.index(heading) for heading in headings] == sorted(
        shown.index(heading) for heading in headings
    )


def test_an_unknown_partner_is_not_no_need(clinician: Visitor) -> None:
    shown = clinician.page(child_address(3))
    assert "es-box--unknown" in shown
    assert "This does not mean “no need”." in text(shown)


def test_the_deciding_rule_is_marked(clinician: Visitor) -> None:
    shown = text(clinician.page(child_address(3)))
    assert "Tier 1: needs in 2 areas beyond this service." in shown
    assert "Yes: this rule decided" in shown


def test_the_time_lane_is_explained_by_the_wait(clinician: Visitor) -> None:
    shown = text(clinician.page(child_address(7)))
    assert "Nobody on this list has waited longer, so the time lane offers place 7." in shown


def test_risk_is_a_natural_frequency_with_its_range(clinician: Visitor) -> None:
    shown = text(clinician.page(child_address(3)))
    assert "About 1 in 7 in the next six months if not yet seen (between 1 in 11 and 1 in 4)." in shown
    assert "Across this list: about 1 in 16." in shown
    assert "The range shows how sure the arithmetic is, not what nobody recorded." in shown
    assert "%" not in re.sub(r"\d+% of school", "", shown)


def test_reasons_are_grouped_and_push_both_ways(clinician: Visitor) -> None:
    shown = text(clinician.page(child_address(3)))
    for words in (
        "Health× 1.15 in all",
        "× 1.30 raises",
        "× 0.88 lowers",
        "× 1.06 raises, unknown",
        "× 1.05 raisesnot used for the place",
    ):
        assert words in shown


def test_the_printed_pair_of_chances_agrees_with_the_product(clinician: Visitor) -> None:
    answer = clinician.http.get(f"/v1{child_address(3)}/contributions").json()
    before = risk_before(answer["risk"], answer["factor"])
    assert before == pytest.approx(answer["risk_without"])
    shown = text(clinician.page(child_address(3)))
    assert f"against the average record: {one_in(before)} becomes {one_in(answer['risk'])}" in shown


def test_no_date_is_said_with_its_cause(clinician: Visitor) -> None:
    rows = clinician.http.get(f"/v1{LIST}").json()["rows"]
    place = next(row["place"] for row in rows if row["latest_on"] is None)
    shown = text(clinician.page(child_address(place)))
    assert "No date can be promised: 30 reviews are needed; slots are planned to 29 Mar 2027." in shown


def test_a_passed_latest_date_is_said(clinician: Visitor) -> None:
    assert "The latest date was 16 Nov 2026." in text(clinician.page(child_address(8)))


def test_neighbours_keep_to_the_filter(clinician: Visitor) -> None:
    shown = clinician.page(query(child_address(3), unknown="social care"))
    assert "nr5ref0000008?unknown=social+care" in shown
    assert "nr5ref0000004" not in shown


def test_every_look_is_recorded_with_a_name(clinician: Visitor, colleague: Visitor) -> None:
    colleague.page(child_address(5))
    shown = text(clinician.page(child_address(5)))
    assert "S. Demo, clinician, opened this page." in shown
    assert "R. Demo, clinician, opened this page." in shown


def test_other_waits_are_listed(clinician: Visitor) -> None:
    assert "Community paediatrics, also waiting" in text(clinician.page(child_address(6)))
