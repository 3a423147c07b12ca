"""Every route and who may ask for it: the one table that lets anybody in. What is not in it is answered with 404.

To add a route, add its line to `WHO_MAY`; `tests/functional/service/test_roles.py` then asks for it as each role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from re import Pattern

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount
from starlette.types import Scope

from service.access import Role

Who = frozenset[Role | None]
"""Roles; None is somebody who is not signed in."""
ANYBODY: Who = frozenset({None, *Role})
SIGNED_IN: Who = frozenset(Role)
READS_LISTS: Who = frozenset({Role.CLINICIAN, Role.AUDITOR})
CLINICIAN: Who = frozenset({Role.CLINICIAN})
COMMISSIONER: Who = frozenset({Role.COMMISSIONER})
AUDITOR: Who = frozenset({Role.AUDITOR})
DATA_STEWARD: Who = frozenset({Role.DATA_STEWARD})

WHO_MAY: Mapping[str, Who] = {
    "GET /": ANYBODY,
    "GET /static/{name}": ANYBODY,
    "GET /assets/images/{path}": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ANYBODY,  # who asks from another machine must be an auditor: see probes.py
    "GET /v1/openapi.json": ANYBODY,
    "POST /sign-in": ANYBODY,
    "GET /sign-in/start": ANYBODY,
    "GET /sign-in/back": ANYBODY,
    "POST /sign-out": SIGNED_IN,
    "GET /v1/me": SIGNED_IN,
    "GET /lists": READS_LISTS,
    "GET /lists/{service}": READS_LISTS,
    "GET /lists/{service}/{run}": READS_LISTS,
    "GET /lists/{service}/{run}/{referral}": READS_LISTS,
    "GET /lists/{service}/{run}/{referral}/letter": CLINICIAN,
    "GET /lists/{service}/{run}/{referral}/beside": READS_LISTS,
    "GET /lists/{service}/{run}/{referral}/beside/{other}": READS_LISTS,
    "POST /lists/{service}/{run}/{referral}": CLINICIAN,
    "POST /lists/{service}/{run}/{referral}/second": CLINICIAN,
    "GET /v1/services": READS_LISTS,
    "GET /v1/lists/{service}": READS_LISTS,
    "GET /v1/lists/{service}/{run}": READS_LISTS,
    "GET /v1/lists/{service}/{run}/{referral}": READS_LISTS,
    "GET /v1/lists/{service}/{run}/{referral}/contributions": READS_LISTS,
    "GET /v1/lists/{service}/{run}/{referral}/reviews": READS_LISTS,
    "POST /v1/lists/{service}/{run}/{referral}/reviews": CLINICIAN,
    "GET /demand": COMMISSIONER,
    "GET /demand/{service}": COMMISSIONER,
    "GET /audit": AUDITOR,
    "GET /audit/runs/{run}": AUDITOR,
    "GET /files": DATA_STEWARD,
}
FOR_ALL_ALIKE = frozenset({"/static/{name}", "/assets/images/{path}", "/healthz", "/readyz"})
"""Asked for with every page, or by machines that watch: answered without asking who it is, or how often."""


@dataclass(frozen=True)
class Route:
    """One address of the app, as a pattern, with the methods it answers; None is every method."""

    address: str
    pattern: Pattern[str]
    methods: frozenset[str] | None

    @property
    def children(self) -> int:
        """How many children asking for it shows."""
        return ("{referral}" in self.address) + ("{other}" in self.address)


def of_app(routes: Sequence[BaseRoute]) -> list[Route]:
    """Return every address that the app answers, in the order in which it looks for them."""
    return list(_flat(routes))


def find(routes: Sequence[Route], scope: Scope) -> Route | None:
    """Return the route that answers this request, or None when no address and method of the app agree with it."""
    for route in routes:
        if (route.methods is None or scope["method"] in route.methods) and route.pattern.match(scope["path"]):
            return route
    return None


def methods_at(routes: Sequence[Route], scope: Scope) -> list[str]:
    """Return every method that this address answers: one address may be several routes."""
    here = (route.methods or frozenset() for route in routes if route.pattern.match(scope["path"]))
    return sorted(frozenset().union(*here))


def _flat(routes: Iterable[BaseRoute]) -> Iterable[Route]:
    for context in iter_route_contexts(list(routes)):
        methods = None if isinstance(context.original_route, Mount) else frozenset(context.methods or ())
        yield Route(str(context.path_format), context.path_regex, methods)
