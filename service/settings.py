"""What the service must be told before it can start."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from risk_model.errors import UserError
from service import store

DEFAULT_WORKLISTS = Path("var/demo/workspace/worklists")
DEFAULT_DATABASE = "sqlite:///var/demo/service.db"
DEFAULT_PORT = 8000
SHORTEST_SECRET = 32
REQUESTS_PER_MINUTE = 600
"""A clinic reviews at a few requests a second at most."""
CHILDREN_PER_MINUTE = 60
"""ASSURANCE 4, row 24: faster than anybody reads, slower than a copy of the list."""
NHSUK_FRONTEND = Path(__file__).resolve().parents[1] / "node_modules" / "nhsuk-frontend" / "dist" / "nhsuk"


LOG_KEY_SUFFIX = ".log-key"


class Settings(BaseModel):
    """Where the lists and the database are, and who may sign in; never changes once the service runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    # Which providers' services an organisation sees beside its own, such as {"QJK": ["NR5", "RK9"]}; ["*"] is all.
    oversees: dict[str, list[str]] = Field(default_factory=dict)
    requests_per_minute: int = Field(default=REQUESTS_PER_MINUTE, ge=1)
    children_per_minute: int = Field(default=CHILDREN_PER_MINUTE, ge=1)

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
