"""Deciding about a child: nothing is lost or saved twice, and nobody is moved down by one person alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from service import audit
from service.store import AuditEntry, Review
from tests.functional.service.conftest import LIST, Visitor, child_address, csrf_in, field_in, query
from tests.functional.service.test_api import send
from tests.functional.service.test_lists import text

IN_TIER_2 = 30


def rows(app: Any) -> tuple[int, int]:
    with app.state.parts.store.reading() as session:
        decided = (
            select(func.count()).select_from(AuditEntry).where(AuditEntry.action.in_(("decided", "seconded")))
        )
        return session.scalar(select(func.count()).select_from(Review)) or 0, session.scalar(decided) or 0


def test_agreeing_is_kept_with_its_log_entry(app: Any, clinician: Visitor) -> None:
    answer = clinician.decide(child_address(2), choice="agree", then="list")
    assert answer.status_code == 303
    assert "Saved: Child" in text(clinician.page(answer.headers["location"]))
    assert rows(app) == (1, 1)
    assert "Agreed 09:00" in text(clinician.page(LIST))


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"choice": "up", "reason": "not-recorded"}, "Moved up from 30, until 22 Dec"),
        ({"choice": "hold", "reason": "family-asked", "weeks": "1"}, "Held until 1 Dec"),
        ({"choice": "pin", "reason": "not-recorded", "pin_to_tier": "1"}, "Pinned to tier 1 until 22 Dec"),
        ({"choice": "wrong", "reason": "fact-wrong"}, "Wrong data, steward told 24 Nov"),
    ],
)
def test_each_decision_has_its_words(clinician: Visitor, fields: dict[str, str], state: str) -> None:
    assert clinician.decide(child_address(IN_TIER_2), **fields).status_code == 303
    answer = clinician.http.get(f"/v1{child_address(IN_TIER_2)}").json()
    assert answer["review"]["words"] == state
    assert answer["place"] == IN_TIER_2


def test_an_override_ends_on_its_day(clinician: Visitor, clock: Any) -> None:
    clinician.decide(child_address(IN_TIER_2), choice="up", reason="not-recorded", weeks="1")
    for day, kind in ((1, "up"), (2, "todo")):
        clock.time = clock.time.replace(month=12, day=day)
        clinician.sign_in("r-demo")
        assert clinician.http.get(f"/v1{child_address(IN_TIER_2)}").json()["review"]["kind"] == kind


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Choose a decision"),
        ({"choice": "sideways"}, "Choose a decision"),
        ({"choice": "up"}, "Choose a reason for your decision"),
        ({"choice": "pin", "reason": "not-recorded"}, "Choose the tier to pin this child to"),
        ({"choice": "up", "reason": "other"}, "Write the reason in your words"),
        ({"choice": "up", "reason": "other", "own_words": "x" * 1001}, "Use at most 1,000 letters"),
        ({"choice": "agree", "weeks": "7"}, "Choose one of the answers in the form"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_saved(
    app: Any, clinician: Visitor, fields: dict[str, str], message: str
) -> None:
    answer = clinician.decide(child_address(2), **fields)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert message in text(answer.text)
    assert "<title>Error: " in answer.text
    assert rows(app) == (0, 0)


def test_what_was_typed_survives_a_mistake(clinician: Visitor) -> None:
    answer = clinician.decide(child_address(2), choice="up", own_words="Mother rang")
    assert "Mother rang" in answer.text
    assert 'value="up" checked' in answer.text


def test_nothing_is_chosen_beforehand(clinician: Visitor) -> None:
    assert "checked" not in clinician.page(child_address(2))


def test_sending_a_form_twice_saves_once(app: Any, clinician: Visitor) -> None:
    page = clinician.page(child_address(2))
    sent = {name: field_in(page, name) for name in ("csrf", "form_key", "last_review")} | {"choice": "agree"}
    answers = [clinician.http.post(child_address(2), data=sent) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert rows(app) == (1, 1)


def test_a_child_changed_by_somebody_else_is_not_changed_again(
    app: Any, clinician: Visitor, colleague: Visitor
) -> None:
    page = clinician.page(child_address(IN_TIER_2))
    colleague.decide(child_address(IN_TIER_2), choice="hold", reason="family-asked")
    sent = {name: field_in(page, name) for name in ("csrf", "form_key", "last_review")} | {"choice": "agree"}
    answer = clinician.http.post(child_address(IN_TIER_2), data=sent)
    assert answer.status_code == 409
    assert (
        "S. Demo changed this child at 09:00: held until 22 Dec. Your choice was not saved. Look again"
        in text(answer.text)
    )
    assert rows(app) == (1, 1)


def test_save_and_next_opens_the_next_child_to_review_in_the_filter(clinician: Visitor) -> None:
    clinician.decide(child_address(8), choice="agree")
    address = query(child_address(3), unknown="social care")
    page = clinician.page(address)
    sent = {name: field_in(page, name) for name in ("csrf", "form_key", "last_review")}
    answer = clinician.http.post(address, data=sent | {"choice": "agree", "then": "next"})
    assert "nr5ref0000013?unknown=social+care" in answer.headers["location"]


@pytest.mark.parametrize("fields", [{"choice": "hold"}, {"choice": "pin", "pin_to_tier": "2"}])
def test_moving_a_tier_1_child_down_waits_for_a_second_person(
    clinician: Visitor, colleague: Visitor, fields: dict[str, str]
) -> None:
    address = child_address(3)
    answer = clinician.decide(address, reason="family-asked", **fields)
    assert "A second person must agree. The child stays at place 3 until then." in text(
        clinician.page(answer.headers["location"])
    )
    assert clinician.http.get(f"/v1{address}").json()["review"]["words"] == "Waits for a second person"
    assert answer_as_second(clinician, address, "agree").status_code == 404
    assert answer_as_second(colleague, address, "agree").status_code == 303
    assert colleague.http.get(f"/v1{address}").json()["review"]["kind"] == fields["choice"]


def test_a_second_person_can_refuse(clinician: Visitor, colleague: Visitor) -> None:
    clinician.decide(child_address(3), choice="hold", reason="family-asked")
    assert answer_as_second(colleague, child_address(3), "refuse").status_code == 303
    assert clinician.http.get(f"/v1{child_address(3)}").json()["review"]["kind"] == "todo"


def test_a_second_person_answers_only_the_decision_they_opened(
    app: Any, clinician: Visitor, colleague: Visitor
) -> None:
    address = child_address(3)
    clinician.decide(address, choice="hold", reason="family-asked")
    page = colleague.page(address)
    clinician.decide(address, choice="pin", pin_to_tier="2", reason="family-asked")
    sent = {name: field_in(page, name) for name in ("csrf", "asked")} | {"answer": "agree"}
    answer = colleague.http.post(f"{address}/second", data=sent | {"form_key": "second-key-1"})
    assert (answer.status_code, "R. Demo changed this child at 09:00" in text(answer.text)) == (409, True)
    assert rows(app) == (2, 2)


def test_a_second_persons_answer_sent_twice_is_kept_once(
    app: Any, clinician: Visitor, colleague: Visitor
) -> None:
    address = child_address(3)
    clinician.decide(address, choice="hold", reason="family-asked")
    page = colleague.page(address)
    sent = {name: field_in(page, name) for name in ("csrf", "asked")} | {"form_key": "second-key-1"}
    answers = [colleague.http.post(f"{address}/second", data=sent | {"answer": "agree"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert rows(app) == (2, 2)
    changed = colleague.http.post(f"{address}/second", data=sent | {"answer": "refuse"})
    assert changed.status_code == 409


def test_pinning_a_tier_1_child_up_needs_nobody_else(clinician: Visitor) -> None:
    clinician.decide(child_address(3), choice="pin", pin_to_tier="0", reason="not-recorded")
    assert clinician.http.get(f"/v1{child_address(3)}").json()["review"]["kind"] == "pin"


def test_the_steward_sees_what_is_marked_wrong(app: Any, clinician: Visitor) -> None:
    clinician.decide(child_address(IN_TIER_2), choice="wrong", reason="fact-wrong", own_words="Plan ended")
    assert "Plan ended" in Visitor(app, "d-demo").page("/files")


def test_a_decision_without_its_log_entry_is_not_kept(app: Any, clinician: Visitor) -> None:
    page = clinician.page(child_address(2))
    with app.state.parts.store.engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    sent = {name: field_in(page, name) for name in ("csrf", "form_key", "last_review")} | {"choice": "agree"}
    answer = clinician.http.post(child_address(2), data=sent)
    assert answer.status_code == 503
    assert rows(app) == (0, 0)


def test_of_many_who_decide_at_once_one_is_first(app: Any) -> None:
    visitors = [Visitor(app, person) for person in ("r-demo", "s-demo") for _ in range(4)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        answers = list(
            pool.map(lambda each: send(each[1], 2, f"key-of-number-{each[0]}"), enumerate(visitors))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert rows(app) == (1, 1)


def test_many_who_decide_about_different_children_all_succeed(app: Any) -> None:
    visitors = [Visitor(app, "r-demo") for _ in range(8)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        answers = list(
            pool.map(lambda each: send(each[1], each[0] + 1, f"key-of-number-{each[0]}"), enumerate(visitors))
        )
    assert {answer.status_code for answer in answers} == {201}
    with app.state.parts.store.reading() as session:
        key = audit.open_public_key(app.state.parts.settings.log_key_path)
        assert audit.verify(session, key).agrees


def test_own_words_are_shown_as_text_and_never_run(clinician: Visitor) -> None:
    clinician.decide(child_address(2), choice="up", reason="not-recorded", own_words="<b>{{ 7 * 7 }}</b>")
    assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;" in clinician.page(child_address(2))


def answer_as_second(visitor: Visitor, address: str, answer: str) -> Any:
    page = visitor.page(address)
    asked = visitor.http.get(f"/v1{address}").json()["last_review"]
    return visitor.http.post(
        f"{address}/second",
        data={"csrf": csrf_in(page), "form_key": "second-key", "asked": asked, "answer": answer},
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"weeks": 12},
        {"own_words": "Mother rang"},
        {"reason": "fact-wrong"},
        {"choice": "hold"},
        {"last_review": 1},
    ],
)
def test_one_key_never_stands_for_two_decisions(
    app: Any, clinician: Visitor, changed: dict[str, object]
) -> None:
    first = {"choice": "up", "reason": "not-recorded", "weeks": 4}
    assert send(clinician, IN_TIER_2, "key-number-one", **first).status_code == 201
    assert send(clinician, IN_TIER_2, "key-number-one", **first | changed).status_code == 409
    assert rows(app) == (1, 1)


@pytest.mark.parametrize(("seen", "status"), [('"0"', 201), ('"7"', 412), ("0", 422)])
def test_a_decision_with_if_match_is_kept_only_where_nothing_changed(
    clinician: Visitor, seen: str, status: int
) -> None:
    address = f"/v1{child_address(2)}"
    assert clinician.http.get(address).headers["ETag"] == '"0"'
    headers = {"Idempotency-Key": "key-number-one", "If-Match": seen}
    body = {"choice": "agree", "last_review": 0}
    answer = clinician.http.post(f"{address}/reviews", json=body, headers=headers)
    assert answer.status_code == status
    assert clinician.http.get(address).headers["ETag"] == ('"1"' if status == 201 else '"0"')


def test_a_form_that_comes_back_with_mistakes_is_a_look_too(clinician: Visitor) -> None:
    address = child_address(2)
    token = field_in(clinician.page(address), "csrf")
    sent = {"csrf": token, "form_key": "key-of-a-form-with-nothing"}
    assert clinician.http.post(address, data=sent).status_code == 422
    assert text(clinician.page(address)).count("opened this page") == 3
