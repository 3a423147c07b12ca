"""Puts the service together, and is the one place that reads the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError
from starlette.middleware.sessions import SessionMiddleware

from risk_model import worklist
from risk_model.errors import UserError
from risk_model.policy import signing
from service import (
    api,
    audit,
    beside_pages,
    child_pages,
    demand_pages,
    oversight,
    pages,
    probes,
    publishing,
    sign_in,
    tokens,
)
from service.access import DEMO_PEOPLE, EVERY_PROVIDER, NotThereError, Person
from service.addresses import Addresses
from service.guard import Guard, check_was_admitted
from service.limits import Limits
from service.organisations import Organisations
from service.parts import Parts
from service.problems import add_problem_answers
from service.protection import SECURE_SESSION_COOKIE, SESSION_COOKIE, ProtectedAnswers
from service.rendering import Renderer
from service.sessions import LONGEST_SECONDS
from service.settings import Settings
from service.shelf import Shelf
from service.store import Store
from service.tokens import Tokens
from service.watching import Measures, Watch

if TYPE_CHECKING:
    from service.provider import Provider

ENVIRONMENT = "EARLY_SUPPORT_"
DEMO_BOARD = "QJK"
# An address names a referral: no trace of a request leaves the service, whatever the environment asks for.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class _Environment(BaseSettings, Settings):
    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT, frozen=True, extra="ignore", hide_input_in_errors=True
    )


def settings_from_environment(**given: Any) -> Settings:
    """Return the settings: what was given on the command line, then EARLY_SUPPORT_*, then the defaults."""
    try:
        return _Environment(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        found = [
            (str(each["loc"][0]), str(each["msg"]).removeprefix("Value error, ")) for each in error.errors()
        ]
        raise UserError(_settings_wrong(found)) from None
    except SettingsError as error:
        name = re.search(r'field "(\w+)"', str(error))
        raise UserError(_settings_wrong([(name[1] if name else "", "expected JSON")])) from None


def _settings_wrong(found: Sequence[tuple[str, str]]) -> str:
    """Name each setting and its rule, never what was given: it may be a secret."""
    told = "; ".join(f"{ENVIRONMENT}{name.upper()}: {rule}" for name, rule in sorted(found))
    number = "1 setting is" if len(found) == 1 else f"{len(found)} settings are"
    return f"{number} not as expected: {told}. See docs/access.md, change it and start again."


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
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        dependencies=[Depends(check_was_admitted)],
    )
    measures = Measures()
    addresses = Addresses(None if settings.demo else settings.public_url)
    oversees = ({DEMO_BOARD: [EVERY_PROVIDER]} if settings.demo else {}) | settings.oversees
    app.state.parts = Parts(
        settings,
        shelf,
        Store(settings.database, audit.open_key(settings.log_key_path)),
        people if settings.demo else {},
        renderer,
        now,
        addresses,
        Organisations(oversees),
        None if settings.demo else _provider(settings),
        _tokens(settings),
        measures,
    )
    if settings.demo:
        _publish_for_demo(app.state.parts)
    for router in (
        probes.router,
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
        session_cookie=SECURE_SESSION_COOKIE if addresses.is_public else SESSION_COOKIE,
        max_age=LONGEST_SECONDS,  # the row ends a session that is idle, the cookie only one that is too old
        same_site="lax",
        https_only=addresses.is_public,
    )
    app.add_middleware(ProtectedAnswers, only_https=addresses.is_public)
    app.add_middleware(Watch, measures=measures)
    return app


def check_can_start(settings: Settings) -> None:
    """Raise where nobody could sign in safely."""
    if not settings.demo and settings.missing_to_sign_in:
        raise UserError(_nobody_could_sign_in(settings.missing_to_sign_in))


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


def _provider(settings: Settings) -> Provider:
    from service.provider import Provider  # takes half a second to load, which the demo need not wait for

    return Provider(settings)


def _tokens(settings: Settings) -> Tokens | None:
    if settings.demo:
        return tokens.of_demo(settings.demo_key)
    if settings.token_keys is None or settings.token_issuer is None:
        return None
    return tokens.of_issuer(settings.token_keys, settings.token_issuer, settings.token_audience)


def _nobody_could_sign_in(missing: Sequence[str]) -> str:
    number = "1 setting is" if len(missing) == 1 else f"{len(missing)} settings are"
    names = ", ".join(sorted(f"{ENVIRONMENT}{name.upper()}" for name in missing))
    return (
        f"Without --demo people sign in with OpenID Connect, and {number} missing: {names}. "
        "Set them as docs/access.md says, or look around with `risk-service serve --demo` on this machine alone."
    )


def _serve_styles_and_icons(app: FastAPI, renderer: Renderer, nhsuk_frontend: Path) -> None:
    @app.get("/static/{name}", include_in_schema=False)
    def stylesheet(_request: Request, name: str) -> Response:
        sheet = renderer.stylesheets.get(name)
        if sheet is None:
            raise NotThereError
        return Response(sheet.content, media_type="text/css")

    app.mount("/assets/images", StaticFiles(directory=nhsuk_frontend / "assets" / "images"), name="icons")
