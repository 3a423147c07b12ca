"""Rule words: every rule that checking can give is told to a partner, without a word of our trade."""

from __future__ import annotations

import re

import polars as pl
import pytest

from risk_model import contracts
from risk_model.contracts.rules import explain, rules_of
from risk_model.errors import UserError
from tests.reading import check

JARGON = re.compile(
    r"\b(null|none|regex|pattern|parse[ds]?|schema|frame|dtype|sql|boolean|string|integer|nullab\w*|enum|polars|"
    r"modulus|alias\w*|lineage|quarantine|key|expression|logical|payload|cast|valid values)\b",
    re.IGNORECASE,
)
EVERY_RULE = [(table, rule) for table in contracts.tables() for rule in rules_of(contracts.tables()[table])]


def test_every_rule_has_words_and_no_jargon() -> None:
    for name, rule in EVERY_RULE:
        words = explain(contracts.tables()[name], rule)
        for sentence in (words.meaning, words.to_do):
            assert sentence.endswith(".") and "{" not in sentence, (name, rule, sentence)
            assert not JARGON.search(sentence.replace("description", "")), (name, rule, sentence)


def test_a_rule_name_stands_once_in_its_table() -> None:
    assert len(EVERY_RULE) == len(set(EVERY_RULE))


@pytest.mark.parametrize(
    "name", [n for n, t in contracts.tables().items() if t.contract not in contracts.OUR_OWN]
)
@pytest.mark.parametrize("value", ["?", "", "-1", "999999", "x" * 40, " a1 ", "01/01/1800"])
def test_every_rule_that_a_bad_row_breaks_has_words(name: str, value: str) -> None:
    table = contracts.tables()[name]
    bad = {column.header: [value] for column in table.columns.values()} | {"surprise": [value]}
    checked = check(name, pl.DataFrame(bad))
    found = {*checked.rejected["rules"].explode().drop_nulls(), *checked.findings["rule"]}
    listed = {*rules_of(table), "unknown_column|surprise"}
    assert found and found <= listed
    assert all(explain(table, rule).to_do for rule in found)


@pytest.mark.parametrize(
    ("table", "rule", "says"),
    [
        ("csds_referral", "service_request_id|missing", "is left out"),
        ("csds_referral", "received_on|unparsed", "cannot be read as a date"),
        ("csds_patient", "nhs_number_check_digit", "counts as not given"),
        ("attendance_week", "upn_check_letter", "is left out"),
        ("csds_team", "team_type_code|not_in_open_code_list", "is kept as it is"),
        ("attendance_week", "sessions_possible|maximum", "above 14"),
        (
            "attendance_week",
            "absence_within_possible",
            "A pupil cannot miss more sessions than were possible.",
        ),
        ("csds_referral", "priority_code|zeros_restored", "We put it right ourselves"),
        ("csds_referral", "received_on|no_real_date", "stands for “no date”"),
        ("csds_referral", "unknown_column|Colour", "a column Colour that we do not know"),
    ],
)
def test_what_a_partner_reads(table: str, rule: str, says: str) -> None:
    assert says in explain(contracts.tables()[table], rule).meaning


def test_a_name_that_no_rule_has_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UserError, match=r"csds_referral has no rule received_on\|odd.*received_on\|unparsed"):
        explain(contracts.tables()["csds_referral"], "received_on|odd")
