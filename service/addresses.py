"""Under which name, and from where, the service may be asked."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
FROM_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip")
PROBES = ("/healthz", "/readyz", "/metrics")


class NotOnLoopbackError(Exception):
    """The demo was asked from, or under the name of, another machine."""


class UnknownHostError(Exception):
    """The service was asked under a name that is not its own."""


class FromElsewhereError(Exception):
    """A form or a change was sent by a page of another site."""


@dataclass(frozen=True)
class Addresses:
    """The public address of the service; None for the demo, which is this machine alone."""

    public_url: str | None

    @property
    def is_public(self) -> bool:
        """Whether anybody but this machine may ask."""
        return self.public_url is not None

    def check(self, request: Request) -> None:
        """Raise unless the request names this service, and, for the demo, comes from this machine."""
        host = request.headers.get("host", "")
        if self.public_url is None:
            if not is_asked_here(request):
                raise NotOnLoopbackError
        elif host != urlsplit(self.public_url).netloc and not (
            request.url.path in PROBES and is_asked_here(request)
        ):
            raise UnknownHostError

    def check_origin(self, request: Request) -> None:
        """Raise when a browser says that another site's page has sent this."""
        origin = request.headers.get("origin")
        ours = self.public_url or f"http://{request.headers.get('host', '')}"
        if origin is not None and origin.rstrip("/") != ours.rstrip("/"):
            raise FromElsewhereError
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise FromElsewhereError


def is_asked_here(request: Request) -> bool:
    """Say whether both ends of the connection are this machine, whatever name was used, and no proxy is between."""
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return (
        name in LOOPBACK_NAMES
        and _is_loopback(request.client.host if request.client else "")
        and not any(header in request.headers for header in FROM_A_PROXY)
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
