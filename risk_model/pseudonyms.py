"""Pseudonyms: a keyed hash in place of an identifier, the same for the same key and never to be reversed.

The key is made once per workspace and stands in its vault, readable by its owner only.
"""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

import polars as pl

from risk_model.errors import UserError

KEY_BYTES = 32
PERSON_CHARACTERS = 26
"""128 bits in base32."""
REFERRAL_CHARACTERS = 13
"""65 bits in base32: short enough for an address, long enough for the country's referrals."""
REFERENCE_CHARACTERS = 7


def open_key(vault: Path) -> bytes:
    """Return the workspace's key; make it on first use."""
    path = vault / "pseudonym.key"
    if not path.exists():
        vault.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = vault / "pseudonym.key.new"
        beside.touch(mode=0o600)
        beside.write_bytes(secrets.token_bytes(KEY_BYTES))
        beside.rename(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise UserError(
            f"The pseudonym key in {vault} is damaged. Expected {KEY_BYTES} bytes. Restore it from the backup of the "
            "vault: with another key every child gets another name."
        )
    return key


def of(identifiers: pl.Series, key: bytes, purpose: str, characters: int) -> pl.Series:
    """Return the pseudonym of each identifier; equal identifiers of different purposes do not match."""
    distinct = identifiers.unique().sort()
    hashed = [_keyed_hash(identifier, key, purpose)[:characters] for identifier in distinct]
    return identifiers.replace_strict(distinct, hashed, return_dtype=pl.String)


def child_reference(person_id: pl.Expr) -> pl.Expr:
    """Return the short name of a child on screens and in speech, such as `7F3K-2QD`."""
    short = person_id.str.slice(0, REFERENCE_CHARACTERS).str.to_uppercase()
    return short.str.slice(0, 4) + "-" + short.str.slice(4)


def _keyed_hash(identifier: str, key: bytes, purpose: str) -> str:
    code = hmac.digest(key, f"{purpose}\n{identifier}".encode(), hashlib.sha256)
    return base64.b32encode(code).decode().lower()
