"""Writes what reviewers decided as the file that the next list obeys, under its contract in `data_contracts/`."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.reviews import waits_for_second
from service.schemas import Choice
from service.store import Review

HEADERS = (
    "decision_id", "service_id", "referral_id", "choice", "pin_to_tier", "reason", "own_words", "made_on", "ends_on",
    "decided_by", "seconded_by",
)  # fmt: skip
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(session: Session) -> tuple[str, int]:
    """Return the newest decision about each wait as CSV, and how many there are.

    Agreeing with a place changes nothing and ends what was decided before; so does a second person's refusal. One that
    still waits for a second person is written without one: the policy says whether that matters.
    """
    newest = select(func.max(Review.review_id)).group_by(Review.service_id, Review.referral_id)
    found = session.scalars(select(Review).where(Review.review_id.in_(newest)).order_by(Review.review_id))
    rows = [_row(session, review) for review in found if _changes_a_place(review)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows(rows)
    return text.getvalue(), len(rows)


def _changes_a_place(review: Review) -> bool:
    return review.choice != Choice.AGREE.value and review.second_agrees is not False


def _row(session: Session, review: Review) -> list[object]:
    asked = session.get(Review, review.seconds_review_id) if review.seconds_review_id else review
    assert asked is not None, "a decision that was seconded is never taken away"
    second = None if asked is review or waits_for_second(review) else review.person_name
    return [
        review.review_id,
        review.service_id,
        review.referral_id,
        review.choice,
        review.pin_to_tier,
        review.reason,
        _plain(review.own_words),
        datetime.fromisoformat(asked.made_at).astimezone().date(),
        review.ends_on,
        _plain(asked.person_name),
        second and _plain(second),
    ]


def _plain(words: str) -> str:
    """Words on one line that no spreadsheet takes for a formula."""
    line = " ".join(words.split())
    return f"'{line}" if line.startswith(STARTS_A_FORMULA) else line
