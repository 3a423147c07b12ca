"""Decisions about a child's place: which are possible, how they are kept, and what is in force."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import audit, publishing
from service.access import NotThereError, Person, check_user_can_second
from service.schemas import Child, Choice, Reason, ReviewIn, ReviewOut, ReviewState
from service.store import Publication, Review
from service.wording import moment, short_day

CHOICE_WORDS: Mapping[Choice, str] = {
    Choice.AGREE: "Agree with this place",
    Choice.UP: "Move up",
    Choice.HOLD: "Hold: no slot for now",
    Choice.PIN: "Pin to a tier",
    Choice.WRONG: "Mark wrong data",
}
REASON_WORDS: Mapping[Reason, str] = {
    Reason.NOT_RECORDED: "I know something not recorded",
    Reason.FAMILY_ASKED: "Family asked to wait",
    Reason.OTHER_SUPPORT: "Other support has started",
    Reason.FACT_WRONG: "Fact is wrong or out of date",
    Reason.OTHER: "Another reason, in my words",
}
WEEKS_TO_CHOOSE_FROM = (4, 1, 12)
TIERS_THAT_NEED_A_SECOND_PERSON = (0, 1)


class SomebodyElseDecidedError(Exception):
    """The child was changed after this person had opened it."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class ChangedSinceError(SomebodyElseDecidedError):
    """The child is not as the If-Match of a program says that it saw it."""


class OlderListError(Exception):
    """A decision about a list that is not live any more, or not yet."""

    def __init__(self, live: Publication | None, now: datetime) -> None:
        since = "" if live is None else moment(datetime.fromisoformat(live.made_at), _today(now))
        self.words = (
            publishing.NOTHING_LIVE
            if live is None
            else f"Another list, {live.run}, is live since {since}. Your choice was not saved. Open the child there"
        )
        super().__init__(self.words)


class DecisionIncompleteError(Exception):
    """Something a decision needs was not sent."""

    def __init__(self, missing: Mapping[str, str]) -> None:
        super().__init__("incomplete")
        self.missing = missing


class KeyUsedTwiceError(Exception):
    """One key came with two different decisions."""


@dataclass(frozen=True)
class Saved:
    """A decision as kept, and whether this very decision had been sent before."""

    review: Review
    was_there: bool


def mistakes(sent: ReviewIn) -> dict[str, str]:
    """Return what is missing from a decision, by field."""
    found = {}
    if sent.choice is not Choice.AGREE and sent.reason is None:
        found["reason"] = "Choose a reason for your decision"
    if sent.choice is Choice.PIN and sent.pin_to_tier is None:
        found["pin_to_tier"] = "Choose the tier to pin this child to"
    if sent.reason is Reason.OTHER and not sent.own_words:
        found["own_words"] = "Write the reason in your words"
    return found


def needs_second_person(sent: ReviewIn, tier: int) -> bool:
    """Moving a child of tier 0 or 1 down needs a second person.

    >>> needs_second_person(ReviewIn(choice="hold", last_review=0), 1)
    True
    >>> needs_second_person(ReviewIn(choice="pin", pin_to_tier=0, last_review=0), 1)
    False
    """
    goes_down = sent.choice is Choice.HOLD or (
        sent.choice is Choice.PIN and sent.pin_to_tier is not None and sent.pin_to_tier > tier
    )
    return tier in TIERS_THAT_NEED_A_SECOND_PERSON and goes_down


def decide(
    session: Session,
    person: Person,
    child: Child,
    sent: ReviewIn,
    key: str,
    now: datetime,
    *,
    if_match: int | None = None,
) -> Saved:
    """Keep a decision and its log entry in the caller's transaction, once per key.

    `if_match` is the newest decision that a program saw, from the ETag of the child.
    """
    overrides = sent.choice is not Choice.AGREE
    review = _about(child, person, key, now)
    review.choice = sent.choice.value
    review.reason = sent.reason.value if sent.reason and overrides else None
    review.own_words = sent.own_words
    review.pin_to_tier = sent.pin_to_tier if sent.choice is Choice.PIN else None
    review.ends_on = _today(now) + timedelta(weeks=sent.weeks) if overrides else None
    review.needs_second = needs_second_person(sent, child.tier)
    review.request_digest = _request_digest(child, sent.model_dump(mode="json"))
    return _keep(session, person, review, sent.last_review, "decided", now, if_match)


def second(
    session: Session, person: Person, child: Child, opened: int, agrees: bool, key: str, now: datetime
) -> Saved:
    """Keep the second person's answer: agreed, the decision is in force; refused, the child is to review.

    `opened` is the decision that the second person read; one that was replaced or answered since is not answered.
    """
    request_digest = _request_digest(child, {"seconds": opened, "agrees": agrees})
    if (before := _sent_before(session, person, key, request_digest)) is not None:
        return Saved(before, was_there=True)
    asked = _asked(session, child, opened, now)
    check_user_can_second(person, child.provider_code, asked.person_id)
    review = _about(child, person, key, now)
    for name in ("choice", "reason", "own_words", "pin_to_tier", "ends_on", "needs_second"):
        setattr(review, name, getattr(asked, name))
    review.seconds_review_id, review.second_agrees = asked.review_id, agrees
    review.request_digest = request_digest
    return _keep(session, person, review, asked.review_id, "seconded", now)


def newest(session: Session, service_id: str, referral_id: str) -> Review | None:
    """Return the newest decision about one child's wait."""
    return session.scalars(
        select(Review)
        .where(Review.service_id == service_id, Review.referral_id == referral_id)
        .order_by(Review.review_id.desc())
        .limit(1)
    ).first()


def waiting_decision(session: Session, service_id: str, referral_id: str) -> Review | None:
    """Return the decision about a child that waits for a second person, if one does."""
    last = newest(session, service_id, referral_id)
    return last if last is not None and waits_for_second(last) else None


def own(session: Session, person: Person, review_id: int) -> Review | None:
    """Return a decision that this person has made, to confirm that it was saved."""
    review = session.get(Review, review_id)
    return review if review is not None and review.person_id == person.person_id else None


def all_of_child(session: Session, service_id: str, referral_id: str) -> Sequence[Review]:
    """Return every decision about one child's wait, newest first."""
    return session.scalars(
        select(Review)
        .where(Review.service_id == service_id, Review.referral_id == referral_id)
        .order_by(Review.review_id.desc())
    ).all()


def states(
    session: Session, run: str, service_id: str, now: datetime, only: Collection[str] | None = None
) -> dict[str, ReviewState]:
    """Return what is decided about the children of one list; a child that is not in it is to review."""
    chosen = select(func.max(Review.review_id)).where(Review.service_id == service_id)
    if only is not None:
        chosen = chosen.where(Review.referral_id.in_(only))
    found = session.scalars(select(Review).where(Review.review_id.in_(chosen.group_by(Review.referral_id))))
    read = {review.referral_id: state(review, run, now) for review in found}
    return {referral_id: shown for referral_id, shown in read.items() if shown.kind != "todo"}


def state(review: Review, run: str, now: datetime) -> ReviewState:
    """Return what one newest decision means today, in the words of the page."""
    today = _today(now)
    made = moment(datetime.fromisoformat(review.made_at), today)
    if review.second_agrees is False or (review.ends_on is not None and review.ends_on < today):
        return ReviewState(kind="todo", words="To review")
    if waits_for_second(review):
        return ReviewState(kind="second", words="Waits for a second person")
    until = f"until {short_day(review.ends_on)}" if review.ends_on else ""
    match Choice(review.choice):
        case Choice.AGREE if review.run == run:
            return ReviewState(kind="agreed", words=f"Agreed {made}")
        case Choice.AGREE:
            return ReviewState(kind="todo", words="To review")
        case Choice.UP:
            return ReviewState(kind="up", words=f"Moved up from {review.place}, {until}")
        case Choice.HOLD:
            return ReviewState(kind="hold", words=f"Held {until}")
        case Choice.PIN:
            return ReviewState(kind="pin", words=f"Pinned to tier {review.pin_to_tier} {until}")
        case Choice.WRONG:
            told = short_day(datetime.fromisoformat(review.made_at).astimezone().date())
            return ReviewState(kind="wrong", words=f"Wrong data, steward told {told}")


def waits_for_second(review: Review) -> bool:
    """Say whether a decision is not in force yet because nobody has seconded it."""
    return review.needs_second and review.seconds_review_id is None


def marked_wrong(session: Session, services: Collection[str], limit: int) -> Sequence[Review]:
    """Return the newest marks of wrong data on the lists of some services, for the data steward."""
    return session.scalars(
        select(Review)
        .where(Review.choice == Choice.WRONG.value, Review.service_id.in_(services))
        .order_by(Review.review_id.desc())
        .limit(limit)
    ).all()


def saved_words(review: Review) -> str:
    """Return the sentence that confirms a decision."""
    who = f"Child {review.child_reference}"
    if review.seconds_review_id is not None:
        return (
            f"Saved: {who}, you {'agreed' if review.second_agrees else 'did not agree'} as the second person."
        )
    if waits_for_second(review):
        return (
            f"Saved: {who}. A second person must agree. The child stays at place {review.place} until then."
        )
    until = f" until {short_day(review.ends_on)}" if review.ends_on else ""
    words = {
        Choice.AGREE: f"agreed with place {review.place}",
        Choice.UP: f"move up from place {review.place}{until}. The next list applies it",
        Choice.HOLD: f"held{until}. The next list applies it",
        Choice.PIN: f"pinned to tier {review.pin_to_tier}{until}. The next list applies it",
        Choice.WRONG: "marked as wrong data. The data steward sees it now",
    }
    return f"Saved: {who}, {words[Choice(review.choice)]}."


def as_answer(review: Review) -> ReviewOut:
    """Return a decision as the service gives it out."""
    same = {name: getattr(review, name) for name in ReviewOut.model_fields if hasattr(review, name)}
    return ReviewOut(**same, waits_for_second_person=waits_for_second(review))


def _about(child: Child, person: Person, key: str, now: datetime) -> Review:
    return Review(
        idempotency_key=key,
        made_at=now.isoformat(timespec="milliseconds"),
        run=child.run,
        service_id=child.service_id,
        referral_id=child.referral_id,
        child_reference=child.child_reference,
        place=child.place,
        tier=child.tier,
        person_id=person.person_id,
        person_name=person.name,
    )


def _keep(
    session: Session,
    person: Person,
    review: Review,
    seen: int,
    action: str,
    now: datetime,
    if_match: int | None = None,
) -> Saved:
    before = _sent_before(session, person, review.idempotency_key, review.request_digest)
    if before is not None:
        return Saved(before, was_there=True)
    live = publishing.live(session)
    if live is None or live.run != review.run:
        raise OlderListError(live, now)
    last = newest(session, review.service_id, review.referral_id)
    is_at = last.review_id if last is not None else 0
    if if_match is not None and is_at != if_match:
        raise ChangedSinceError(_what_changed(last, now))
    if is_at != seen:
        raise SomebodyElseDecidedError(_what_changed(last, now))
    session.add(review)
    session.flush()
    audit.append(
        session,
        person,
        action,
        now,
        run=review.run,
        service_id=review.service_id,
        referral_id=review.referral_id,
        details=_for_the_log(review),
    )
    return Saved(review, was_there=False)


def _sent_before(session: Session, person: Person, key: str, request_digest: str) -> Review | None:
    """What this very request was answered with when it came first."""
    before = session.scalars(
        select(Review).where(Review.person_id == person.person_id, Review.idempotency_key == key)
    ).first()
    if before is not None and before.request_digest != request_digest:
        raise KeyUsedTwiceError
    return before


def _asked(session: Session, child: Child, opened: int, now: datetime) -> Review:
    last = newest(session, child.service_id, child.referral_id)
    if last is None:
        raise NotThereError
    if last.review_id != opened or not waits_for_second(last):
        raise SomebodyElseDecidedError(_what_changed(last, now))
    return last


def _request_digest(child: Child, sent: Mapping[str, object]) -> str:
    """Everything that was sent and where: a key that comes again with anything else was used twice."""
    about = {"run": child.run, "service_id": child.service_id, "referral_id": child.referral_id}
    return hashlib.sha256(json.dumps([about, sent], sort_keys=True).encode()).hexdigest()


def _for_the_log(review: Review) -> dict[str, object]:
    """The log holds the decision and a digest of all that is stored of it, never the reviewer's own words."""
    return {
        "review_id": review.review_id,
        "choice": review.choice,
        "reason": review.reason,
        "place": review.place,
        "tier": review.tier,
        "pin_to_tier": review.pin_to_tier,
        "ends_on": review.ends_on.isoformat() if review.ends_on else None,
        "needs_second": review.needs_second,
        "seconds_review_id": review.seconds_review_id,
        "second_agrees": review.second_agrees,
        "digest": audit.digest(review),
    }


def _what_changed(last: Review | None, now: datetime) -> str:
    if last is None:
        return "What was decided before was erased. Your choice was not saved. Look again"
    words = state(last, last.run, now).words
    at = moment(datetime.fromisoformat(last.made_at), _today(now))
    return (
        f"{last.person_name} changed this child at {at}: {words[0].lower()}{words[1:]}. "
        "Your choice was not saved. Look again"
    )


def _today(now: datetime) -> date:
    return now.astimezone().date()
