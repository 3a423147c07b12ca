"""The secret keys of a deployment: one random key per purpose, in a folder outside the workspace.

With a key pseudonyms could be made again from NHS numbers, so it lies where no copy of the workspace takes it along. No
two purposes share a key: a list, a training extract and a planning extract cannot be joined by pseudonym.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import stat
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from risk_model.durable import write_once
from risk_model.errors import UserError

KEY_BYTES = 32
KEY_ID_CHARACTERS = 8
FOLDER_MODE, FILE_MODE = 0o700, 0o400
EVERYBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO


class Purpose(StrEnum):
    """What a key is for. Each has a key of its own; the registry's key only tells deployments apart."""

    DIRECT_CARE = "direct care"
    TRAINING = "training"
    PLANNING = "planning"
    REGISTRY = "registry"

    @property
    def file_name(self) -> str:
        return self.value.replace(" ", "-")


@dataclass(frozen=True)
class Key:
    """A key that never prints itself; its `id` may stand anywhere and gives nothing of the key away."""

    purpose: Purpose
    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        text = f"early support key id\n{self.purpose.value}\n".encode()
        return hashlib.sha256(text + self.secret).hexdigest()[:KEY_ID_CHARACTERS]


def open_key(folder: Path, purpose: Purpose) -> Key:
    """Return the key of one purpose; make it on first use, once, however many processes start at the same time."""
    _check_folder(folder)
    path = folder / f"{purpose.file_name}.key"
    if not path.is_symlink() and not path.exists():
        _make(path, purpose)
    return _read(path, purpose)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(
            f"{folder} is a file. Expected a folder for the keys of pseudonyms. Name another with --keys."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    if stat.S_IMODE(folder.stat().st_mode) & EVERYBODY_ELSE:
        raise UserError(
            f"The key folder {folder} is open to others than its owner. Expected mode 0700. Close it with "
            f"`chmod 700 {folder}`, and ask who may have read the keys in it."
        )


def _make(path: Path, purpose: Purpose) -> None:
    key = Key(purpose, secrets.token_bytes(KEY_BYTES))
    written = {"purpose": purpose.value, "key_id": key.id, "key": base64.b64encode(key.secret).decode()}
    write_once(path, json.dumps(written, indent=1) + "\n", FILE_MODE)


def _read(path: Path, purpose: Purpose) -> Key:
    if path.is_symlink() or not path.is_file():
        raise UserError(
            f"{path} is no key file. Expected a file of its own, no link, so that the key lies in one place. "
            "Put the key back from the backup of the keys."
        )
    if stat.S_IMODE(path.stat().st_mode) & EVERYBODY_ELSE:
        raise UserError(
            f"The key {path} is open to others than its owner. Expected mode 0400. Close it with "
            f"`chmod 400 {path}`, and ask who may have read it."
        )
    try:
        written = json.loads(path.read_bytes())
        key = Key(Purpose(written["purpose"]), base64.b64decode(written["key"], validate=True))
        is_whole = len(key.secret) == KEY_BYTES and key.id == written["key_id"]
    except (ValueError, TypeError, KeyError, binascii.Error):
        is_whole = False
    if not is_whole or key.purpose != purpose:
        raise UserError(
            f"The key {path} is damaged or belongs to another purpose. Expected {KEY_BYTES} bytes for {purpose.value}, "
            "with the key id that was written beside them. Put it back from the backup of the keys: with another key "
            "every child gets another name."
        )
    return key
