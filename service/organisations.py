"""Which providers each overseeing organisation may see the services of; every organisation sees its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.access import Person


@dataclass(frozen=True)
class Organisations:
    """The providers that each organisation oversees, by organisation code."""

    oversees: Mapping[str, Sequence[str]]

    def with_overseen(self, person: Person) -> Person:
        """Return the person with the providers that the own organisation oversees today."""
        return replace(person, oversees=frozenset(self.oversees.get(person.organisation_code, ())))
