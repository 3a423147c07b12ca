"""Keys of invented clinical leads, made anew for each test."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def make_keys(folder: Path, name: str) -> tuple[Path, Path]:
    """Return a lead's private key, and the folder of keys that are trusted, with the lead's among them."""
    key = Ed25519PrivateKey.generate()
    private, trusted = folder / f"{name}.key", folder / "trusted"
    trusted.mkdir(exist_ok=True)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    (trusted / f"{name}.pub").write_bytes(line + f" {name}\n".encode())
    return private, trusted
