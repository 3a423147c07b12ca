"""A file that was checked before is not read again, and nobody can tell from the answer."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from risk_model import sources
from risk_model.sources import checked as checking
from risk_model.synthetic import synthesise


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("kept") / "tiny"
    synthesise(out, scale="tiny")
    return out / "extracts"


@pytest.fixture
def files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are opened and read from now on."""
    read: list[str] = []
    load = checking.load

    def noting(one: checking.Identified, reader: checking.ColumnReader) -> checking.Loaded:
        read.append(one.file.path)
        return load(one, reader)

    monkeypatch.setattr(checking, "load", noting)
    return read


def assert_same(one: sources.CheckedExtracts, other: sources.CheckedExtracts) -> None:
    assert (one.files, one.gaps) == (other.files, other.gaps)
    for name, frame in one.frames.items():
        assert_frame_equal(frame, other.frames[name])
    for table in ("rejected", "findings", "counts"):
        assert_frame_equal(getattr(one, table), getattr(other, table))


def test_what_was_kept_equals_what_is_read(extracts: Path, tmp_path: Path, files_read: list[str]) -> None:
    fresh = sources.check(extracts)
    first = sources.check(extracts, kept_in=tmp_path)
    files_read.clear()
    second = sources.check(extracts, kept_in=tmp_path)
    assert files_read == []
    assert_same(fresh, first)
    assert_same(fresh, second)


def test_a_changed_file_is_read_again_with_those_it_is_joined_to(
    extracts: Path, tmp_path: Path, files_read: list[str]
) -> None:
    changed = Path(shutil.copytree(extracts, tmp_path / "extracts"))
    sources.check(changed, kept_in=tmp_path / "kept")
    file = min(changed.rglob("attendance*.csv"))
    file.write_text(file.read_text().replace("879", "878"))
    files_read.clear()
    second = sources.check(changed, kept_in=tmp_path / "kept")
    assert files_read == [file.relative_to(changed).as_posix()]
    assert_same(second, sources.check(changed))


def test_what_a_partner_withdraws_is_not_kept(extracts: Path, tmp_path: Path) -> None:
    lent = Path(shutil.copytree(extracts, tmp_path / "extracts"))
    sources.check(lent, kept_in=tmp_path / "kept")
    before = len(list((tmp_path / "kept").iterdir()))
    shutil.rmtree(lent / "ssda903")
    sources.check(lent, kept_in=tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) < before
    assert not list((tmp_path / "kept").rglob("looked_after*"))


def test_what_a_stopped_run_left_half_written_goes_after_a_day(extracts: Path, tmp_path: Path) -> None:
    sources.check(extracts, kept_in=tmp_path)
    fresh, old = tmp_path / "part-fresh", tmp_path / "part-old"
    for place in (fresh, old):
        place.mkdir()
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(old, (two_days_ago, two_days_ago))
    sources.check(extracts, kept_in=tmp_path)
    assert (fresh.exists(), old.exists()) == (True, False)


def test_only_the_owner_may_look_into_what_is_kept(extracts: Path, tmp_path: Path) -> None:
    sources.check(extracts, kept_in=tmp_path / "kept")
    assert {
        place.stat().st_mode & 0o777 for place in (tmp_path / "kept", *(tmp_path / "kept").iterdir())
    } == {0o700}
