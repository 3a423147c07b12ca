"""Every answer that is not the one asked for: a page for people, problem+json for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from risk_model.errors import UserError
from service.access import NotSignedInError, NotThereError
from service.protection import BodyTooLargeError, FormTooOldError, NotOnLoopbackError
from service.reviews import (
    ChangedSinceError,
    DecisionIncompleteError,
    KeyUsedTwiceError,
    OlderListError,
    SomebodyElseDecidedError,
)

PROGRAM_PATHS = ("/v1", "/healthz", "/readyz")
NOT_THERE = (
    "It does not exist, or your role may not see it. Check the address, or go back to the start. "
    "If you expected to see it, ask your service lead."
)
WORDS: Mapping[type[Exception], tuple[int, str, str]] = {
    NotThereError: (404, "Page not found", NOT_THERE),
    FormTooOldError: (
        403,
        "Your form could not be accepted",
        "Nothing was saved: the page was open too long. Go back, load it again and send the form again.",
    ),
    BodyTooLargeError: (
        413,
        "Too much was sent",
        "A decision needs far less. Nothing was saved. Shorten the text and send it again.",
    ),
    NotOnLoopbackError: (
        403,
        "Only on the machine itself",
        "The demonstration answers only on 127.0.0.1. Open it on the machine it runs on.",
    ),
    KeyUsedTwiceError: (
        409,
        "This key was used for another decision",
        "Nothing was saved. Send each decision with an Idempotency-Key of its own.",
    ),
    SQLAlchemyError: (
        503,
        "The log cannot be written",
        "Nothing is shown or saved without its log entry. Try again in a minute, else use the printed list.",
    ),
}


def add_problem_answers(app: FastAPI) -> None:
    """Give every kind of problem its answer."""
    for kind in WORDS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(NotSignedInError, _not_signed_in)
    app.add_exception_handler(SomebodyElseDecidedError, _somebody_else)
    app.add_exception_handler(OlderListError, _older_list)
    app.add_exception_handler(DecisionIncompleteError, _incomplete)
    app.add_exception_handler(UserError, _list_unreadable)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _http)


def problem(
    request: Request, status: int, title: str, detail: str, errors: Sequence[Mapping[str, str]] | None = None
) -> Response:
    """Return a problem as a page or as problem+json, by who is asking."""
    if request.url.path.startswith(PROGRAM_PATHS):
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        if errors:
            body["errors"] = list(errors)
        return JSONResponse(body, status_code=status, media_type="application/problem+json")
    page: Response = request.app.state.parts.renderer.page(
        request, "problem.jinja", status, heading=title, detail=detail, path=""
    )
    return page


def _known(request: Request, error: Exception) -> Response:
    status, title, detail = next(words for kind, words in WORDS.items() if isinstance(error, kind))
    return problem(request, status, title, detail)


def _not_signed_in(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith(PROGRAM_PATHS):
        return problem(
            request, 401, "Not signed in", "Sign in on the first page, then send the session cookie along."
        )
    return RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)


def _somebody_else(request: Request, error: Exception) -> Response:
    assert isinstance(error, SomebodyElseDecidedError)
    status = 412 if isinstance(error, ChangedSinceError) else 409
    return problem(request, status, "Somebody else changed this child", error.words)


def _older_list(request: Request, error: Exception) -> Response:
    assert isinstance(error, OlderListError)
    return problem(request, 409, "This list is not the live one", error.words)


def _incomplete(request: Request, error: Exception) -> Response:
    assert isinstance(error, DecisionIncompleteError)
    errors = [{"where": f"body.{field}", "problem": words} for field, words in error.missing.items()]
    return problem(request, 422, "Decision incomplete", "Nothing was saved. Add what is missing.", errors)


def _list_unreadable(request: Request, error: Exception) -> Response:
    return problem(request, 503, "This list cannot be shown", str(error))


def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_without_value(found) for found in error.errors()]
    detail = "Something in the request was not understood. Nothing was saved. Check it and send it again."
    return problem(request, 422, "Request not understood", detail, errors)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _known(request, NotThereError())
    phrase = HTTPStatus(error.status_code).phrase
    answer = problem(
        request, error.status_code, phrase, f"{phrase}. Nothing was saved. Check the address and try again."
    )
    answer.headers.update(error.headers or {})
    return answer


def _without_value(found: Mapping[str, Any]) -> dict[str, str]:
    """Name the place and the rule; neither the value sent nor the name of an unknown field is repeated."""
    place = [str(part) for part in found["loc"]]
    if found["type"] == "extra_forbidden":
        return {"where": ".".join(place[:-1]), "problem": "A field was sent that is not known here"}
    return {"where": ".".join(place), "problem": str(found["msg"])}
