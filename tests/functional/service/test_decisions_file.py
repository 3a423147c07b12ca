"""What reviewers decided reaches the next list: through the service's file, under its contract."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import policy
from risk_model.policy import DEFAULT_POLICY
from service.reviews import REASON_WORDS, TIERS_THAT_NEED_A_SECOND_PERSON, WEEKS_TO_CHOOSE_FROM
from tests.functional.service.conftest import Visitor, child_address, field_in
from tests.functional.service.test_command_line import run

RULES, _ = policy.load(DEFAULT_POLICY)
IN_TIER_2, IN_TIER_1 = 30, 4


def exported(database: str, tmp_path: Path) -> pl.DataFrame:
    file = tmp_path / "decisions.csv"
    done = run("decisions", "export", str(file), "--database", database)
    assert done.exit_code == 0, done.output
    read = policy.read_decisions(file.read_bytes(), RULES)
    assert read is not None
    return read


def test_the_reasons_of_the_form_are_those_of_the_policy() -> None:
    assert {reason.value: words for reason, words in REASON_WORDS.items()} == {
        code: reason.words for code, reason in RULES.reasons.items()
    }


def test_whom_to_lower_and_for_how_long_is_as_the_policy_has_it() -> None:
    assert list(TIERS_THAT_NEED_A_SECOND_PERSON) == RULES.overrides.second_person_to_lower_tiers
    assert WEEKS_TO_CHOOSE_FROM[0] == RULES.overrides.weeks
    assert max(WEEKS_TO_CHOOSE_FROM) == RULES.overrides.longest_weeks


def test_a_decision_is_written_as_the_next_list_reads_it(
    clinician: Visitor, database: str, tmp_path: Path
) -> None:
    clinician.decide(
        child_address(IN_TIER_2),
        choice="pin",
        pin_to_tier="1",
        reason="other",
        own_words="=1+1,\n“two lines”",
    )
    row = exported(database, tmp_path).row(0, named=True)
    assert row | {"decision_id": 1} == {
        "decision_id": 1,
        "service_id": "nr5-speech-and-language-therapy",
        "referral_id": f"nr5ref{IN_TIER_2:07d}",
        "choice": "pin",
        "pin_to_tier": 1,
        "reason": "other",
        "own_words": "'=1+1, “two lines”",
        "made_on": date(2026, 11, 24),
        "ends_on": date(2026, 12, 22),
        "decided_by": "R. Demo",
        "seconded_by": None,
    }


def test_agreeing_ends_what_was_decided_before(clinician: Visitor, database: str, tmp_path: Path) -> None:
    clinician.decide(child_address(IN_TIER_2), choice="up", reason="not-recorded")
    assert exported(database, tmp_path).height == 1
    clinician.decide(child_address(IN_TIER_2), choice="agree")
    assert exported(database, tmp_path).height == 0


@pytest.mark.parametrize(("answer", "left"), [("agree", [("R. Demo", "S. Demo")]), ("refuse", [])])
def test_a_second_person_stands_in_the_file_and_a_refusal_takes_the_decision_out(
    clinician: Visitor,
    colleague: Visitor,
    database: str,
    tmp_path: Path,
    answer: str,
    left: list[tuple[str, str]],
) -> None:
    address = child_address(IN_TIER_1)
    clinician.decide(address, choice="hold", reason="family-asked")
    waits = exported(database, tmp_path).select("decided_by", "seconded_by").rows()
    assert waits == [("R. Demo", None)]
    page = colleague.page(address)
    sent = {name: field_in(page, name) for name in ("csrf", "asked")}
    sent |= {"form_key": f"{field_in(page, 'form_key')}-2", "answer": answer}
    assert colleague.http.post(f"{address}/second", data=sent).status_code == 303
    assert exported(database, tmp_path).select("decided_by", "seconded_by").rows() == left


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(database: str, tmp_path: Path) -> None:
    done = run("decisions", "export", str(tmp_path / "no" / "folder.csv"), "--database", database)
    assert (done.exit_code, "cannot be written" in done.output) == (2, True)
