"""Bearer tokens: what counts, and every forgery that must not."""

from __future__ import annotations

import base64
import hmac
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from typer.testing import CliRunner

from risk_model.errors import UserError
from service import tokens
from service.__main__ import app as command_line
from service.access import DEMO_PEOPLE
from tests.functional.service import oidc
from tests.functional.service.conftest import Clock, Visitor, child_address
from tests.functional.service.worklist_folder import SPEECH

ISSUER, AUDIENCE = "https://id.example", "early-support"
RSA_KEY = RSAKey.generate_key(2048, parameters={"kid": "rsa-1"})
EC_KEY = ECKey.generate_key("P-256", parameters={"kid": "ec-1"})
STRANGER = ECKey.generate_key("P-256", parameters={"kid": "ec-1"})
ANY = JWSRegistry(algorithms=["RS256", "ES256", "HS256", "RS512", "PS256", "none"])
Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def jwks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps(KeySet([RSA_KEY, EC_KEY]).as_dict(private=False)))
    return path


@pytest.fixture
def ask(make_app: Callable[..., Any], worklists: Any, jwks: Path) -> Iterator[Ask]:
    told = oidc.settings("https://id.example") | {
        "token_keys": jwks,
        "token_issuer": ISSUER,
        "token_audience": AUDIENCE,
    }
    app = make_app(worklists, **told)
    http = TestClient(app, base_url=oidc.PUBLIC_URL, client=("192.0.2.7", 1))
    yield lambda token: http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    app.state.parts.store.engine.dispose()


def now() -> int:
    return int(Clock().time.timestamp())


def claims(**changed: Any) -> dict[str, Any]:
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "robot-1",
        "nbf": now(),
        "exp": now() + 600,
        "role": "clinician",
        "organisation_code": "NR5",
    } | changed
    return {name: value for name, value in told.items() if value is not None}


def signed(
    key: Any = EC_KEY, alg: str = "ES256", header: dict[str, Any] | None = None, **changed: Any
) -> str:
    shown = {"alg": alg, "kid": key.kid} | (header or {})
    return jwt.encode({k: v for k, v in shown.items() if v is not None}, claims(**changed), key, registry=ANY)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def with_parts(
    header: object | None = None, payload: object | None = None, signature: str | None = None
) -> str:
    """An honest token with a part of it exchanged."""
    parts = signed().split(".")
    return ".".join(
        (
            parts[0] if header is None else part(header),
            parts[1] if payload is None else part(payload),
            parts[2] if signature is None else signature,
        )
    )


def with_shared_secret(secret: bytes, name: str) -> str:
    """A token that takes what everybody may know for a secret that both sides share."""
    content = f"{part({'alg': 'HS256', 'kid': name})}.{part(claims())}"
    seal = hmac.digest(secret, content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def test_what_counts(ask: Ask) -> None:
    for token in (
        signed(),
        signed(RSA_KEY, "RS256"),
        signed(aud=[AUDIENCE, "another"]),
        signed(nbf=now() + 29, exp=now() + 600),
        signed(nbf=now() - 100, exp=now() - 29),
        signed(exp=now() + 3600),
    ):
        assert ask(token).json()["person_id"] == "robot-1"


FORGED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no token": lambda: "canary",
    "none": lambda: f"{part({'alg': 'none', 'kid': 'ec-1'})}.{part(claims())}.",
    "None": lambda: f"{part({'alg': 'None', 'kid': 'ec-1'})}.{part(claims())}.",
    "NONE with a signature": lambda: with_parts({"alg": "NONE", "kid": "ec-1"}),
    "no algorithm": lambda: with_parts({"kid": "ec-1"}),
    "no signature": lambda: with_parts(signature=""),
    "HS256 with the public key": lambda: with_shared_secret(RSA_KEY.as_pem(private=False), "rsa-1"),
    "HS256 with the public key set": lambda: with_shared_secret(
        json.dumps(RSA_KEY.as_dict(private=False)).encode(), "rsa-1"
    ),
    "HS256 with nothing": lambda: signed(OctKey.import_key(b"x" * 32), "HS256", {"kid": "ec-1"}),
    "another RSA algorithm": lambda: signed(RSA_KEY, "RS512"),
    "PSS": lambda: signed(RSA_KEY, "PS256"),
    "ES256 under an RSA key's name": lambda: signed(EC_KEY, "ES256", {"kid": "rsa-1"}),
    "signed by a stranger": lambda: signed(STRANGER),
    "no key name": lambda: signed(header={"kid": None}),
    "key name of nobody": lambda: signed(header={"kid": "ec-2"}),
    "key name as path": lambda: signed(header={"kid": "../../../dev/null"}),
    "key name as query": lambda: signed(header={"kid": "' OR 1=1 --"}),
    "key brought along": lambda: signed(STRANGER, header={"jwk": STRANGER.as_dict(private=False)}),
    "key fetched from elsewhere": lambda: signed(STRANGER, header={"jku": "https://evil.example/jwks.json"}),
    "unknown critical field": lambda: signed(header={"crit": ["b64"], "b64": False}),
    "role edited": lambda: with_parts(payload=claims(role="auditor")),
    "expired": lambda: signed(nbf=now() - 600, exp=now() - 30),
    "not yet": lambda: signed(nbf=now() + 31),
    "never ends": lambda: signed(exp=None),
    "never starts": lambda: signed(nbf=None),
    "lives for a day": lambda: signed(exp=now() + 86_400),
    "ends at NaN": lambda: signed(exp=float("nan")),
    "ends in words": lambda: signed(exp="tomorrow"),
    "ends at true": lambda: signed(exp=True),
    "another audience": lambda: signed(aud="another"),
    "no audience": lambda: signed(aud=None),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "no issuer": lambda: signed(iss=None),
    "nobody": lambda: signed(sub=None),
    "nobody by name": lambda: signed(sub=""),
    "name of many lines": lambda: signed(sub="a\nb"),
    "role of nobody": lambda: signed(role="admin"),
    "no role": lambda: signed(role=None),
    "every organisation": lambda: signed(organisation_code="*"),
    "organisations": lambda: signed(organisation_code=["NR5", "RK9"]),
    "too long": lambda: signed(name="x" * 5000),
    "deep": lambda: f"{signed().split('.')[0]}.{'W' * 3000}.x",
    "two tokens": lambda: f"{signed()} {signed()}",
    "four parts": lambda: f"{signed()}.x",
}


def test_no_forgery_counts_and_none_is_repeated(ask: Ask) -> None:
    answers = {name: ask(make()) for name, make in FORGED.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(FORGED, 401)
    assert len({answer.content for answer in answers.values()}) == 1
    assert all(answer.headers["www-authenticate"] == "Bearer" for answer in answers.values())


def test_every_bit_of_a_token_counts(ask: Ask) -> None:
    token = signed()
    last = len(token) - 1  # its lowest bits are padding that carries nothing
    changed = [f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}" for at in range(0, last, 5)]
    assert {ask(each).status_code for each in changed} == {401}


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer", "Bearer"])
def test_only_bearer_counts_and_a_cookie_does_not_help(
    make_app: Callable[..., Any], worklists: Any, tmp_path: Path, scheme: str
) -> None:
    visitor = Visitor(make_app(worklists, demo_key=tmp_path / "key.json"), "r-demo")
    made = tokens.make_for_demo(tmp_path / "key.json", DEMO_PEOPLE["a-demo"], 10, Clock().time)
    answer = visitor.http.get("/v1/me", headers={"Authorization": f"{scheme} {made}"})
    assert (answer.status_code, answer.json().get("person_id")) == (
        (200, "a-demo") if scheme.lower() == "bearer" else (401, None)
    )


def test_a_token_opens_no_page_and_sees_what_its_role_sees(
    make_app: Callable[..., Any], worklists: Any, tmp_path: Path
) -> None:
    visitor = Visitor(make_app(worklists, demo_key=tmp_path / "key.json"))
    made = tokens.make_for_demo(tmp_path / "key.json", DEMO_PEOPLE["c-demo"], 10, Clock().time)
    bearer = {"Authorization": f"Bearer {made}"}
    assert visitor.http.get("/demand", headers=bearer).headers["location"] == "/"
    for address in ("/v1/services", f"/v1/lists/{SPEECH}", f"/v1{child_address(3)}"):
        assert visitor.http.get(address, headers=bearer).status_code == 404


def test_without_keys_no_token_counts(make_app: Callable[..., Any], worklists: Any) -> None:
    app = make_app(worklists, **oidc.settings("https://id.example"))
    http = TestClient(app, base_url=oidc.PUBLIC_URL)
    assert http.get("/v1/me", headers={"Authorization": f"Bearer {signed()}"}).status_code == 401


@pytest.mark.parametrize(
    "keys",
    [
        "{}",
        "no JSON",
        '{"keys": []}',
        json.dumps(KeySet([RSA_KEY]).as_dict(private=True)),
        json.dumps({"keys": [{"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}]}),
        json.dumps({"keys": [RSA_KEY.as_dict(private=False) | {"n": "s" * 171}]}),
        json.dumps({"keys": [{k: v for k, v in EC_KEY.as_dict(private=False).items() if k != "kid"}]}),
    ],
)
def test_a_file_that_holds_anything_but_named_public_keys_is_refused(tmp_path: Path, keys: str) -> None:
    (tmp_path / "jwks.json").write_text(keys)
    with pytest.raises(UserError, match="Expected the issuer's public keys as a JWK set"):
        tokens.of_issuer(tmp_path / "jwks.json", ISSUER, AUDIENCE)


def test_the_command_makes_a_token_and_keeps_its_key_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "new" / "key.json"
    monkeypatch.setenv("EARLY_SUPPORT_DEMO_KEY", str(key))
    made = CliRunner().invoke(command_line, ["token", "r-demo", "--minutes", "5", "--json"])
    assert (made.exit_code, json.loads(made.output)["minutes"]) == (0, 5)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    refused = CliRunner().invoke(command_line, ["token", "canary"])
    assert (refused.exit_code, "Nobody in the demo has this name" in refused.output) == (2, True)
    assert "canary" not in refused.output
