"""A real OpenID Connect provider in this process, and a service that signs people in through it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi.testclient import TestClient

PUBLIC_URL = "https://early-support.example"
ROLE_CODE = "S8000:G8000:R8000"
ROLES = {ROLE_CODE: "clinician", "S0080:G0450:R5080": "auditor"}
SECRET = "a secret of the tests, long enough"


def claims(**changed: Any) -> dict[str, Any]:
    """What NHS CIS2 would say of a therapist of NR5; a claim given as None is left out."""
    told = {
        "name": "T. Sample",
        "authentication_assurance_level": "3",
        "id_assurance_level": "3",
        "selected_roleid": "555001",
        "nhsid_nrbac_roles": [
            role("555001", ROLE_CODE, "NR5", "Speech and language therapist"),
            role("555002", "S0080:G0450:R5080", "QJK", "Clinical auditor"),
        ],
        "nhsid_user_orgs": [{"org_code": "NR5", "org_name": "A Community Trust"}],
    } | changed
    return {name: value for name, value in told.items() if value is not None}


def role(role_id: str, code: str, organisation: str, name: str) -> dict[str, str]:
    return {"person_roleid": role_id, "role_code": code, "org_code": organisation, "role_name": name}


@contextmanager
def provider(people: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Run the provider with these people and give its issuer."""
    import authlib.deprecate  # noqa: F401  (when it is loaded it asks for its warnings to be shown)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the provider still uses what Authlib is about to retire
        from oidc_provider_mock import User, run_server_in_thread

        known = [User(sub=sub, claims=dict(told)) for sub, told in people.items()]
        with run_server_in_thread(require_nonce=True, user_claims=known) as server:
            yield f"http://localhost:{server.server_port}"


def settings(issuer: str) -> dict[str, Any]:
    """What the service must be told to sign people in through this provider."""
    return {
        "demo": False,
        "public_url": PUBLIC_URL,
        "oidc_issuer": issuer,
        "oidc_client_id": "early-support",
        "oidc_client_secret": SECRET,
        "roles": ROLES,
        "secret": SECRET,
        "oversees": {"QJK": ["NR5"]},
    }


class Browser:
    """A browser outside the demo: one machine away, over https."""

    def __init__(self, app: Any) -> None:
        self.http = TestClient(app, base_url=PUBLIC_URL, client=("192.0.2.7", 50000), follow_redirects=False)

    def start(self) -> str:
        """Press the button on the first page and return where at the provider it leads."""
        assert 'href="/sign-in/start"' in self.http.get("/").text
        return str(self.http.get("/sign-in/start").headers["location"])

    def come_back(self, address: str) -> Any:
        """Follow the provider's redirect to the service."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == PUBLIC_URL
        return self.http.get(f"{parts.path}?{parts.query}")

    def sign_in(self, sub: str) -> Any:
        return self.come_back(answer_at_provider(self.start(), sub))


def answer_at_provider(address: str, sub: str) -> str:
    """Fill in the provider's form as a person does, and return where it sends the browser back to."""
    with httpx2.Client() as http:
        assert http.get(address).status_code == 200
        sent = http.post(address, data={"sub": sub})
    assert sent.status_code in (302, 303), sent.text
    return str(sent.headers["location"])
