"""The folder of one run: written beside its place, renamed in one step, sealed, and never changed."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from risk_model.durable import write_through
from risk_model.errors import UserError

PROVENANCE = "provenance.json"
MADE = "made"


@dataclass(frozen=True)
class Worklist:
    """One run as it stands in its folder; tables are read on first use and never change."""

    folder: Path
    provenance: dict[str, Any]

    @property
    def run(self) -> str:
        return self.folder.name

    @cached_property
    def list(self) -> pl.DataFrame:
        return self._table("list")

    @cached_property
    def contributions(self) -> pl.DataFrame:
        return self._table("contributions")

    @cached_property
    def reasons(self) -> pl.DataFrame:
        return self._table("reasons")

    @cached_property
    def features(self) -> pl.DataFrame:
        return self._table("features")

    @cached_property
    def measures(self) -> pl.DataFrame:
        return self._table("measures")

    @cached_property
    def flow(self) -> pl.DataFrame | None:
        """Referrals, first contacts and children who left unseen, by service and month; None in a run from before."""
        return self._table("flow") if "flow.parquet" in self.provenance["outputs"] else None

    def _table(self, name: str) -> pl.DataFrame:
        path = self.folder / f"{name}.parquet"
        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UserError(
                f"The worklist {self.run} cannot be read: {name}.parquet is missing or damaged. "
                f"Expected the file that the run wrote. Run `risk-model verify {self.folder}`, "
                "then make the list again."
            ) from error


def save(
    worklists: Path, name: str, files: Mapping[str, bytes | pl.DataFrame], facts: Mapping[str, Any]
) -> Path:
    """Write one run beside its place and rename it in one step; return the new folder.

    `files` are the run's tables (by name, without ending) and documents (by file name); `facts` is what
    provenance says of the run. A run's folder is never overwritten: a second run of a day gets the next number.
    """
    worklists.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=worklists))
    try:
        for file, content in sorted(files.items()):
            _write(beside, file, content)
        outputs = {path.name: digest(path) for path in sorted(beside.iterdir())}
        _write(beside, PROVENANCE, _sealed({**facts, "outputs": outputs}, _now()))
        return _rename_to_next_run(beside, worklists, name)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def load(folder: Path) -> Worklist:
    """Return the worklist in a folder, or say why the folder is none."""
    try:
        provenance = json.loads(_provenance_bytes(folder))
    except ValueError as error:
        raise UserError(
            f"The worklist {folder.name} cannot be read: {PROVENANCE} is damaged. Do not use this list; "
            "make it again with `risk-model prioritise`."
        ) from error
    return Worklist(folder, provenance)


def runs(worklists: Path) -> list[Path]:
    """Return the folders of all runs, oldest first."""
    if not worklists.is_dir():
        raise UserError(
            f"There is no folder {worklists}. Expected the worklists of a workspace. "
            "Make one with `make demo` or `risk-model prioritise`."
        )
    return sorted((path.parent for path in worklists.glob(f"[!.]*/{PROVENANCE}")), key=_run_order)


def newest(worklists: Path) -> Path:
    """Return the folder of the newest run."""
    found = runs(worklists)
    if not found:
        raise UserError(
            f"No worklist was found in {worklists}. Expected at least one run. "
            "Make one with `make demo` or `risk-model prioritise`."
        )
    return found[-1]


def check_seal(folder: Path) -> list[str]:
    """Return a sentence for every file that is not, byte for byte, what the run wrote."""
    provenance_bytes = _provenance_bytes(folder)
    try:
        recorded = json.loads(provenance_bytes)
        facts = {key: value for key, value in recorded.items() if key != MADE}
        intact = _sealed(facts, recorded[MADE].split()[0]) == provenance_bytes
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        intact = False
    if not intact:
        return [f"{PROVENANCE} differs from what the run wrote."]
    findings = []
    present = {path.name for path in folder.iterdir()} - {PROVENANCE}
    for file, expected in recorded["outputs"].items():
        if file not in present:
            findings.append(f"{file} is missing.")
        elif (folder / file).is_symlink() or not (folder / file).is_file():
            findings.append(f"{file} is not the file that the run wrote.")
        elif (computed := digest(folder / file)) != expected:
            findings.append(f"{file} differs: recorded {expected[:12]}, computed {computed[:12]}.")
    findings += [f"{file} does not belong to the run." for file in sorted(present - set(recorded["outputs"]))]
    return findings


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _provenance_bytes(folder: Path) -> bytes:
    path = folder / PROVENANCE
    if not path.is_file():
        raise UserError(
            f"{folder} is not a worklist: it has no {PROVENANCE}. Expected a folder made by "
            "`risk-model prioritise`, such as workspace/worklists/2026-11-20-r1."
        )
    return path.read_bytes()


def _write(folder: Path, file: str, content: bytes | pl.DataFrame) -> None:
    path = folder / (f"{file}.parquet" if isinstance(content, pl.DataFrame) else file)
    if isinstance(content, pl.DataFrame):
        content.write_parquet(path, compression="zstd", statistics=False)
    else:
        path.write_bytes(content)
    write_through(path)


def _sealed(facts: Mapping[str, Any], at: str) -> bytes:
    """Provenance as bytes; `made` is the time and, behind it, the seal over that time and every other fact.

    The time stands in this one field, and in no other digest.
    """
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    seal = hashlib.sha256(f"{at}\n{text}".encode()).hexdigest()
    document = {**facts, MADE: f"{at} {seal}"}
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _run_order(folder: Path) -> tuple[str, int]:
    day, _, number = folder.name.rpartition("-r")
    return day, int(number) if number.isdigit() else 0


def _rename_to_next_run(beside: Path, worklists: Path, name: str) -> Path:
    taken = [order for path in worklists.glob(f"{name}-r*") if (order := _run_order(path))[0] == name]
    number = max((order[1] for order in taken), default=0) + 1
    target = worklists / f"{name}-r{number}"
    beside.chmod(0o755)
    beside.rename(target)
    write_through(worklists)
    return target
