"""Counts, lists and the summary of a check, as a person would say them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from risk_model.sources.assembly import date_in_path

MILLION = 1_000_000
FILES_NAMED = 3
TERMS = {"spring": "1", "summer": "2", "autumn": "3"}
"""The school census names its files by the term of a calendar year, whose order is not that of the alphabet."""


def many(number: int) -> str:
    """A count as a person says it.

    >>> many(1999), many(2_249_000)
    ('1,999', '2.2 million')
    """
    return f"{number:,}" if number < MILLION else f"{number / MILLION:.1f} million"


def counted(number: int, one: str, several: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "child", "children"), counted(2, "row")
    ('1 child', '2 rows')
    """
    return f"{many(number)} {one if number == 1 else several or f'{one}s'}"


def list_of(names: Sequence[str], noun: str, *, most: int = FILES_NAMED) -> str:
    """The first few names, and how many more there are.

    >>> list_of(("a", "b", "c", "d", "e"), "file")
    'a, b, c and 2 more files'
    """
    named, more = ", ".join(map(shown, names[:most])), len(names) - most
    return named if more <= 0 else f"{named} and {counted(more, f'more {noun}')}"


def newest_first(paths: Iterable[str]) -> tuple[str, ...]:
    """Files by the date or term in their names, the newest first.

    >>> newest_first(["2024_autumn_x.csv", "2025_summer_x.csv", "2025_autumn_x.csv"])
    ('2025_autumn_x.csv', '2025_summer_x.csv', '2024_autumn_x.csv')
    """
    return tuple(sorted(paths, key=_age, reverse=True))


def shown(text: str) -> str:
    """A partner's text on one line: signs that a terminal would obey, or that no page can hold, become a mark.

    >>> shown("a\\x1b[31m\\nb")
    'a�[31m�b'
    """
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def summary_of(
    *, files: int, unreadable: int, left_behind: int, accepted: int, rejected: int, gaps: int, milder: int
) -> str:
    """A whole check in a sentence or two.

    >>> summary_of(files=41, unreadable=3, left_behind=0, accepted=2_199_880, rejected=120, gaps=0, milder=1)
    '3 of 41 files could not be read, and 120 of 2.2 million rows were left out. 1 finding cost no row.'
    """
    rows = accepted + rejected
    read = f"{many(unreadable)} of {counted(files, 'file')} could not be read"
    if not unreadable:
        read = f"all {counted(files, 'file')} were understood" if files != 1 else "the file was understood"
    kept = f"{many(rejected)} of {counted(rows, 'row')} {'was' if rejected == 1 else 'were'} left out"
    if not rejected:
        kept = f"all {counted(rows, 'row')} were accepted" if rows > 1 else f"{counted(rows, 'row')} accepted"
    parts = [read, kept] if rows else [read]
    if gaps:
        parts.append("one gap lies between tables" if gaps == 1 else f"{gaps} gaps lie between tables")
    sentence = f"{', '.join(parts[:-1])}, and {parts[-1]}." if len(parts) > 1 else f"{read}."
    sentences = [sentence[0].upper() + sentence[1:]]
    if left_behind:
        hold = "file holds a table" if left_behind == 1 else "files hold tables"
        sentences.append(f"{many(left_behind)} {hold} that we leave behind on purpose.")
    if milder:
        sentences.append(f"{counted(milder, 'finding')} cost no row.")
    if not (unreadable or rejected or gaps or milder):
        sentences.append("There is nothing to mend.")
    return " ".join(sentences)


def _age(path: str) -> tuple[date, str]:
    by_term = path.lower()
    for term, place in TERMS.items():
        by_term = by_term.replace(term, place)
    return date_in_path(path) or date.min, by_term
