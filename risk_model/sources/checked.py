"""Reads a folder of extracts against the contracts, and keeps the account of every row of every file."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from risk_model import contracts
from risk_model.contracts import REJECTED, ColumnReader
from risk_model.contracts.columns import WARNS
from risk_model.sources.assembly import Frames
from risk_model.sources.completeness import gaps_of
from risk_model.sources.delivery import Delivery, deliveries, identify
from risk_model.sources.extracts import Part, SourceFile, delivered_tables, empty
from risk_model.sources.kept import Kept
from risk_model.sources.loading import Loaded, load
from risk_model.sources.outcome import COUNTS, LOCATED, Outcome
from risk_model.sources.returns import ASSEMBLE


@dataclass(frozen=True)
class CheckedExtracts:
    """Accepted rows by table; where rejected rows stand and why; what was odd or mended; the files."""

    frames: Frames
    rejected: pl.DataFrame
    findings: pl.DataFrame
    counts: pl.DataFrame
    files: list[SourceFile]
    gaps: list[str]

    @property
    def is_clean(self) -> bool:
        """Claim: nothing was rejected, every file was read, and no table misses another."""
        return not (self.rejected.height or self.gaps or any(file.findings for file in self.files))

    def write_quarantine(self, folder: Path) -> Path:
        """Write where each rejected row stands and the rules it broke, but no value; gives the file back."""
        folder.mkdir(parents=True, exist_ok=True)
        file, beside = folder / "rejected.parquet", folder / "rejected.parquet.part"
        checksums = pl.DataFrame(
            [(one.path, one.sha256) for one in self.files],
            schema={"source_file": pl.String, "sha256": pl.String},
            orient="row",
        )
        self.rejected.join(checksums, on="source_file", how="left", maintain_order="left").select(
            "source_file", "sha256", "source_row", "table", "contract", "version", "rules"
        ).write_parquet(beside)
        return beside.replace(file)


def check(extracts: Path, *, kept_in: Path | None = None, with_rows: bool = True) -> CheckedExtracts:
    """Read and check every file under a folder; a broken file never stops the rest.

    With `kept_in` the accepted rows are kept there, and files that were checked before are not read again. Without
    `with_rows` the rows are counted and let go, so that memory holds one delivery at a time.
    """
    identified = identify(extracts)
    kept = Kept(kept_in) if kept_in is not None else None
    reader = threading.local()

    def outcome_of(delivery: Delivery) -> Outcome:
        if kept is not None and (before := kept.find(delivery)) is not None:
            return before
        if not hasattr(reader, "columns"):
            reader.columns = ColumnReader()
        outcome = _read(delivery, reader.columns)
        if kept is not None:
            return kept.keep(delivery, outcome)
        return outcome if with_rows else replace(outcome, frames={})

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        largest_first = sorted(deliveries(identified), key=lambda d: -sum(one.file.bytes for one in d.files))
        outcomes = list(workers.map(outcome_of, largest_first))
    outcomes.sort(key=lambda outcome: outcome.files[0].path)
    if kept is not None:
        kept.forget_others()
    read = {file.path: file for outcome in outcomes for file in outcome.files}
    return CheckedExtracts(
        frames=_together([kept.frames(o) if kept is not None else o.frames for o in outcomes])
        if with_rows
        else {},
        rejected=pl.concat([REJECTED.to_frame(), *(outcome.rejected for outcome in outcomes)]),
        findings=pl.concat([LOCATED.to_frame(), *(outcome.findings for outcome in outcomes)]),
        counts=pl.concat([COUNTS.to_frame(), *(outcome.counts for outcome in outcomes)]),
        files=[read.get(one.file.path, one.file) for one in identified],
        gaps=[gap for outcome in outcomes for gap in outcome.gaps],
    )


def _read(delivery: Delivery, reader: ColumnReader) -> Outcome:
    """The files of one delivery, opened, put together and held against the contract."""
    loaded = [load(one, reader) for one in delivery.files]
    parts = [part for one in loaded for part in one.parts]
    tables = contracts.load()[delivery.contract].tables
    joined, problems = ASSEMBLE[delivery.contract](parts, delivery.contract) if parts else ({}, {})
    context = {n: pl.concat([p.rows for p in parts if p.table == n], how="diagonal") for n in _context(parts)}
    checked = {name: contracts.part(tables[name], rows) for name, rows in {**context, **joined}.items()}
    rejected = pl.concat([REJECTED.to_frame(), *(one.rejected for one in checked.values())])
    frames = {name: one.accepted for name, one in checked.items() if not tables[name].is_context}
    return Outcome(
        files=[replace(one.file, problem=problems.get(one.file.path, one.file.problem)) for one in loaded],
        frames=frames,
        rejected=rejected,
        findings=_located(loaded, checked),
        counts=_counts(parts, checked),
        gaps=gaps_of(frames, rejected) if delivery.contract == "csds" else [],
    )


def _context(parts: Iterable[Part]) -> list[str]:
    delivered = delivered_tables()
    return sorted({part.table for part in parts if part.table not in delivered})


def _located(loaded: list[Loaded], checked: Mapping[str, contracts.Checked]) -> pl.DataFrame:
    """What the rules found, with the file where a file alone shows it."""
    of_files = [one.findings.with_columns(source_file=pl.lit(one.file.path)) for one in loaded]
    undated = [
        contracts.findings_frame(
            name, [("known_on|missing", WARNS, one.accepted["known_on"].null_count(), 0)]
        )
        for name, one in checked.items()
        if name in delivered_tables()
    ]
    of_tables = [*(one.findings for one in checked.values()), *undated]
    everywhere = [found.with_columns(source_file=pl.lit(None, pl.String)) for found in of_tables]
    return pl.concat([LOCATED.to_frame(), *of_files, *everywhere])


def _counts(parts: list[Part], checked: Mapping[str, contracts.Checked]) -> pl.DataFrame:
    """Rows accepted and rejected of each table of each file; a row that is neither would be our bug."""
    found = []
    for part in parts:
        here = pl.col("source_file") == part.path
        accepted = checked[part.table].accepted.select(here.sum()).item()
        rejected = checked[part.table].rejected.select(here.sum()).item()
        found.append((part.path, part.table, part.rows.height, accepted, rejected))
    return pl.DataFrame(found, schema=COUNTS, orient="row")


def _together(several: list[Frames]) -> Frames:
    """Every table of every return, empty where no file holds it."""
    return {
        name: pl.concat([empty(table), *(frames[name] for frames in several if name in frames)])
        for name, table in delivered_tables().items()
    }
