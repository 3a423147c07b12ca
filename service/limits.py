"""How often one person may ask, so that nobody copies a list child by child and nobody keeps the others waiting.

Counted in the memory of one process: two processes let through twice as much.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from service.access import Person

NOBODY_AT = "nobody at"
MINUTE = 60.0
DAY_SECONDS = 86_400
CHILDREN_A_DAY_BEFORE_ALERT = 200
"""ASSURANCE 4, row 24: told to whoever watches the logs, at 200 and at each further 200."""
MOST_KEPT = 10_000
log = structlog.get_logger("service.limits")


class TooOftenError(Exception):
    """Somebody asked more often than one person may."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too often")
        self.seconds = seconds


@dataclass
class _Allowance:
    """What somebody may still ask for now; it fills up again evenly over a minute."""

    left: float
    at: float


@dataclass
class Limits:
    """Lets each person ask so many times a minute, and open so many children."""

    requests_per_minute: int
    children_per_minute: int
    clock: Callable[[], float] = time.monotonic
    _allowances: dict[tuple[str, int], _Allowance] = field(default_factory=dict)
    _children: dict[str, tuple[int, int]] = field(default_factory=dict)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def check(self, who: str, person: Person | None, *, children: int) -> None:
        """Count one request that shows so many children; raise with the seconds to wait when it is too much."""
        with self._one_at_a_time:
            wait = self._take((who, 0), self.requests_per_minute)
            for _ in range(children):
                wait = wait or self._take((who, 1), self.children_per_minute)
        if wait:
            log.warning("asked_too_often", role=person.role.value if person else None, children=children)
            raise TooOftenError(wait)
        if person is not None:
            for _ in range(children):
                self._watch(person)

    def _take(self, key: tuple[str, int], per_minute: int) -> int:
        """Take one from an allowance and return 0, or the whole seconds until there is one to take."""
        now = self.clock()
        if len(self._allowances) > MOST_KEPT:
            self._allowances = {k: each for k, each in self._allowances.items() if now - each.at < MINUTE}
        allowance = self._allowances.setdefault(key, _Allowance(per_minute, now))
        allowance.left = min(per_minute, allowance.left + (now - allowance.at) * per_minute / MINUTE)
        allowance.at = now
        if allowance.left < 1:
            return math.ceil((1 - allowance.left) * MINUTE / per_minute)
        allowance.left -= 1
        return 0

    def _watch(self, person: Person) -> None:
        """Tell the log when one person opens unusually many children in one day."""
        today = int(self.clock() // DAY_SECONDS)
        with self._one_at_a_time:
            day, opened = self._children.get(person.person_id, (today, 0))
            opened = opened + 1 if day == today else 1
            self._children[person.person_id] = (today, opened)
        if opened % CHILDREN_A_DAY_BEFORE_ALERT == 0:
            log.warning(
                "many_children_opened",
                role=person.role.value,
                organisation=person.organisation_code,
                children=opened,
            )
