"""The organisation's identity provider: the OpenID Connect code flow with PKCE, state and nonce."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import httpx2
from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import Request
from fastapi.responses import Response
from joserfc.errors import JoseError

from service import claims
from service.access import Person
from service.claims import NotLetInError, ProviderUnreachableError
from service.settings import Settings

SIGNED_WITH = ("RS256", "RS384", "RS512", "ES256", "ES384", "PS256")
"""Signatures that only the provider can make; never `none`, never a shared secret."""
LEEWAY_SECONDS = 60
PATIENCE_SECONDS = 10
# Both write addresses of requests, which carry codes, at a level that somebody may switch on.
for name in ("authlib", "httpx2"):
    logging.getLogger(name).setLevel(logging.WARNING)


class Provider:
    """Sends people to their identity provider and understands what comes back."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        assert settings.oidc_issuer and settings.oidc_client_secret
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client: Any = OAuth().register(
            "provider",
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            client_kwargs={
                "scope": settings.oidc_scopes,
                "code_challenge_method": "S256",
                "timeout": PATIENCE_SECONDS,
            },
        )

    async def send_there(self, request: Request, back_to: str) -> Response:
        """Return the answer that sends the browser to the provider."""
        try:
            await self._describe()
            sent: Response = await self._client.authorize_redirect(request, back_to)
        except (httpx2.HTTPError, ValueError, KeyError, RuntimeError) as error:
            raise ProviderUnreachableError from error
        return sent

    async def person_from(self, request: Request) -> Person:
        """Return who has come back from the provider; raise when it, or what it says, cannot be relied on."""
        try:
            issuer = await self._describe()
            token = await self._client.authorize_access_token(
                request,
                claims_options={
                    "iss": {"essential": True, "value": issuer},
                    "aud": {"essential": True, "value": self._settings.oidc_client_id},
                },
                leeway=LEEWAY_SECONDS,
            )
            identity = token.get("userinfo")
            told = await self._client.userinfo(token=token) if identity else {}
        except (OAuthError, JoseError) as error:
            raise NotLetInError(
                "The sign-in was not finished, or was not started here. Go to the first page and sign in again."
            ) from error
        except (httpx2.HTTPError, ValueError, KeyError, RuntimeError) as error:
            raise ProviderUnreachableError from error
        if not identity or identity.get("sub") != told.get("sub"):
            raise NotLetInError("The identity provider contradicts itself about who you are. Sign in again.")
        return self._person(dict(told) | dict(identity))

    async def _describe(self) -> str:
        """Ask the provider once how it works and return its issuer as it writes it, with or without a slash at the end.

        It is held to the issuer that was agreed and to safe signatures.
        """
        metadata = await self._client.load_server_metadata()
        if str(metadata["issuer"]).rstrip("/") != self._issuer:
            raise ValueError("the provider names another issuer")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [each for each in offered if each in SIGNED_WITH]
        return str(metadata["issuer"])

    def _person(self, told: Mapping[str, Any]) -> Person:
        return claims.person_of(
            told,
            roles=self._settings.roles,
            least_authentication_level=self._settings.least_authentication_level,
            least_identity_level=self._settings.least_identity_level,
        )
