"""The signature of a clinical lead over every byte of a policy file, and whether anybody here trusts it.

The signature is detached: `devon.yaml` is signed by `devon.yaml.sig`. Keys are Ed25519 in the form that
`ssh-keygen -t ed25519` writes; a trusted key is one line of a `.pub` file, `ssh-ed25519 AAAA... Dr A. Name`,
and its last words are the name that the policy must say it is signed by. Trusted keys lie outside the project;
who takes a file away there takes trust away. Until a trusted signature agrees, a policy is a draft.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from risk_model.errors import UserError
from risk_model.policy.document import Policy

ALGORITHM = "Ed25519"
KIND = "ssh-ed25519"
KEY_BYTES, SIGNATURE_BYTES = 32, 64
MOST_BYTES = 10_000
"""Ours: a signature or a key is a few hundred bytes."""

SUFFIX = ".sig"
TRUSTED_KEYS_ENVVAR = "EARLY_SUPPORT_TRUSTED_KEYS"
DRAFT: Final = "draft policy, not signed"
"""What every list, page and answer says of a policy without a trusted signature."""


@dataclass(frozen=True)
class TrustedKey:
    """A public key that this deployment trusts, and whose it is."""

    name: str
    key: bytes


@dataclass(frozen=True)
class Signature:
    """Whether a policy is signed, by whom, when and with which key; for a draft, why it is none."""

    is_signed: bool
    signed_by: str | None = None
    signed_on: date | None = None
    key: str | None = None
    why_draft: str | None = None

    def as_facts(self) -> dict[str, Any]:
        """Return what provenance says of it."""
        return {
            "signed_by": self.signed_by,
            "signed_on": self.signed_on and str(self.signed_on),
            "signed_with": self.key,
            "why_draft": self.why_draft,
        }


def beside(policy_file: Path) -> bytes | None:
    """Return the content of the signature file beside a policy file; None without one."""
    path = policy_file.with_name(policy_file.name + SUFFIX)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def sign(content: bytes, policy: Policy, private_key: Path) -> bytes:
    """Return the signature file of a policy's bytes; the file must already say by whom and when it is signed."""
    if policy.signed_by is None or policy.signed_on is None:
        raise UserError(
            "The policy does not say who signs it. Write your name and the day into signed_by and signed_on first, "
            "since the signature covers them too; then sign again."
        )
    key = _private(private_key)
    public = key.public_key().public_bytes_raw()
    document = {
        "algorithm": ALGORITHM,
        "key": _text(public),
        "signature": _text(key.sign(content)),
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def trusted_keys(path: Path | None) -> list[TrustedKey]:
    """Return the keys of a `.pub` file, or of all such files in a folder; none where no place is named."""
    if path is None:
        return []
    if not path.exists():
        raise UserError(
            f"There are no trusted keys at {path}. Expected a .pub file, or a folder of them. Name another place with "
            f"--trusted-keys or {TRUSTED_KEYS_ENVVAR}."
        )
    files = sorted(path.glob("*.pub")) if path.is_dir() else [path]
    lines = [(file, line) for file in files for line in _lines(file)]
    return [_trusted(file, line) for file, line in lines]


def check(
    content: bytes, policy: Policy, signature: bytes | None, trusted: Sequence[TrustedKey]
) -> Signature:
    """Return whether a trusted signature covers these very bytes, or why they are a draft."""
    if signature is None:
        return Signature(False, why_draft="no signature was found beside the policy file")
    claim = _claim(signature)
    if claim is None:
        return Signature(False, why_draft="the signature file is damaged")
    public, _ = claim
    if not agrees(content, signature):
        return Signature(
            False, why_draft="the signature does not agree: the policy file was changed after it was signed"
        )
    known = [key for key in trusted if key.key == public]
    if not known:
        return Signature(False, why_draft="it was signed with a key that is not trusted here")
    if policy.signed_by not in {key.name for key in known} or policy.signed_on is None:
        return Signature(False, why_draft="the policy does not name the person whose key signed it")
    return Signature(True, policy.signed_by, policy.signed_on, fingerprint(public))


def recheck(told: Mapping[str, Any], folder: Path, trusted: Sequence[TrustedKey]) -> dict[str, Any]:
    """Return what a run's provenance says of its policy, as a draft unless its signature is trusted here and now.

    The key may have been taken out of trust since, or the folder may come from elsewhere.
    """
    if told.get("signed_by") is None:
        return dict(told)
    path = folder / "policy.yaml"
    content, signature = path.read_bytes(), beside(path) or b""
    claim = _claim(signature)
    is_trusted = claim is not None and any(
        key.key == claim[0] and key.name == told["signed_by"] for key in trusted
    )
    if is_trusted and agrees(content, signature):
        return dict(told)
    why = "it was signed with a key that is not trusted here"
    return dict(told) | Signature(False, why_draft=why).as_facts()


def agrees(content: bytes, signature: bytes) -> bool:
    """Say whether a signature file was made over these bytes with the key that it names, trusted or not."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    claim = _claim(signature)
    if claim is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(claim[0]).verify(claim[1], content)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_with(signature: bytes) -> str | None:
    """Return the fingerprint of the key that a signature file names."""
    claim = _claim(signature)
    return None if claim is None else fingerprint(claim[0])


def fingerprint(public: bytes) -> str:
    """Return the digest by which people compare a key, as `ssh-keygen -l` shows it."""
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (KIND.encode(), public))
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _private(path: Path) -> Any:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not path.is_file():
        raise UserError(f"There is no key {path}. Expected a private Ed25519 key that you alone can read.")
    content = path.read_bytes()
    ssh = content.startswith(b"-----BEGIN OPENSSH")
    load = serialization.load_ssh_private_key if ssh else serialization.load_pem_private_key
    try:
        key = load(content, password=None)
    except Exception as error:
        raise UserError(
            f"The key {path.name} cannot be read. Expected a private Ed25519 key without a passphrase, as "
            "`ssh-keygen -t ed25519` writes it; keep it where you alone can read it."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f"The key {path.name} is of another kind. Expected Ed25519: `ssh-keygen -t ed25519`.")
    return key


def _claim(signature: bytes) -> tuple[bytes, bytes] | None:
    """The public key and the signature of a signature file; None for anything else."""
    try:
        document = json.loads(signature)
        if document["algorithm"] != ALGORITHM:
            return None
        public, signed = (base64.b64decode(document[name], validate=True) for name in ("key", "signature"))
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    return (public, signed) if (len(public), len(signed)) == (KEY_BYTES, SIGNATURE_BYTES) else None


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_bytes()[:MOST_BYTES].decode()
    except UnicodeDecodeError as error:
        raise UserError(f"The trusted key {file.name} is no text. {_EXPECTED}") from error
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


_EXPECTED = "Expected lines such as “ssh-ed25519 AAAA... Dr A. Name”: the kind, the key, and whose it is."


def _trusted(file: Path, line: str) -> TrustedKey:
    kind, _, rest = line.partition(" ")
    encoded, _, name = rest.partition(" ")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        blob = b""
    head = b"\x00\x00\x00\x0b" + KIND.encode() + b"\x00\x00\x00\x20"
    if kind != KIND or not name.strip() or not blob.startswith(head) or len(blob) != len(head) + KEY_BYTES:
        raise UserError(f"The trusted key {file.name} cannot be read. {_EXPECTED}")
    return TrustedKey(name.strip(), blob[len(head) :])


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
