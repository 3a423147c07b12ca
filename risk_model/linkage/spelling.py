"""How names, postcodes and sex are spelled before they are compared, and whether two values may be one child's."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

SHORTEST_PART = 3
"""Letters of the shortest part of a double-barrelled name that counts alone: "de" and "al" do not."""
SHORTEST_FORM = 3
"""Letters of the shortest short form: "Sam" for Samuel."""
MOST_OTHER_LETTERS = 2
"""Ours: letters that only one of two names has, if one of them is mistyped: the wrong letter and the right one."""
MOST_LETTERS = 24
"""Ours: letters of the longest name that is held against another letter by letter."""
DIGITS_OF_A_DATE = (0, 1, 2, 3, 5, 6, 8, 9)
"""Places of the digits in a date written as 2015-04-01."""


def given_name(name: pl.Expr) -> pl.Expr:
    """Return the first given name in plain letters.

    >>> pl.DataFrame({"name": ["Zoë Ann", "Anna-Maria", " "]}).select(given_name(pl.col("name")))["name"].to_list()
    ['zoe', 'annamaria', None]
    """
    return _nothing_to_null(_letters(name, "").str.strip_chars().str.split(" ").list.first())


def family_name(name: pl.Expr) -> pl.Expr:
    """Return a family name in plain letters, its parts together.

    >>> pl.DataFrame({"name": ["O'Neill-Smith"]}).select(family_name(pl.col("name")))["name"].to_list()
    ['oneillsmith']
    """
    return _nothing_to_null(_letters(name, "").str.replace_all(" ", ""))


def family_name_parts(name: pl.Expr) -> pl.Expr:
    """Return the parts of a double-barrelled name as a list; one that stands alone has itself.

    >>> pl.DataFrame({"name": ["O'Neill-Smith"]}).select(family_name_parts(pl.col("name")))["name"].to_list()
    [['oneill', 'smith']]
    """
    return _letters(name, " ").str.split(" ").list.eval(pl.element().filter(_is_long_enough()))


def sex(code: pl.Expr) -> pl.Expr:
    """Return M, F or null."""
    return code.str.to_uppercase().replace_strict({"1": "M", "M": "M", "2": "F", "F": "F"}, default=None)


def postcode(postcode: pl.Expr) -> pl.Expr:
    """Return a postcode without blanks."""
    return _nothing_to_null(postcode.str.to_uppercase().str.replace_all(" ", ""))


def may_be_one_birth_date(one: str, other: str) -> pl.Expr:
    """Return whether two birth dates differ by no more than a slip: equal, day and month swapped, or one digit.

    A date that is not known says nothing against.
    """
    written, beside = (pl.col(name).dt.to_string("%Y-%m-%d") for name in (one, other))
    swapped = written == pl.col(other).dt.to_string("%Y-%d-%m")
    wrong_digits = pl.sum_horizontal(
        written.str.slice(place, 1) != beside.str.slice(place, 1) for place in DIGITS_OF_A_DATE
    )
    return (swapped | (wrong_digits <= 1)).fill_null(True)


def shared_given_names(one: str, other: str) -> pl.Expr:
    """Return the given names that two records share, by the endings of their columns.

    `given` and `family` are lists of all that was ever recorded. Where both stand in each other's place, which of the
    two is the given name is not known, and both are returned.
    """

    def shared(name: str, beside: str) -> pl.Expr:
        return pl.col(f"{name}{one}").list.set_intersection(f"{beside}{other}")

    turned, back = shared("given", "family"), shared("family", "given")
    is_swapped = (turned.list.len() > 0) & (back.list.len() > 0)
    swapped = pl.when(is_swapped).then(turned.list.set_union(back)).otherwise(pl.lit([], pl.List(pl.String)))
    return shared("given", "given").list.set_union(swapped)


def may_be_one_given_name(one: str, other: str) -> pl.Expr:
    """Return whether two records may be one child's by given name: the same, a short form, or mistyped.

    `one` and `other` are the endings of their columns. A child without a given name may be anybody.
    """
    names, beside = pl.col(f"given{one}"), pl.col(f"given{other}")
    is_unknown = (names.list.len() == 0) | (beside.list.len() == 0)
    begin, begin_beside = (
        column.list.eval(pl.element().str.slice(0, SHORTEST_FORM)) for column in (names, beside)
    )
    begins_alike = begin.list.set_intersection(begin_beside).list.len() > 0
    return (
        is_unknown
        | (shared_given_names(one, other).list.len() > 0)
        | begins_alike
        | _is_mistyped(names.list.first(), beside.list.first())
    ).fill_null(True)


def may_be_written_for(name: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Return whether one name may stand where another was meant: the same, the beginning of it, or one slip away.

    >>> names = pl.DataFrame({"name": ["sam", "ella", "samuel", "ilsa"], "other": ["samuel", "elsa", "samir", "isla"]})
    >>> names.select(may_be_written_for(pl.col("name"), pl.col("other")))["name"].to_list()
    [True, True, False, True]
    """
    return name.str.starts_with(other) | other.str.starts_with(name) | _is_one_slip_away(name, other)


def _is_one_slip_away(name: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether one letter is wrong, left out or too much, or two neighbours are swapped."""
    lengths = name.str.len_chars().cast(pl.Int64), other.str.len_chars().cast(pl.Int64)
    shorter, longer = pl.min_horizontal(lengths), pl.max_horizontal(lengths)

    def alike(part: Callable[[pl.Expr, int], pl.Expr]) -> pl.Expr:
        same = (part(name, place) == part(other, place) for place in range(1, MOST_LETTERS + 1))
        return pl.min_horizontal(pl.sum_horizontal(same).cast(pl.Int64), shorter)

    before = alike(lambda word, place: word.str.head(place))
    after = alike(lambda word, place: word.str.tail(place))
    place = before.cast(pl.UInt32)
    two, beside = name.str.slice(place, 2), other.str.slice(place, 2)
    is_swap = (before + after == longer - 2) & (two == beside.str.reverse())
    return (longer - shorter <= 1) & ((before + after >= longer - 1) | is_swap)


def _is_mistyped(name: pl.Expr, other: pl.Expr) -> pl.Expr:
    letters, letters_beside = name.str.split(""), other.str.split("")
    other_letters = letters.list.set_symmetric_difference(letters_beside).list.len()
    lengths = name.str.len_chars().cast(pl.Int64) - other.str.len_chars().cast(pl.Int64)
    return (other_letters <= MOST_OTHER_LETTERS) & (lengths.abs() <= 1)


def _letters(name: pl.Expr, hyphen: str) -> pl.Expr:
    plain = name.str.normalize("NFKD").str.to_lowercase().str.replace_all("-", hyphen, literal=True)
    return plain.str.replace_all("[^a-z ]", "")


def _is_long_enough() -> pl.Expr:
    return pl.element().str.len_chars() >= SHORTEST_PART


def _nothing_to_null(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_chars() > 0).then(text)
