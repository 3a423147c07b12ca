"""What the service must be told before it can start."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from risk_model.errors import UserError
from service import store
from service.access import Role

DEFAULT_WORKLISTS = Path("var/demo/workspace/worklists")
DEFAULT_DATABASE = "sqlite:///var/demo/service.db"
DEFAULT_DEMO_KEY = Path("var/demo/token-key.json")
DEFAULT_PORT = 8000
SHORTEST_SECRET = 32
CIS2_SCOPES = "openid profile email nhsperson nationalrbacaccess associatedorgs selectedrole"
LEAST_AUTHENTICATION_LEVEL = 2
"""AAL2, two factors: the least that NHS guidance asks of access to clinical data."""
LEAST_IDENTITY_LEVEL = 3
"""The level at which CIS2 checks an identity before it issues a smartcard; ours to choose, not a rule we read."""
NEEDED_TO_SIGN_IN = ("public_url", "oidc_issuer", "oidc_client_id", "oidc_client_secret", "roles", "secret")
REQUESTS_PER_MINUTE = 600
"""A clinic reviews at a few requests a second at most."""
CHILDREN_PER_MINUTE = 60
"""ASSURANCE 4, row 24: faster than anybody reads, slower than a copy of the list."""
NHSUK_FRONTEND = Path(__file__).resolve().parents[1] / "node_modules" / "nhsuk-frontend" / "dist" / "nhsuk"


LOG_KEY_SUFFIX = ".log-key"


class Settings(BaseModel):
    """Where the lists and the database are, and who may sign in; never changes once the service runs."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    worklists: Path = DEFAULT_WORKLISTS
    database: str = DEFAULT_DATABASE
    # The private key that signs the log, made on first use; beside an SQLite database unless another place is named.
    log_key: Path | None = None
    demo: bool = False
    # Whose signatures of a policy count: a .pub file or a folder of them. Without any every list is a draft.
    trusted_keys: Path | None = None
    nhsuk_frontend: Path = NHSUK_FRONTEND
    # Signs cookies. Without a secret of its own every start signs everybody out, which is the safe choice.
    secret: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(SHORTEST_SECRET)))
    # Under which address people open the service, such as https://early-support.example.nhs.uk.
    public_url: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = CIS2_SCOPES
    # What each role code of the provider may do here, such as {"S8000:G8000:R8000": "clinician"}.
    roles: dict[str, Role] = Field(default_factory=dict)
    least_authentication_level: int = Field(default=LEAST_AUTHENTICATION_LEVEL, ge=2, le=3)
    least_identity_level: int = Field(default=LEAST_IDENTITY_LEVEL, ge=1, le=3)
    # Whose bearer tokens count: a file with the issuer's public keys as a JWK set, its name, and ours in its tokens.
    token_keys: Path | None = None
    token_issuer: str | None = None
    token_audience: str = "early-support"
    demo_key: Path = DEFAULT_DEMO_KEY
    # Which providers' services an organisation sees beside its own, such as {"QJK": ["NR5", "RK9"]}; ["*"] is all.
    oversees: dict[str, list[str]] = Field(default_factory=dict)
    requests_per_minute: int = Field(default=REQUESTS_PER_MINUTE, ge=1)
    children_per_minute: int = Field(default=CHILDREN_PER_MINUTE, ge=1)

    @property
    def missing_to_sign_in(self) -> list[str]:
        """The settings without which nobody could sign in outside the demo."""
        return [
            name for name in NEEDED_TO_SIGN_IN if not getattr(self, name) or name not in self.model_fields_set
        ]

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _is_https(cls, address: str | None, info: ValidationInfo) -> str | None:
        parts = urlsplit(address or "")
        is_local = info.field_name == "oidc_issuer" and parts.hostname in ("localhost", "127.0.0.1")
        if address is not None and not (parts.hostname and (parts.scheme == "https" or is_local)):
            raise ValueError("expected an address that starts with https://")
        if info.field_name == "public_url" and (parts.path.strip("/") or parts.query or parts.fragment):
            raise ValueError("expected an address without a path")
        return address.rstrip("/") if address else address

    @field_validator("secret")
    @classmethod
    def _is_long_enough(cls, secret: SecretStr) -> SecretStr:
        if len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"a secret has at least {SHORTEST_SECRET} characters")
        return secret

    @property
    def log_key_path(self) -> Path:
        """Where the log's key lies; for a database that is no file, somebody must say where."""
        if self.log_key is not None:
            return self.log_key
        file = store.file_of(self.database)
        if file is None:
            raise UserError(
                "Nobody said where the key of the log lies. Expected a file outside the database and its backups. "
                "Name it with --log-key or EARLY_SUPPORT_LOG_KEY."
            )
        return file.with_name(file.name + LOG_KEY_SUFFIX)
