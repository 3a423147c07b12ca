"""The key that the log signs its heads with, and the head as a signed note (c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import secrets
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from risk_model.durable import write_once
from risk_model.errors import UserError
from service.audit.verify_audit import (
    ED25519,
    KEY_BYTES,
    NotProvenError,
    VerifierKey,
    from_text,
    key_id,
    read_key,
    to_text,
)

ORIGIN = "early-support/log-"
PRIVATE = "PRIVATE+KEY+"
PUBLIC_SUFFIX = ".vkey"
FILE_MODE, PUBLIC_MODE = 0o400, 0o444
EVERYBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class LogKey:
    """A private key that never prints itself; its name is the origin of the log, so each log has its own."""

    name: str
    seed: bytes = field(repr=False)

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public(self) -> VerifierKey:
        """What auditors check signatures with."""
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """Return the checkpoint of a tree of `size` entries as a signed note."""
        body = f"{self.name}\n{size}\n{to_text(root)}\n"
        signature = key_id(*self.public) + self._private.sign(body.encode())
        return f"{body}\n— {self.name} {to_text(signature)}\n"


def verifier_line(key: VerifierKey) -> str:
    """Return the public key as the line that auditors keep: name, id and key (c2sp.org/signed-note)."""
    return f"{key.name}+{key_id(*key).hex()}+{to_text(ED25519 + key.public)}"


def open_key(path: Path) -> LogKey:
    """Return the key in a file; make it on first use, once, however many processes start at the same time.

    The public key is written beside it as `.vkey`; auditors take a copy of that on the first day.
    """
    if path.is_symlink() or not path.exists():
        _make(path)
    key = _read(path)
    public, line = path.with_name(path.name + PUBLIC_SUFFIX), verifier_line(key.public) + "\n"
    if public.is_file() and public.read_text(encoding="utf-8") != line:
        public.unlink()  # that of another key, which lay here for a time
    if not public.exists():
        write_once(public, line, PUBLIC_MODE)
    return key


def open_public_key(path: Path) -> VerifierKey:
    """Return the public key in a file, a `.vkey` or the one that lies beside a private key."""
    beside = path.with_name(path.name + PUBLIC_SUFFIX)
    chosen = beside if path.suffix != PUBLIC_SUFFIX and beside.is_file() else path
    try:
        return read_key(chosen.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, NotProvenError) as error:
        raise UserError(
            f"{chosen} holds no key of a log. Expected the {PUBLIC_SUFFIX} file that was written when the log began. "
            "Name it with --key."
        ) from error


def _make(path: Path) -> None:
    if path.is_symlink():
        raise UserError(
            f"{path} is a link. Expected the log's key in a file of its own. Put the key itself there."
        )
    name = f"{ORIGIN}{secrets.token_hex(4)}"
    key = LogKey(name, secrets.token_bytes(KEY_BYTES))
    path.parent.mkdir(parents=True, exist_ok=True)
    line = f"{PRIVATE}{name}+{key_id(*key.public).hex()}+{to_text(ED25519 + key.seed)}\n"
    write_once(path, line, FILE_MODE)


def _read(path: Path) -> LogKey:
    try:
        if stat.S_IMODE(path.stat().st_mode) & EVERYBODY_ELSE:
            raise UserError(
                f"The log's key {path} is open to others than its owner. Expected mode 0400. Close it with "
                f"`chmod 400 {path}`, and ask who may have read it."
            )
        line = path.read_text(encoding="utf-8").strip()
        name, told, encoded = line.removeprefix(PRIVATE).split("+", 2)
        content = from_text(encoded)
        key = LogKey(name, content[1:])
        is_whole = line.startswith(PRIVATE) and content[:1] == ED25519 and len(key.seed) == KEY_BYTES
        is_whole = is_whole and key_id(*key.public).hex() == told
    except (OSError, ValueError, NotProvenError):
        is_whole = False
    if not is_whole:
        raise UserError(
            f"The log's key {path} cannot be read or is damaged. Expected the file that was made when the log began. "
            "Put it back from the backup of the keys: entries signed with another key are a log of their own."
        )
    return key
