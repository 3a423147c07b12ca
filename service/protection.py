"""What protects every answer: headers, a request's size, each form's token, loopback for the demo."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from typing import Annotated

from fastapi import Form, Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY_BYTES = 64 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
OUR_FAULT = JSONResponse(
    {
        "type": "about:blank",
        "title": "The service failed",
        "status": 500,
        "detail": "This is our fault, not yours. Nothing was saved. Tell the service desk the time of day.",
    },
    status_code=500,
    media_type="application/problem+json",
)
STYLES_AND_ICONS = ("/static/", "/assets/")
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class FormTooOldError(Exception):
    """A form came without the token of this session."""


class BodyTooLargeError(HTTPException):
    """More was sent than any form or decision needs."""

    def __init__(self) -> None:
        super().__init__(413)


class NotOnLoopbackError(Exception):
    """The demo was asked from, or under the name of, another machine."""


class ProtectedAnswers:
    """Adds the protecting headers to every answer and stops reading a request that is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read, started = 0, False

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY_BYTES:
                raise BodyTooLargeError
            return message

        async def protected(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                lasting = scope["path"].startswith(STYLES_AND_ICONS) and message["status"] == 200
                headers["Cache-Control"] = "public, max-age=86400" if lasting else "no-store"
            await send(message)

        try:
            await self._app(scope, limited, protected)
        except Exception:
            if not started:
                await OUR_FAULT(scope, receive, protected)
            raise


def csrf_token(request: Request) -> str:
    """Return the token that every form of this session carries."""
    if "csrf" not in request.session:
        request.session["csrf"] = secrets.token_urlsafe(32)
    return str(request.session["csrf"])


def check_csrf(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Raise unless the form carries the token of this session."""
    expected = str(request.session.get("csrf", ""))
    if not expected or not hmac.compare_digest(expected.encode(), csrf.encode("utf-8", "replace")):
        raise FormTooOldError


def check_is_on_loopback(request: Request) -> None:
    """Raise unless both ends of a demo's connection are this machine, whatever name was used for it."""
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    if name not in LOOPBACK_NAMES or not _is_loopback(request.client.host if request.client else ""):
        raise NotOnLoopbackError


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
