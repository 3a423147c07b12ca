"""Pseudonyms: a keyed hash in place of an identifier, the same for the same key and never to be reversed.

HMAC-SHA-256, cut to 128 bits and written in base32. Which key, and for which purpose: `keys.py`.
"""

import base64
import hashlib
import hmac

import polars as pl

HASH_BYTES = 16
PERSON_CHARACTERS = 26
"""128 bits in base32."""
REFERRAL_CHARACTERS = 13
"""65 bits in base32: short enough for an address, long enough for the country's referrals."""
REFERENCE_CHARACTERS = 7


def of(identifiers: pl.Series, key: bytes, kind: str, characters: int) -> pl.Series:
    """Return the pseudonym of each identifier; equal identifiers of different kinds do not match."""
    distinct = identifiers.unique().sort()
    hashed = [_keyed_hash(identifier, key, kind)[:characters] for identifier in distinct]
    return identifiers.replace_strict(distinct, hashed, return_dtype=pl.String)


def child_reference(person_id: pl.Expr) -> pl.Expr:
    """Return the short name of a child on screens and in speech, such as `7F3K-2QD`."""
    short = person_id.str.slice(0, REFERENCE_CHARACTERS).str.to_uppercase()
    return short.str.slice(0, 4) + "-" + short.str.slice(4)


def _keyed_hash(identifier: str, key: bytes, kind: str) -> str:
    code = hmac.digest(key, f"{kind}\n{identifier}".encode(), hashlib.sha256)[:HASH_BYTES]
    return base64.b32encode(code).decode().rstrip("=").lower()
