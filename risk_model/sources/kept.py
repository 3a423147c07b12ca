"""Accepted rows of deliveries that were checked before, so that a file is read again only when something changed.

A delivery is known by its return, the paths and checksums of its files, the contract and the code that read it. Rows of
children lie here: the folder belongs to the workspace and is as private as its vault.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import Frames
from risk_model.sources.delivery import Delivery
from risk_model.sources.extracts import SourceFile
from risk_model.sources.outcome import Outcome

ACCOUNT, PRIVATE, PART = "account.json", 0o700, "part-"
ABANDONED_AFTER_SECONDS = 24 * 60 * 60
"""Ours: no check takes a day."""


class Kept:
    """The deliveries that one workspace keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._used: set[str] = set()

    def find(self, delivery: Delivery) -> Outcome | None:
        """Return what checking this delivery came to before, without its rows; None if it was not checked."""
        key = _key(delivery)
        place = self.folder / key
        if not (place / ACCOUNT).is_file():
            return None
        self._used.add(key)
        account = json.loads((place / ACCOUNT).read_bytes())
        tables = {
            name: pl.read_parquet(place / f"{name}.outcome.parquet")
            for name in ("rejected", "findings", "counts")
        }
        return Outcome(
            files=[_file(one) for one in account["files"]], frames={}, gaps=account["gaps"], key=key, **tables
        )

    def keep(self, delivery: Delivery, outcome: Outcome) -> Outcome:
        """Write a delivery whole or not at all, and return its outcome without the rows."""
        key = _key(delivery)
        self._used.add(key)
        self.folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=PART, dir=self.folder))  # for its owner alone
        for name, frame in outcome.frames.items():
            frame.write_parquet(beside / f"{name}.parquet", compression="lz4", statistics=False)
        for name in ("rejected", "findings", "counts"):
            getattr(outcome, name).write_parquet(beside / f"{name}.outcome.parquet")
        account = {"files": [asdict(file) for file in outcome.files], "gaps": outcome.gaps}
        (beside / ACCOUNT).write_text(json.dumps(account))
        try:
            beside.rename(self.folder / key)
        except OSError:  # another run kept the same delivery meanwhile
            shutil.rmtree(beside)
        return replace(outcome, frames={}, key=key)

    def frames(self, outcome: Outcome) -> Frames:
        """Return the accepted rows of a delivery by table."""
        assert outcome.key is not None, "only a kept delivery is asked for its rows"
        place = self.folder / outcome.key
        return {
            file.name.removesuffix(".parquet"): pl.read_parquet(file)
            for file in sorted(place.glob("*.parquet"))
            if not file.name.endswith(".outcome.parquet")
        }

    def forget_others(self) -> None:
        """Remove deliveries that this run did not meet: what a partner withdraws is not kept.

        What another run is writing stays; what a run left half written when it was stopped goes after a day.
        """
        abandoned = time.time() - ABANDONED_AFTER_SECONDS
        for place in self.folder.iterdir() if self.folder.is_dir() else ():
            is_being_written = place.name.startswith(PART) and place.stat().st_mtime > abandoned
            if place.name not in self._used and not is_being_written:
                shutil.rmtree(place, ignore_errors=True)


def _key(delivery: Delivery) -> str:
    facts = [
        delivery.contract,
        _reading_digest(),
        *(f"{one.file.path} {one.file.sha256}" for one in delivery.files),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


@cache
def _reading_digest() -> str:
    """One digest over the contracts and the code that reads by them."""
    here = Path(__file__).resolve().parent
    read = [*sorted(here.glob("*.py")), *sorted((here.parent / "contracts").glob("*.py")), *contracts.files()]
    return hashlib.sha256(b"".join(file.read_bytes() for file in read)).hexdigest()


def _file(account: dict[str, object]) -> SourceFile:
    listed = {name: tuple(value) if isinstance(value, list) else value for name, value in account.items()}
    return SourceFile(**listed)  # type: ignore[arg-type]
