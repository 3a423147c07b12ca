"""Stands before every route: whose request it is, whether the table lets them in, how often, and what was sent.

Nothing behind it runs for a request that it has not let in, and a route that nobody put into the table is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import limits, problems, routes, strict_json
from service.access import NotSignedInError, NotThereError, Person
from service.addresses import Addresses
from service.limits import Limits

Identify = Callable[[Request], Person | None]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Lets a request pass to the app, or answers it itself."""

    def __init__(
        self, app: ASGIApp, *, service: FastAPI, identify: Identify, addresses: Addresses, limits: Limits
    ) -> None:
        self._app = app
        self._service = service
        self._identify = identify
        self._addresses = addresses
        self._limits = limits

    @cached_property
    def _routes(self) -> Sequence[routes.Route]:
        return routes.of_app(self._service.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            receive = await self._admit(request)
        except problems.KINDS as error:
            await problems.answer(request, error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(self, request: Request) -> Receive:
        """Return what the app may read of the request, or raise what keeps it out."""
        route = routes.find(self._routes, request.scope)
        request.state.route = route
        self._addresses.check(request)
        if request.method not in SAFE_METHODS:
            self._addresses.check_origin(request)
        is_for_all_alike = route is not None and route.address in routes.FOR_ALL_ALIKE
        person = None if is_for_all_alike else await run_in_threadpool(self._identify, request)
        request.state.person = person
        if route is None:
            return self._neither_address_nor_method(request)
        self._check_is_allowed(request, route, person)
        if not is_for_all_alike:
            self._limits.check(_who(request, person), person, children=route.children)
        request.state.is_admitted = True
        return await _strict(request)

    def _neither_address_nor_method(self, request: Request) -> Receive:
        """Leave an unknown address to the app, and name the methods of a known one."""
        methods = routes.methods_at(self._routes, request.scope)
        if methods:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(methods)})
        return request.receive

    @staticmethod
    def _check_is_allowed(request: Request, route: routes.Route, person: Person | None) -> None:
        allowed = routes.WHO_MAY.get(f"{request.method} {route.address}", frozenset())
        if (person.role if person else None) in allowed:
            return
        if person is None and allowed:
            raise NotSignedInError
        raise NotThereError


def check_was_admitted(request: Request) -> None:
    """Raise for a route that was reached past the guard."""
    if not getattr(request.state, "is_admitted", False):
        raise NotThereError


def _who(request: Request, person: Person | None) -> str:
    return (
        person.person_id if person else f"{limits.NOBODY_AT} {request.client.host if request.client else ''}"
    )


async def _strict(request: Request) -> Receive:
    """Read a JSON body, refuse what two readers could understand differently, and give it to the app again."""
    if request.method in SAFE_METHODS or not strict_json.is_json(request.headers.get("content-type", "")):
        return request.receive
    body = await request.body()
    if body:
        strict_json.check(body)
    was_given = False

    async def again() -> Message:
        nonlocal was_given
        if was_given:
            return await request.receive()
        was_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
