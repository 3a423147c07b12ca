"""Small numbers made safe before they leave the ICB; used by every page, file and message that shows a count.

Rule: NHS England's secondary-care (HES) publication rule below national level. A zero is shown, 1 to 7 are
suppressed, everything else is rounded to the nearest five, and a mean or share stands on at least eight children.
"""

SUPPRESSED = "*"
LARGEST_SUPPRESSED_COUNT = 7
ROUNDING_BASE = 5
SMALLEST_GROUP_FOR_A_MEAN = 8


def publishable_count(children: int) -> str:
    """Return a count as it may be published.

    >>> [publishable_count(n) for n in (0, 1, 7, 8, 12, 13)]
    ['0', '*', '*', '10', '10', '15']
    """
    if children == 0:
        return "0"
    if children <= LARGEST_SUPPRESSED_COUNT:
        return SUPPRESSED
    return str(ROUNDING_BASE * int(children / ROUNDING_BASE + 0.5))


def publishable_rate(per_week: float, weeks: int) -> str:
    """Return a weekly rate to half a child, or the mark where the count behind it is too small to show.

    >>> publishable_rate(17.3, 26), publishable_rate(0.2, 26)
    ('17.5', '*')
    """
    if per_week and round(per_week * weeks) <= LARGEST_SUPPRESSED_COUNT:
        return SUPPRESSED
    return f"{int(per_week * 2 + 0.5) / 2:g}"


def publishable_mean(mean: float | None, children: int) -> str:
    """Return a mean or median as whole units, or the mark for "too few children to say".

    >>> publishable_mean(23.4, 8), publishable_mean(23.4, 7)
    ('23', '*')
    """
    if mean is None or children < SMALLEST_GROUP_FOR_A_MEAN:
        return SUPPRESSED
    return str(int(mean + 0.5))
