"""What protects every answer: headers, a request's size and patience, each form's token."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import Annotated

from fastapi import Form, Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE = "early_support"
SECURE_SESSION_COOKIE = "__Host-early_support"
LARGEST_BODY_BYTES = 64 * 1024
LONGEST_BODY_SECONDS = 10
MOST_HEADERS = 100
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it a browser hides from us that a form came from our own page.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
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
TOO_MANY_HEADERS = JSONResponse(
    {
        "type": "about:blank",
        "title": "Too many header fields",
        "status": 431,
        "detail": f"Nothing was read. Send at most {MOST_HEADERS} header fields.",
    },
    status_code=431,
    media_type="application/problem+json",
)
STYLES_AND_ICONS = ("/static/", "/assets/")


class FormTooOldError(Exception):
    """A form came without the token of this session."""


class BodyTooLargeError(HTTPException):
    """More was sent than any form or decision needs."""

    def __init__(self) -> None:
        super().__init__(413)


class BodyTooSlowError(HTTPException):
    """A body was not sent to its end in the time that it may take."""

    def __init__(self) -> None:
        super().__init__(408)


class ProtectedAnswers:
    """Adds the protecting headers to every answer and stops reading a request that is too large or too slow."""

    def __init__(self, app: ASGIApp, *, only_https: bool) -> None:
        self._app = app
        self._headers = HEADERS | (ONLY_HTTPS if only_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read, is_whole, started = 0, False, False
        give_up_at = asyncio.get_running_loop().time() + LONGEST_BODY_SECONDS

        async def limited() -> Message:
            nonlocal read, is_whole
            if is_whole:
                return await receive()
            try:
                async with asyncio.timeout_at(give_up_at):
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlowError from None
            read += len(message.get("body", b""))
            if read > LARGEST_BODY_BYTES:
                raise BodyTooLargeError
            is_whole = not message.get("more_body", False)
            return message

        async def protected(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                lasting = scope["path"].startswith(STYLES_AND_ICONS) and message["status"] == 200
                headers["Cache-Control"] = "public, max-age=86400" if lasting else "no-store"
            await send(message)

        if len(scope["headers"]) > MOST_HEADERS:
            await TOO_MANY_HEADERS(scope, receive, protected)
            return
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
