"""What a clinician sees of a list: one order in two parts, and nothing hidden silently."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.functional.service import worklist_folder
from tests.functional.service.conftest import LIST, Visitor, query
from tests.functional.service.worklist_folder import SPEECH
from tests.policy_keys import make_keys


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def places(page: str) -> list[int]:
    return [int(place) for place in re.findall(r'class="es-place">(\d+)<', page)]


def test_the_three_parts_have_their_headings(clinician: Visitor) -> None:
    shown = text(clinician.page(LIST))
    for heading in (
        "Part 1: need lane: 6 slots, places 1 to 6. Ordered by tier, then risk band, then referral date. "
        "Overrides act here only.",
        "Part 2: time lane: 3 slots, places 7 to 9. The 3 oldest waits not already in part 1, any tier. "
        "No override can take these slots.",
        "No slot at this review: places 10 to 45. Order continues as in the need lane. "
        "The latest date still holds for each child.",
    ):
        assert heading in shown


def test_one_numbering_runs_through_all_parts(clinician: Visitor) -> None:
    assert places(clinician.page(LIST)) == list(range(1, 46))


def test_the_slot_line_says_which_band_it_cuts(clinician: Visitor) -> None:
    assert (
        "The slot line cuts a band. Places 5 to 6 and 10 to 17 cannot be told apart by risk; "
        "the earlier referral goes first. Your judgement counts most here." in text(clinician.page(LIST))
    )


def test_the_newest_list_is_the_list_of_its_run(clinician: Visitor) -> None:
    newest, permanent = clinician.page(f"/lists/{SPEECH}"), clinician.page(LIST)
    assert places(newest) == places(permanent)


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ("Draft policy, not signed.", 1),
        ("or no date can be promised", 0),
        ("16 Nov 2026, passed", 1),
        ("decides the slot", 1),
    ],
)
def test_special_states_are_said_in_words(clinician: Visitor, words: str, times: int) -> None:
    rows = text(clinician.page(LIST))
    assert rows.count(words) >= times


def test_an_unlinked_child_is_not_known_and_never_none(clinician: Visitor) -> None:
    row = clinician.page(LIST).split(">Child ")[3].split("<tr")[0]
    assert "not known: no council record could be linked" in text(row)
    assert "i-unknown" in row


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"tier": "0"}, 1),
        ({"show": "slot"}, 9),
        ({"show": "line"}, 10),
        ({"show": "unknown"}, 1),
        ({"show": "late"}, 1),
        ({"unknown": "social care"}, 9),
        ({"show": "slot", "tier": "1"}, 6),
    ],
)
def test_a_filter_says_how_many_it_hides(clinician: Visitor, filters: dict[str, str], shown: int) -> None:
    page = clinician.page(query(LIST, **filters))
    assert len(places(page)) == shown
    assert f"You see {shown} of 45 children. {45 - shown} are hidden" in text(page)
    assert "of them tier 0 or 1" in text(page)


def test_hidden_children_of_tier_0_and_1_are_counted(clinician: Visitor) -> None:
    everybody = clinician.http.get(f"/v1{LIST}").json()
    only_tier_2 = clinician.http.get(f"/v1{LIST}?tier=2").json()
    urgent = sum(row["tier"] < 2 for row in everybody["rows"])
    assert only_tier_2["hidden_tier_0_or_1"] == urgent > 0
    assert f"{urgent} of them tier 0 or 1" in text(clinician.page(query(LIST, tier="2")))


def test_search_finds_a_child_by_its_reference(clinician: Visitor) -> None:
    reference = clinician.http.get(f"/v1{LIST}").json()["rows"][10]["child_reference"]
    for typed in (reference, reference.lower(), f" Child {reference}", reference[:5]):
        assert 11 in places(clinician.page(query(LIST, child=typed)))


def test_a_search_that_finds_nobody_says_that_all_are_still_there(clinician: Visitor) -> None:
    assert "No child matches. All 45 are still on the list. Show all 45" in text(
        clinician.page(query(LIST, child="0000-000"))
    )


def test_a_filter_nobody_knows_is_refused_without_its_value(clinician: Visitor) -> None:
    answer = clinician.http.get(query(LIST, show="secretvalue"))
    assert answer.status_code == 422
    assert "secretvalue" not in answer.text


def test_pages_hold_fifty_and_a_page_too_far_is_the_last(tmp_path: Path, make_app) -> None:  # type: ignore[no-untyped-def]
    worklist_folder.write(tmp_path / "big", children=160)
    visitor = Visitor(make_app(tmp_path / "big"), "r-demo")
    assert [len(places(visitor.page(query(LIST, page=page)))) for page in ("1", "2", "3", "99")] == [
        50,
        50,
        20,
        20,
    ]
    assert "Places 51 to 100 of 120" in text(visitor.page(query(LIST, page="2")))


def test_a_list_without_a_model_uses_no_risk(tmp_path: Path, make_app) -> None:  # type: ignore[no-untyped-def]
    worklist_folder.write(tmp_path / "plain", model=False)
    visitor = Visitor(make_app(tmp_path / "plain"), "r-demo")
    shown = text(visitor.page(LIST))
    assert "No risk estimate is used. The order is tier, then referral date." in shown
    assert "risk band" not in shown
    child = text(visitor.page(f"{LIST}/nr5ref0000003"))
    assert "How likely is harm" not in child
    assert "What raises and lowers it" not in child


def test_an_empty_list_warns(tmp_path: Path, make_app) -> None:  # type: ignore[no-untyped-def]
    worklist_folder.write(tmp_path / "empty", empty_hearing=True)
    visitor = Visitor(make_app(tmp_path / "empty"), "e-demo")
    assert "Nobody is waiting for this service in run 2026-11-20-r1." in text(
        visitor.page("/lists/rk9-hearing")
    )


def test_a_policy_signed_with_a_trusted_key_draws_no_warning(tmp_path: Path, make_app) -> None:  # type: ignore[no-untyped-def]
    private, trusted = make_keys(tmp_path, worklist_folder.LEAD)
    worklist_folder.write(tmp_path / "signed", signed_with=private)
    shown = text(Visitor(make_app(tmp_path / "signed", trusted_keys=trusted), "r-demo").page(LIST))
    assert "Draft" not in shown
    assert "Signed by P. Sample, clinical lead, 2 Nov 2026" in shown


def test_a_signature_that_nobody_here_trusts_leaves_the_list_a_draft(tmp_path: Path, make_app) -> None:  # type: ignore[no-untyped-def]
    private, _ = make_keys(tmp_path, worklist_folder.LEAD)
    worklist_folder.write(tmp_path / "signed", signed_with=private)
    (tmp_path / "others").mkdir()
    _, others = make_keys(tmp_path / "others", worklist_folder.LEAD)
    for trusted in (None, others):
        shown = text(Visitor(make_app(tmp_path / "signed", trusted_keys=trusted), "r-demo").page(LIST))
        assert "Draft policy, not signed." in shown
        assert "Signed by" not in shown


@pytest.mark.parametrize(
    ("person", "address"),
    [
        ("r-demo", "/lists"),
        ("r-demo", LIST),
        ("r-demo", f"{LIST}/nr5ref0000001"),
        ("c-demo", "/demand"),
        ("d-demo", "/files"),
    ],
)
def test_every_page_of_a_run_says_that_its_policy_is_a_draft_and_that_no_estimate_is_used(
    tmp_path: Path,
    make_app,  # type: ignore[no-untyped-def]
    person: str,
    address: str,
) -> None:
    worklist_folder.write(tmp_path / "policy only", model=False)
    shown = text(Visitor(make_app(tmp_path / "policy only"), person).page(address))
    assert "Draft policy, not signed." in shown
    assert "No risk estimate is used." in shown


def test_an_old_list_says_its_age(clinician: Visitor, clock) -> None:  # type: ignore[no-untyped-def]
    clock.time = clock.time.replace(month=12, day=2)
    clinician.sign_in("r-demo")
    assert "This list is 12 days old. Do not offer slots from it" in text(clinician.page(LIST))


def test_my_lists_are_those_of_the_own_organisation(clinician: Visitor) -> None:
    shown = clinician.page("/lists")
    assert SPEECH in shown
    assert "rk9-hearing" not in shown
