"""Puts the service together, and is the one place that reads the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.middleware.sessions import SessionMiddleware

from risk_model import worklist
from risk_model.errors import UserError
from risk_model.policy import signing
from service import api, audit, child_pages, oversight, pages, publishing
from service.access import DEMO_PEOPLE, NotThereError, Person
from service.parts import Parts
from service.problems import add_problem_answers
from service.protection import ProtectedAnswers, check_is_on_loopback
from service.rendering import Renderer
from service.settings import Settings
from service.shelf import Shelf
from service.store import Store

SESSION_COOKIE = "early_support"
SESSION_SECONDS = 30 * 60
# An address names a referral: no trace of a request leaves the service, whatever the environment asks for.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
ONLY_THE_DEMO = (
    "Only the demonstration can be started in this version: sign-in with OpenID Connect comes later. "
    "Expected `risk-service serve --demo`, which answers on this machine alone."
)


class _Environment(BaseSettings, Settings):
    model_config = SettingsConfigDict(env_prefix="EARLY_SUPPORT_", frozen=True, extra="ignore")


def settings_from_environment(**given: Any) -> Settings:
    """Return the settings: what was given on the command line, then EARLY_SUPPORT_*, then the defaults."""
    return _Environment(**{name: value for name, value in given.items() if value is not None})


def create_app(
    settings: Settings,
    *,
    people: Mapping[str, Person] = DEMO_PEOPLE,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Return the service; it refuses to start where nobody could sign in safely or no list can be shown."""
    check_can_start(settings)
    renderer = Renderer(settings.nhsuk_frontend)
    shelf = Shelf(settings.worklists, signing.trusted_keys(settings.trusted_keys))
    app = FastAPI(
        title="Early Support",
        version="1",
        description="Waiting lists of children in the order proposed, with the reasons for each place.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        telemetry=NO_TELEMETRY,
        dependencies=[Depends(check_is_on_loopback)],
    )
    store = Store(settings.database, audit.open_key(settings.log_key_path))
    app.state.parts = Parts(settings, shelf, store, people, renderer, now)
    _publish_for_demo(app.state.parts)
    for router in (api.probes, api.router, pages.router, child_pages.router, oversight.router):
        app.include_router(router)
    _serve_styles_and_icons(app, renderer, settings.nhsuk_frontend)
    add_problem_answers(app)
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.secret.get_secret_value(),
        session_cookie=SESSION_COOKIE,
        max_age=SESSION_SECONDS,
        same_site="lax",
    )
    app.add_middleware(ProtectedAnswers)
    return app


def check_can_start(settings: Settings) -> None:
    """Raise where nobody could sign in safely."""
    if not settings.demo:
        raise UserError(ONLY_THE_DEMO)


def _publish_for_demo(parts: Parts) -> None:
    """Make the newest run live if it never was; where it is damaged, what was live stays live."""
    newest = worklist.newest(parts.settings.worklists).name
    try:
        found = publishing.candidate(parts.settings.worklists, newest)
        parts.shelf.run(newest)
    except UserError:
        with parts.store.reading() as session:
            if publishing.live(session) is None:
                raise
        return
    with parts.store.writing() as session:
        publishing.publish_for_demo(session, found, parts.now())


def _serve_styles_and_icons(app: FastAPI, renderer: Renderer, nhsuk_frontend: Path) -> None:
    @app.get("/static/{name}", include_in_schema=False)
    def stylesheet(_request: Request, name: str) -> Response:
        sheet = renderer.stylesheets.get(name)
        if sheet is None:
            raise NotThereError
        return Response(sheet.content, media_type="text/css")

    app.mount("/assets/images", StaticFiles(directory=nhsuk_frontend / "assets" / "images"), name="icons")
