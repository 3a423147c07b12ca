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

from risk_model.errors import UserError
from risk_model.policy import signing
from service import api, audit, beside_pages, child_pages, demand_pages, oversight, pages, sign_in
from service.access import DEMO_PEOPLE, EVERY_PROVIDER, NotThereError, Person
from service.addresses import Addresses
from service.guard import Guard, check_was_admitted
from service.limits import Limits
from service.organisations import Organisations
from service.parts import Parts
from service.problems import add_problem_answers
from service.protection import ProtectedAnswers
from service.rendering import Renderer
from service.sessions import IDLE_SECONDS
from service.settings import Settings
from service.shelf import Shelf
from service.store import Store

SESSION_COOKIE = "early_support"
DEMO_BOARD = "QJK"
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
    if not settings.demo:
        raise UserError(ONLY_THE_DEMO)
    renderer = Renderer(settings.nhsuk_frontend)
    shelf = Shelf(settings.worklists, signing.trusted_keys(settings.trusted_keys))
    shelf.newest()
    app = FastAPI(
        title="Early Support",
        version="1",
        description="Waiting lists of children in the order proposed, with the reasons for each place.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        dependencies=[Depends(check_was_admitted)],
    )
    addresses = Addresses(None)
    oversees = {DEMO_BOARD: [EVERY_PROVIDER]} | settings.oversees
    store = Store(settings.database, audit.open_key(settings.log_key_path))
    app.state.parts = Parts(settings, shelf, store, people, renderer, now, addresses, Organisations(oversees))
    for router in (
        api.probes,
        api.router,
        sign_in.router,
        pages.router,
        child_pages.router,
        beside_pages.router,
        oversight.router,
        demand_pages.router,
    ):
        app.include_router(router)
    _serve_styles_and_icons(app, renderer, settings.nhsuk_frontend)
    add_problem_answers(app)
    app.add_middleware(
        Guard,
        service=app,
        identify=sign_in.who_is_asking,
        addresses=addresses,
        limits=Limits(settings.requests_per_minute, settings.children_per_minute),
    )
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.secret.get_secret_value(),
        session_cookie=SESSION_COOKIE,
        max_age=IDLE_SECONDS,
        same_site="lax",
        https_only=addresses.is_public,
    )
    app.add_middleware(ProtectedAnswers, only_https=addresses.is_public)
    return app


def _serve_styles_and_icons(app: FastAPI, renderer: Renderer, nhsuk_frontend: Path) -> None:
    @app.get("/static/{name}", include_in_schema=False)
    def stylesheet(_request: Request, name: str) -> Response:
        sheet = renderer.stylesheets.get(name)
        if sheet is None:
            raise NotThereError
        return Response(sheet.content, media_type="text/css")

    app.mount("/assets/images", StaticFiles(directory=nhsuk_frontend / "assets" / "images"), name="icons")
