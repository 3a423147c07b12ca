"""What the service must be told before it can start."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

DEFAULT_WORKLISTS = Path("var/demo/workspace/worklists")
DEFAULT_DATABASE = "sqlite:///var/demo/service.db"
DEFAULT_PORT = 8000
NHSUK_FRONTEND = Path(__file__).resolve().parents[1] / "node_modules" / "nhsuk-frontend" / "dist" / "nhsuk"


class Settings(BaseModel):
    """Where the lists and the database are, and who may sign in; never changes once the service runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    worklists: Path = DEFAULT_WORKLISTS
    database: str = DEFAULT_DATABASE
    demo: bool = False
    # Whose signatures of a policy count: a .pub file or a folder of them. Without any every list is a draft.
    trusted_keys: Path | None = None
    nhsuk_frontend: Path = NHSUK_FRONTEND
    # Without a secret of its own every start signs everybody out, which is the safe choice.
    secret: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(32)))
