"""How dates, waits and risks are put into words; one wording for pages, charts and answers."""

from __future__ import annotations

import math
from datetime import date, datetime

DAYS_IN_A_WEEK = 7
RAREST_RISK_IN_WORDS = 0.01
CERTAIN = 1.0
MOST_PERCENT_OF_LIKENESS = 99.9
BY_A_NUMBER = "number"
COMMONEST_RISK_AS_ONE_IN = 0.3


def day(when: date | str | None) -> str:
    """Return a date as people write it.

    >>> day(date(2026, 2, 9))
    '9 Feb 2026'
    """
    if when is None:
        return "not known"
    if isinstance(when, str):
        when = date.fromisoformat(when[:10])
    return f"{when.day} {when:%b %Y}"


def short_day(when: date) -> str:
    """Return a date without its year, for dates close to today.

    >>> short_day(date(2026, 12, 7))
    '7 Dec'
    """
    return f"{when.day} {when:%b}"


def moment(when: datetime, today: date) -> str:
    """Return the time of something done today, or the date of anything older."""
    local = when.astimezone()
    return f"{local:%H:%M}" if local.date() == today else short_day(local.date())


def weeks(days: int | None) -> int | None:
    """Return whole weeks waited; a week counts once it is over."""
    return None if days is None else days // DAYS_IN_A_WEEK


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> count(1, "slot"), count(12, "slot"), count(2, "child", "children")
    ('1 slot', '12 slots', '2 children')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(first: int, last: int) -> str:
    """Return a range of places, or the one place.

    >>> span(2, 5), span(3, 3)
    ('2 to 5', '3')
    """
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def one_in(risk: float) -> str:
    """Return a risk as a natural frequency; from three in ten on, "1 in n" would be too coarse to tell risks apart.

    >>> one_in(0.111), one_in(0.004), one_in(0.29), one_in(0.79), one_in(0.97)
    ('1 in 9', 'fewer than 1 in 100', '1 in 3', '8 in 10', 'more than 9 in 10')
    """
    if risk < RAREST_RISK_IN_WORDS:
        return "fewer than 1 in 100"
    if risk < COMMONEST_RISK_AS_ONE_IN:
        return f"1 in {int(1 / risk + 0.5)}"
    tenths = int(risk * 10 + 0.5)
    return f"{tenths} in 10" if tenths < 10 else "more than 9 in 10"


def times(factor: float) -> str:
    """Return a factor as people read it.

    >>> times(1.3)
    '× 1.30'
    """
    return f"× {factor:.2f}"


def risk_before(risk: float, product: float) -> float:
    """Return the risk that becomes `risk` once its rate is multiplied by `product`.

    Contributions multiply the rate, people read chances: both printed chances come from the rate.
    """
    if product <= 0 or risk >= 1:
        return risk
    return -math.expm1(math.log1p(-risk) / product)


def long_day(when: date | None) -> str:
    """Return a date with its weekday, for headings.

    >>> long_day(date(2026, 11, 23))
    'Monday 23 November 2026'
    """
    return "a day not planned yet" if when is None else f"{when:%A} {when.day} {when:%B %Y}"


def log_moment(at: str) -> str:
    """Return the local date and time of a log entry."""
    local = datetime.fromisoformat(at).astimezone()
    return f"{short_day(local.date())} {local:%H:%M}"


def lower_first(text: str) -> str:
    """Return a phrase as it stands inside a sentence; abbreviations keep their capitals.

    >>> lower_first("Attendance 84% this term"), lower_first("EHC plan"), lower_first("A step")
    ('attendance 84% this term', 'EHC plan', 'a step')
    """
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """Return a phrase as it stands at the start of a sentence."""
    return text[:1].upper() + text[1:]


def join_places(places: str) -> str:
    """Return a list of places as a sentence needs it.

    >>> join_places("6 to 8, 13 to 19")
    '6 to 8 and 13 to 19'
    """
    before, comma, last = places.rpartition(", ")
    return f"{before} and {last}" if comma else last


def how_sure(confidence: float | None, method: str) -> str:
    """Return how sure a link is, in words; cut and never rounded up, and empty where a person has decided.

    >>> how_sure(0.9989, "same name and birth date"), how_sure(1.0, "same name and birth date")
    ('99.8 % sure', 'more than 99.9 % sure')
    >>> how_sure(1.0, "NHS number held by the council"), how_sure(None, "decided by a person")
    ('exact', '')
    """
    if confidence is None:
        return ""
    if confidence >= CERTAIN and BY_A_NUMBER in method:
        return "exact"
    percent = math.floor(confidence * 1000 + 1e-9) / 10
    return "more than 99.9 % sure" if percent > MOST_PERCENT_OF_LIKENESS else f"{percent:.1f} % sure"


def link_in_short(confidence: float | None, method: str) -> str:
    """Return how a record was linked and how sure that is, short enough for a row of a list.

    >>> link_in_short(0.9989, "same name and birth date"), link_in_short(None, "decided by a person")
    ('by details, 99.8 % sure', 'by a person')
    >>> link_in_short(1.0, "NHS number held by the council"), link_in_short(0.99, "unique pupil number of the school")
    ('by number, exact', 'by number, 99.0 % sure')
    """
    how = "by a person" if confidence is None else "by number" if BY_A_NUMBER in method else "by details"
    return ", ".join(part for part in (how, how_sure(confidence, method)) if part)
