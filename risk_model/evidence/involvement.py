"""How people dealt with a run's proposals, counted from the service's database; nobody is named."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from risk_model.errors import UserError

QUICK_SECONDS = 10
"""Agreed sooner than this after opening the child's page: too soon to have read it (ours, until a board sets it)."""
TOKEN_GESTURE_FROM = 50
"""Decisions from which a reviewer who overruled none is worth a look (ours as well)."""


def read(database: Path, run: str) -> dict[str, Any]:
    """Return counts of a run's decisions: by choice, without a look before, agreed in under 10 seconds, reviewers."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            reviews = connection.execute(
                "select person_id, service_id, referral_id, choice, made_at from review "
                "where run = ? and seconds_review_id is null",
                (run,),
            ).fetchall()
            looks = connection.execute(
                "select person_id, service_id, referral_id, at from audit_entry "
                "where action = 'read_child' and run = ? order by at",
                (run,),
            ).fetchall()
    except sqlite3.Error as error:
        raise UserError(
            f"{database} cannot be read as the service's database. Expected its SQLite file. Name it with --database, "
            "or leave the option out: the report then stands as OPEN."
        ) from error
    opened: dict[tuple[str, ...], list[datetime]] = {}
    for *who, at in looks:
        opened.setdefault(tuple(who), []).append(datetime.fromisoformat(at))
    unseen = quick = 0
    for *who, choice, made_at in reviews:
        made = datetime.fromisoformat(made_at)
        before = [at for at in opened.get(tuple(who), []) if at <= made]
        unseen += not before
        quick += choice == "agree" and bool(before) and (made - before[-1]).total_seconds() < QUICK_SECONDS
    by_person: dict[str, Counter[str]] = {}
    for person, _service, _referral, choice, _at in reviews:
        by_person.setdefault(person, Counter())[choice] += 1
    return {
        "decisions": len(reviews),
        "by_choice": dict(sorted(Counter(choice for *_, choice, _at in reviews).items())),
        "overruled": sum(choice != "agree" for *_, choice, _at in reviews),
        "without_a_look": unseen,
        "agreed_quickly": quick,
        "reviewers": len(by_person),
        "reviewers_who_overruled_none": sum(
            counts.total() >= TOKEN_GESTURE_FROM and counts["agree"] == counts.total()
            for counts in by_person.values()
        ),
    }
