"""Counts and times every request, gives it a number, and says so in one log line without an address."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import logs

REQUEST_ID = "X-Request-ID"
A_NUMBER_OF_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Only a UUID is taken over from a proxy: anything else could carry a name into the logs."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER = "other"
log = structlog.get_logger("service")


class Measures:
    """What Prometheus reads; never a count of children."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "early_support_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "early_support_request_seconds",
            "Seconds until an answer was complete",
            ("route",),
            registry=self.registry,
        )
        self.sessions = Gauge("early_support_open_sessions", "People signed in", registry=self.registry)
        self.days = Gauge("early_support_newest_list_days", "Age of the live list", registry=self.registry)
        ProcessCollector(registry=self.registry)


class Watch:
    """Stands outside everything else: what comes up here is our fault, and is told to the log alone."""

    def __init__(self, app: ASGIApp, *, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = _number(Headers(scope=scope).get(REQUEST_ID, ""))
        started, status = time.perf_counter(), 500
        state: dict[str, Any] = scope.setdefault("state", {})

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = number
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=number):
            try:
                await self._app(scope, receive, numbered)
            except Exception as error:
                log.error("failed", error=type(error).__name__, at=logs.places(error))
            self._tell(scope, state, status, time.perf_counter() - started)

    def _tell(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        route, person = state.get("route"), state.get("person")
        address = route.address if route else OTHER
        method = scope["method"] if scope["method"] in METHODS else OTHER
        self._measures.requests.labels(method, address, str(status)).inc()
        self._measures.seconds.labels(address).observe(seconds)
        log.info(
            "request",
            method=method,
            route=address,
            status=status,
            milliseconds=round(1000 * seconds, 1),
            role=person.role.value if person else None,
            organisation=person.organisation_code if person else None,
        )


def _number(given: str) -> str:
    return given if A_NUMBER_OF_OURS.fullmatch(given) else str(uuid.uuid4())
