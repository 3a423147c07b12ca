"""Breakdowns of a total that no subtraction opens: what is hidden beside a small number, so that it stays hidden."""

from __future__ import annotations

from collections.abc import Sequence

from risk_model.disclosure.rules import NHS_ENGLAND, SUPPRESSED, Rule, publishable_count, rounded

SMALLEST_CHOICE = 3
"""A reader who knows this rule, and even the total to the child, is left at least so many values for a small count."""


def publishable_breakdown(cells: Sequence[int], rule: Rule = NHS_ENGLAND) -> list[str]:
    """Return the cells of one breakdown as they may be published beside their total.

    A small count hides itself and the smallest other one; where what is left shown still leaves too few values, the
    whole breakdown is hidden, and with a hidden total its zeros too. The same mark stands for both, and what else is
    hidden follows from shown figures alone, so that the hiding itself tells nothing.

    >>> publishable_breakdown([3, 40, 120]), publishable_breakdown([0, 40, 120]), publishable_breakdown([2, 9, 9])
    (['*', '*', '120'], ['0', '40', '120'], ['*', '*', '*'])
    """
    total = rounded(sum(cells), rule)
    if total is None:
        return [SUPPRESSED] * len(cells)
    shown = {place: count for place, cell in enumerate(cells) if (count := rounded(cell, rule)) is not None}
    if len(shown) == len(cells):
        return [publishable_count(cell, rule) for cell in cells]
    counts = {place: count for place, count in shown.items() if count}
    if counts:
        counts.pop(min(counts, key=lambda place: (counts[place], place)))
    hidden = sum(cell > 0 for cell in cells) - len(counts)
    if not _leaves_a_choice(total, list(counts.values()), hidden, rule):
        counts = {}
    return ["0" if not cell else str(counts.get(place, SUPPRESSED)) for place, cell in enumerate(cells)]


def _leaves_a_choice(total: int, shown: Sequence[int], hidden: int, rule: Rule) -> bool:
    """Whether the hidden cells together can be many and few enough for each small one to be several numbers."""
    fewest = rule.least(total) - sum(rule.most(count) for count in shown)
    most = rule.most(total) - sum(rule.least(count) for count in shown)
    if fewest < rule.smallest_group + SMALLEST_CHOICE + hidden - 2:
        return False
    # the one hidden beside a small count is no larger than the smallest that is shown
    return not shown or most - rule.most(min(shown)) <= rule.smallest_group - SMALLEST_CHOICE
