"""Keys lie outside the workspace, one per purpose, closed to others, and are made once."""

from __future__ import annotations

import json
import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from risk_model import keys
from risk_model.errors import UserError
from risk_model.keys import KEY_BYTES, Key, Purpose
from risk_model.workspace import Workspace

CARE = Purpose.DIRECT_CARE


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_lies_beside_the_workspace_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = Workspace(tmp_path / "w").key(CARE)
    folder = tmp_path / "w.keys"
    assert [path.name for path in folder.iterdir()] == ["direct-care.key"]
    assert (mode(folder), mode(folder / "direct-care.key")) == (0o700, 0o400)
    assert len(made.secret) == KEY_BYTES
    assert Workspace(tmp_path / "w").key(CARE) == made


def test_each_purpose_has_a_key_and_a_key_id_of_its_own(tmp_path: Path) -> None:
    made = [Workspace(tmp_path / "w").key(purpose) for purpose in Purpose]
    assert len({key.secret for key in made}) == len({key.id for key in made}) == len(Purpose) == 4


def test_a_key_does_not_print_itself(tmp_path: Path) -> None:
    key = Key(CARE, b"secret")
    assert "secret" not in repr(key) + str(key) + f"{key}" and key.id not in ("", "secret")


def _open(folder: str) -> str:
    return keys.open_key(Path(folder), CARE).secret.hex()


def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.map(_open, [str(tmp_path / "k")] * 16)
    assert len(set(made)) == 1
    assert [path.name for path in (tmp_path / "k").iterdir()] == ["direct-care.key"]


@pytest.mark.parametrize("folder", ["w", "w/keys", "w/../w/deep/keys", "link/keys"])
def test_a_key_folder_inside_the_workspace_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "w")
    with pytest.raises(UserError, match=r"inside the workspace.*--keys"):
        Workspace(tmp_path / "w", tmp_path / folder).key(CARE)
    assert list((tmp_path / "w").rglob("*.key")) == []


def _rewrite(path: Path, **values: object) -> None:
    path.chmod(0o600)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    path.chmod(0o400)


SHORT, OTHER = "AAAA", "A" * 43 + "="


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o440), "mode 0400"),
        (lambda path: path.parent.chmod(0o750), "mode 0700"),
        (lambda path: _rewrite(path, key=SHORT), "damaged"),
        (lambda path: _rewrite(path, key=OTHER), "damaged"),
        (lambda path: _rewrite(path, key="not base64"), "damaged"),
        (lambda path: _rewrite(path, purpose="training"), "another purpose"),
        (lambda path: _rewrite(path, purpose="fun"), "another purpose"),
        (lambda path: (path.chmod(0o600), path.write_bytes(b"\x00" * 32), path.chmod(0o400)), "damaged"),
        (lambda path: (path.rename(path.with_suffix(".old")), path.symlink_to(path.with_suffix(".old"))), "no link"),
        (lambda path: (path.unlink(), path.mkdir()), "no key file"),
    ],
)  # fmt: skip
def test_a_key_that_is_open_or_spoilt_is_refused_in_a_sentence(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "w.keys/direct-care.key"
    secret = Workspace(tmp_path / "w").key(CARE).secret
    spoil(path)
    with pytest.raises(UserError) as refused:
        Workspace(tmp_path / "w").key(CARE)
    assert said in str(refused.value) and "Expected" in str(refused.value)
    assert secret.hex() not in str(refused.value)


def test_the_key_of_another_purpose_is_not_taken_for_this_one(tmp_path: Path) -> None:
    Workspace(tmp_path / "w").key(Purpose.TRAINING)
    (tmp_path / "w.keys/training.key").rename(tmp_path / "w.keys/direct-care.key")
    with pytest.raises(UserError, match="another purpose"):
        Workspace(tmp_path / "w").key(CARE)


def test_a_workspace_that_still_holds_a_key_is_told_what_to_do(tmp_path: Path) -> None:
    before = tmp_path / "w/vault/pseudonym.key"
    before.parent.mkdir(parents=True)
    before.write_bytes(b"k" * KEY_BYTES)
    with pytest.raises(UserError, match=r"pseudonym\.key.*Move the file.*run again"):
        Workspace(tmp_path / "w").key(CARE)
    assert not (tmp_path / "w.keys").exists()


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (Workspace(tmp_path / "file"), Workspace(tmp_path / "w", tmp_path / "file")):
        with pytest.raises(UserError, match="is a file"):
            place.key(CARE)
