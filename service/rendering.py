"""Turns answers into pages: NHS components, our templates, and the styles and icons they need."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from risk_model.errors import UserError
from service import charts, wording
from service.access import HOME, Role, person_or_nobody
from service.protection import csrf_token
from service.reviews import CHOICE_WORDS, REASON_WORDS
from service.schemas import PARTNERS

HERE = Path(__file__).parent
NHSUK_STYLES = "nhsuk-frontend.min.css"
WEB_FONT = re.compile(r"@font-face\s*\{[^}]*\}")
SOURCE_MAP = re.compile(r"/\*#\s*sourceMappingURL=.*?\*/")
NAVIGATION: Mapping[Role, tuple[tuple[str, str], ...]] = {
    Role.CLINICIAN: (("My lists", "/lists"),),
    Role.COMMISSIONER: (("Demand", "/demand"),),
    Role.AUDITOR: (("Runs", "/audit"), ("Lists", "/lists")),
    Role.DATA_STEWARD: (("Files", "/files"),),
}


@dataclass(frozen=True)
class Stylesheet:
    """A stylesheet as served, with a name that changes when its content does."""

    content: str
    version: str


class Renderer:
    """Renders every page; templates are compiled once."""

    def __init__(self, nhsuk_frontend: Path) -> None:
        self.stylesheets = _stylesheets(nhsuk_frontend)
        self._versions = {name: sheet.version for name, sheet in self.stylesheets.items()}

    def page(self, request: Request, template: str, status_code: int = 200, **content: Any) -> HTMLResponse:
        """Return a page with its frame: who is signed in, where they can go, and how to sign out."""
        person = person_or_nobody(request)
        frame = {
            "person": person,
            "navigation": NAVIGATION[person.role] if person else (),
            "home": HOME[person.role] if person else "/",
            "path": request.url.path,
            "csrf": csrf_token(request),
            "styles": self._versions,
            "is_demo": request.app.state.parts.settings.demo,
        }
        html = _environment().get_template(template).render(frame | content)
        return HTMLResponse(html, status_code=status_code)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [FileSystemLoader(HERE / "templates"), PackageLoader("nhsuk_frontend_jinja", "templates")]
        ),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        day=wording.day,
        long_day=wording.long_day,
        moment=wording.log_moment,
        weeks=wording.weeks,
        one_in=wording.one_in,
        times=wording.times,
        link_in_short=wording.link_in_short,
        lower_first=wording.lower_first,
        upper_first=wording.upper_first,
        join_places=wording.join_places,
        query=_query,
        review_of=_review_of,
    )
    environment.globals.update(
        charts=charts,
        partners=PARTNERS,
        count=wording.count,
        span=wording.span,
        choice_words={choice.value: words for choice, words in CHOICE_WORDS.items()},
        reason_words={reason.value: words for reason, words in REASON_WORDS.items()},
    )
    return environment


def _query(values: Mapping[str, object]) -> str:
    return f"?{urlencode(values)}" if values else ""


def _review_of(details: str) -> str:
    """Return which decision a log entry is about, as text; empty when it is about none."""
    return str(json.loads(details).get("review_id", ""))


def _stylesheets(nhsuk_frontend: Path) -> dict[str, Stylesheet]:
    """Read both stylesheets, without the design system's web font, which would be loaded from elsewhere."""
    try:
        nhsuk = (nhsuk_frontend / NHSUK_STYLES).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            "The NHS design system's styles are missing: there is no folder node_modules/nhsuk-frontend. "
            "Run `make setup`, then start the service again."
        ) from error
    ours = (HERE / "static" / "early-support.css").read_text(encoding="utf-8")
    return {
        "nhsuk.css": _stylesheet(SOURCE_MAP.sub("", WEB_FONT.sub("", nhsuk))),
        "early-support.css": _stylesheet(ours),
    }


def _stylesheet(content: str) -> Stylesheet:
    return Stylesheet(content, hashlib.sha256(content.encode()).hexdigest()[:12])
