"""Which counts may be shown, and how: rules that NHS England publishes by, one of them in force."""

from __future__ import annotations

from dataclasses import dataclass

SUPPRESSED = "*"


@dataclass(frozen=True)
class Rule:
    """Counts from 1 to `largest_suppressed` are hidden, others rounded to the nearest `rounding_base`; 0 is shown."""

    id: str
    largest_suppressed: int
    rounding_base: int

    @property
    def smallest_group(self) -> int:
        """A mean, median or share stands on at least so many children."""
        return self.largest_suppressed + 1

    @property
    def words(self) -> str:
        """The rule in words, for the foot of a table."""
        return (
            f"* not shown: between 1 and {self.largest_suppressed} children, or hidden so that such a number cannot be "
            "found by subtraction. Others to the nearest "
            f"{self.rounding_base}; rows may not add up to the total."
        )

    def hides(self, children: int) -> bool:
        """Whether a count is too small to show."""
        return 0 < children <= self.largest_suppressed

    def least(self, shown: int) -> int:
        """The fewest children that a shown count can stand for."""
        return 0 if shown == 0 else max(self.smallest_group, shown - self.rounding_base // 2)

    def most(self, shown: int) -> int:
        """The most children that a shown count can stand for."""
        return 0 if shown == 0 else shown + self.rounding_base // 2


NHS_ENGLAND = Rule("nhs-england-sub-national", largest_suppressed=7, rounding_base=5)
"""NHS England's secondary-care (HES) publication rule below national level; the default."""
BELOW_FIVE = Rule("below-five", largest_suppressed=4, rounding_base=5)
"""As in NHS England's mental health publications; a setting."""
RULES = {rule.id: rule for rule in (NHS_ENGLAND, BELOW_FIVE)}


def rounded(children: int, rule: Rule = NHS_ENGLAND) -> int | None:
    """Return a count as it may be counted with further; None where it is hidden.

    >>> [rounded(n) for n in (0, 1, 7, 8, 12, 13)]
    [0, None, None, 10, 10, 15]
    """
    if rule.hides(children):
        return None
    return rule.rounding_base * int(children / rule.rounding_base + 0.5)


def publishable_count(children: int, rule: Rule = NHS_ENGLAND) -> str:
    """Return a count as it may be published.

    >>> [publishable_count(n) for n in (0, 1, 7, 8, 12, 13)]
    ['0', '*', '*', '10', '10', '15']
    """
    shown = rounded(children, rule)
    return SUPPRESSED if shown is None else str(shown)


def publishable_rate(per_week: float, weeks: int, rule: Rule = NHS_ENGLAND) -> str:
    """Return a weekly rate to half a child, or the mark where the count behind it is too small to show.

    >>> publishable_rate(17.3, 26), publishable_rate(0.2, 26)
    ('17.5', '*')
    """
    if per_week and round(per_week * weeks) <= rule.largest_suppressed:
        return SUPPRESSED
    return f"{int(per_week * 2 + 0.5) / 2:g}"


def publishable_mean(mean: float | None, children: int, rule: Rule = NHS_ENGLAND) -> str:
    """Return a mean or median as whole units, or the mark for "too few children to say".

    >>> publishable_mean(23.4, 8), publishable_mean(23.4, 7)
    ('23', '*')
    """
    if mean is None or children < rule.smallest_group:
        return SUPPRESSED
    return str(int(mean + 0.5))


def publishable_share(part: int, whole: int, rule: Rule = NHS_ENGLAND) -> str:
    """Return a share in whole per cent of the shown counts, or the mark where part, rest or whole is too small.

    From the rounded counts alone, so that it tells nothing that they do not.

    >>> publishable_share(10, 40), publishable_share(3, 40), publishable_share(37, 40)
    ('25', '*', '*')
    """
    shown, of = rounded(part, rule), rounded(whole, rule)
    if not of or shown is None or rule.hides(whole - part):
        return SUPPRESSED
    return str(min(100, int(100 * shown / of + 0.5)))
