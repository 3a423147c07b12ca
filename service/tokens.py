"""Bearer tokens: a signed statement of who is asking, for programs that work on somebody's behalf.

RFC 7519 with what RFC 8725 asks on top: which algorithms count is ours to say and never the token's, each key serves
the algorithms of its kind alone, and issuer, audience and lifetime are always checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry

from risk_model.durable import write_once
from risk_model.errors import UserError
from service.access import NotSignedInError, Person, Role
from service.claims import CODE, LONGEST_ID, LONGEST_NAME

ALGORITHMS = JWSRegistry(algorithms=("RS256", "ES256"))
KINDS_OF_KEY = ("RSA", "EC")
LEEWAY_SECONDS = 30
LONGEST_LIFE = timedelta(hours=1)
"""A token cannot be taken back, so it ends soon."""
LONGEST_TOKEN = 4096
DEMO_ISSUER, DEMO_AUDIENCE, DEMO_KEY_NAME = "early-support-demo", "early-support", "demo"
SHORTEST_RSA_MODULUS = 342
"""2048 bits in base64url: the least that NIST SP 800-131A allows."""
EXPECTED_KEYS = (
    "Expected the issuer's public keys as a JWK set: EC, or RSA of at least 2048 bits, each with its kid and without "
    "its private part. Ask the issuer for its jwks.json and name it in EARLY_SUPPORT_TOKEN_KEYS."
)
PERSON_ID = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")
log = structlog.get_logger("service.tokens")


class Tokens:
    """Reads the tokens of one issuer, for one audience."""

    def __init__(self, keys: Callable[[], KeySet], *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer, self._audience = issuer, audience

    def person_of(self, token: str, now: datetime) -> Person:
        """Return who is asking, or raise; why a token is refused is told to the log, not to whoever sent it."""
        try:
            return self._read(token, int(now.timestamp()))
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            log.warning("token_refused", why=type(error).__name__)
            raise NotSignedInError from None

    def _read(self, token: str, now: int) -> Person:
        if len(token) > LONGEST_TOKEN:
            raise ValueError("too long")
        found = jwt.decode(token, self._keys(), registry=ALGORITHMS)
        claims = found.claims
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
            nbf={"essential": True},
        ).validate(claims)
        if claims["exp"] - claims["nbf"] > LONGEST_LIFE.total_seconds():
            raise ValueError("lives too long")
        return _person(claims)


def of_issuer(jwks: Path, issuer: str, audience: str) -> Tokens:
    """Return the reader of an issuer's tokens; its public keys are read once, and must be nothing but public keys."""
    keys = _public_keys(jwks)
    return Tokens(lambda: keys, issuer=issuer, audience=audience)


def of_demo(key: Path) -> Tokens:
    """Return the reader of the demo's tokens, which `risk-service token` makes with the key in this file."""
    return Tokens(
        lambda: KeySet([_demo_key(key)] if key.exists() else []), issuer=DEMO_ISSUER, audience=DEMO_AUDIENCE
    )


def make_for_demo(key: Path, person: Person, minutes: int, now: datetime) -> str:
    """Return a token for one of the demo people; the key is made on first use, for this user of the machine alone."""
    at = int(now.timestamp())
    claims = {
        "iss": DEMO_ISSUER,
        "aud": DEMO_AUDIENCE,
        "sub": person.person_id,
        "nbf": at,
        "exp": at + 60 * minutes,
        "name": person.name,
        "title": person.title,
        "role": person.role.value,
        "organisation_code": person.organisation_code,
        "organisation_name": person.organisation_name,
    }
    if not key.exists():
        _write_key(key)
    header = {"alg": "ES256", "kid": DEMO_KEY_NAME}
    return jwt.encode(header, claims, _demo_key(key), registry=ALGORITHMS)


def _person(claims: Mapping[str, Any]) -> Person:
    person_id, organisation_code = str(claims["sub"]), str(claims["organisation_code"])
    if not PERSON_ID.fullmatch(person_id) or not CODE.fullmatch(organisation_code):
        raise ValueError("names nobody")
    role = Role(claims["role"])
    return Person(
        person_id,
        str(claims.get("name", person_id))[:LONGEST_NAME],
        str(claims.get("title", role.value))[:LONGEST_NAME],
        role,
        organisation_code,
        str(claims.get("organisation_name", organisation_code))[:LONGEST_NAME],
    )


def _public_keys(path: Path) -> KeySet:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not content["keys"] or not all(_is_public_and_named(key) for key in content["keys"]):
            raise UserError(
                f"{path} holds a key that is secret, nameless, short or of another kind. {EXPECTED_KEYS}"
            )
        return KeySet.import_key_set(content)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}. {EXPECTED_KEYS}") from error
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} holds no keys that can be understood. {EXPECTED_KEYS}") from error


def _is_public_and_named(key: Mapping[str, Any]) -> bool:
    is_long_enough = key.get("kty") == "EC" or len(key.get("n", "")) >= SHORTEST_RSA_MODULUS
    return key.get("kty") in KINDS_OF_KEY and bool(key.get("kid")) and "d" not in key and is_long_enough


def _demo_key(path: Path) -> ECKey:
    try:
        return ECKey.import_key(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, JoseError, ValueError) as error:
        raise UserError(
            f"{path} holds no key for tokens. Expected the one that `risk-service token` made. "
            "Delete it to make a new one."
        ) from error


def _write_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(ECKey.generate_key("P-256", parameters={"kid": DEMO_KEY_NAME}).as_dict(private=True))
    write_once(path, content, 0o600)
