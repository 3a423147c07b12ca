"""Every table that the readers deliver is used, or named as not used; none is ignored in silence."""

from __future__ import annotations

from risk_model import snapshot
from risk_model.snapshot.unused import NOT_USED, USED, sentences
from risk_model.sources.extracts import delivered_tables
from tests import tables


def test_every_delivered_table_is_used_or_named_as_not_used() -> None:
    assert USED | set(NOT_USED) == set(delivered_tables())
    assert not USED & set(NOT_USED)


def test_what_was_sent_and_is_not_used_is_said_by_return() -> None:
    frames = tables.frames(
        annex_a_early_help="la_child_id | started_on\n7 | 2026-01-01",
        annex_a_protection_plan="la_child_id | started_on\n7 | 2026-01-01",
        safeguarding_early_help="la_child_id | started_on\n7 | 2026-01-01",
        cin_disability="la_child_id | disability_code\n7 | AUT",
    )
    assert snapshot.not_used(frames) == {
        "annex_a": ["annex_a_early_help"],
        "safeguarding": ["safeguarding_early_help"],
        "cin_census": ["cin_disability"],
    }
    assert [sentence.partition(":")[0] for sentence in sentences(frames)] == [
        "Annex A lists for inspection",
        "Standard Safeguarding Dataset",
    ]


def test_where_everything_is_used_nothing_is_said() -> None:
    assert sentences(tables.frames()) == []
