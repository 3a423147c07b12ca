"""Every answer that is not the one asked for: a page for people, problem+json for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from risk_model.errors import UserError
from service.access import NotSignedInError, NotThereError
from service.addresses import FromElsewhereError, NotOnLoopbackError, UnknownHostError
from service.claims import NotLetInError, ProviderUnreachableError
from service.limits import TooOftenError
from service.protection import BodyTooLargeError, BodyTooSlowError, FormTooOldError
from service.reviews import (
    ChangedSinceError,
    DecisionIncompleteError,
    KeyUsedTwiceError,
    OlderListError,
    SomebodyElseDecidedError,
)
from service.strict_json import NotStrictJsonError

PROGRAM_PATHS = ("/v1", "/healthz", "/readyz", "/metrics")
NOT_THERE = (
    "It does not exist, or your role may not see it. Check the address, or go back to the start. "
    "If you expected to see it, ask your service lead."
)
NOT_UNDERSTOOD = "Request not understood"
NOT_UNDERSTOOD_DETAIL = (
    "Something in the request was not understood. Nothing was saved. Check it and send it again."
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
    BodyTooSlowError: (
        408,
        "Sent too slowly",
        "Nothing was saved: the request did not end in time. Check the connection and send it again.",
    ),
    FromElsewhereError: (
        403,
        "Sent by another site’s page",
        "Nothing was saved. Open the page here and send its form from there.",
    ),
    UnknownHostError: (
        421,
        "Not the address of this service",
        "Open it under the address that your organisation gave you.",
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
    """Give every kind of problem its answer, wherever in the app it comes up."""
    for kind in ANSWERS:
        app.add_exception_handler(kind, answer)


def answer(request: Request, error: Exception) -> Response:
    """Return what is answered to one kind of problem."""
    say = next(say for kind, say in ANSWERS.items() if isinstance(error, kind))
    return say(request, error)


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
        refused = problem(
            request,
            401,
            "Not signed in",
            "Send a bearer token, or sign in on the first page and send its cookie.",
        )
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    return RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)


def _not_let_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotLetInError)
    return problem(request, 403, "You could not be signed in", error.words)


def _provider_unreachable(request: Request, _error: Exception) -> Response:
    return problem(
        request,
        503,
        "The sign-in service does not answer",
        "Nobody can sign in now; whoever is signed in stays so. Try again in a minute, else use the printed list.",
    )


def _too_often(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooOftenError)
    refused = problem(
        request,
        429,
        "Asked too often",
        f"Nothing was saved. Wait {error.seconds} s, then go on; the limit is for each person.",
    )
    refused.headers["Retry-After"] = str(error.seconds)
    return refused


def _not_strict(request: Request, error: Exception) -> Response:
    errors = [{"where": "body", "problem": str(error)}]
    return problem(request, 422, NOT_UNDERSTOOD, NOT_UNDERSTOOD_DETAIL, errors)


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
    return problem(request, 422, NOT_UNDERSTOOD, NOT_UNDERSTOOD_DETAIL, errors)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _known(request, NotThereError())
    phrase = HTTPStatus(error.status_code).phrase
    refused = problem(
        request, error.status_code, phrase, f"{phrase}. Nothing was saved. Check the address and try again."
    )
    refused.headers.update(error.headers or {})
    return refused


def _without_value(found: Mapping[str, Any]) -> dict[str, str]:
    """Name the place and the rule; neither the value sent nor the name of an unknown field is repeated."""
    place = [str(part) for part in found["loc"]]
    if found["type"] == "extra_forbidden":
        return {"where": ".".join(place[:-1]), "problem": "A field was sent that is not known here"}
    return {"where": ".".join(place), "problem": str(found["msg"])}


ANSWERS: Mapping[type[Exception], Callable[[Request, Exception], Response]] = {
    **dict.fromkeys(WORDS, _known),
    NotSignedInError: _not_signed_in,
    NotLetInError: _not_let_in,
    ProviderUnreachableError: _provider_unreachable,
    TooOftenError: _too_often,
    NotStrictJsonError: _not_strict,
    SomebodyElseDecidedError: _somebody_else,
    OlderListError: _older_list,
    DecisionIncompleteError: _incomplete,
    UserError: _list_unreadable,
    RequestValidationError: _not_understood,
    HTTPException: _http,
}
KINDS: tuple[type[Exception], ...] = tuple(ANSWERS)
