"""For machines that watch: whether the service is alive and ready, what it counts, and what can be asked of it."""

from __future__ import annotations

import math
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from risk_model.errors import UserError
from service import sessions
from service.access import check_user_can_audit, signed_in
from service.addresses import is_asked_here
from service.parts import Parts, WithParts, live_run
from service.schemas import Alive, Readiness
from service.shelf import Run
from service.store import OpenSession

READY = "ready"
NO_KEY = ""
"""No session has it: taking it away asks whether the database can be written, and changes nothing."""
router = APIRouter()


@router.get("/healthz")
def is_alive() -> Alive:
    """Say that the service runs."""
    return Alive(status="alive")


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready; each part says why"}})
def is_ready(parts: WithParts, response: Response) -> Readiness:
    """Say whether lists can be shown, decisions kept and looks recorded."""
    store, log, (run, words) = _store(parts), _log(parts), _live_run(parts)
    ready = store == log == words == READY
    if not ready:
        response.status_code = 503
    return Readiness(
        status="ready" if ready else "not ready",
        store=store,
        log=log,
        worklist=words,
        newest_run=run.name if run else None,
    )


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, parts: WithParts) -> Response:
    """Return what the service counts: to this machine, or to an auditor; never to anybody else."""
    if not is_asked_here(request):
        check_user_can_audit(signed_in(request))
    with parts.store.reading() as session:
        parts.measures.sessions.set(sessions.count_open(session, parts.now()))
    run, _words = _live_run(parts)
    parts.measures.days.set((parts.now().date() - run.index_date).days if run else math.nan)
    return Response(generate_latest(parts.measures.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/openapi.json", include_in_schema=False)
def description(request: Request) -> dict[str, Any]:
    """Return what can be asked under /v1, as OpenAPI."""
    app: FastAPI = request.app
    return app.openapi()


def _store(parts: Parts) -> str:
    try:
        return READY if parts.store.is_newest_version() else "it needs `risk-service migrate`"
    except SQLAlchemyError:
        return "the database does not answer"


def _log(parts: Parts) -> str:
    """A log that cannot be written lets nobody see a child, so a service with one is not ready."""
    try:
        if not parts.store.answers():
            return "the log cannot be read"
        with parts.store.writing() as session:
            session.execute(delete(OpenSession).where(OpenSession.key_sha256 == NO_KEY))
        return READY
    except SQLAlchemyError:
        return "the log cannot be written"


def _live_run(parts: Parts) -> tuple[Run | None, str]:
    try:
        return live_run(parts), READY
    except UserError:
        return None, "the live list cannot be shown"
