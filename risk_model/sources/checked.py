"""Holds everything that was read against the contracts, and keeps the account of every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from risk_model import contracts
from risk_model.contracts.checking import REJECTED, WARNINGS
from risk_model.sources.extracts import Extracts, SourceFile, delivered_tables

SUMMARY = {
    "source": pl.String,
    "table": pl.String,
    "rule": pl.String,
    "severity": pl.String,
    "rows": pl.Int64,
}


@dataclass(frozen=True)
class CheckedExtracts:
    """Accepted rows by table; where rejected rows stand and why; warnings; the files."""

    frames: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    warnings: pl.DataFrame
    files: list[SourceFile]

    def summary(self) -> pl.DataFrame:
        """Rows by source, table and rule: accepted and rejected, then each broken rule and each warning."""
        tables = delivered_tables()
        source = {name: table.contract for name, table in tables.items()}
        rejected = dict(self.rejected.group_by("table").len().iter_rows())
        rows = [(source[name], name, "", "accepted", frame.height) for name, frame in self.frames.items()]
        rows += [(source[name], name, "", "rejected", rejected.get(name, 0)) for name in self.frames]
        broken = self.rejected.explode("rules").group_by("table", "rules").len().sort("table", "rules")
        rows += [(source[name], name, rule, "error", count) for name, rule, count in broken.iter_rows()]
        rows += [
            (source[name], name, rule, "warning", count) for name, rule, count in self.warnings.iter_rows()
        ]
        order = {
            severity: place for place, severity in enumerate(("accepted", "rejected", "error", "warning"))
        }
        rows.sort(key=lambda row: (row[0], row[1], order[row[3]], row[2]))
        return pl.DataFrame(rows, schema=SUMMARY, orient="row")

    def write_quarantine(self, folder: Path) -> Path:
        """Write where each rejected row stands and the rules it broke, but no value; gives the file back."""
        folder.mkdir(parents=True, exist_ok=True)
        file, beside = folder / "rejected.parquet", folder / "rejected.parquet.part"
        self.rejected.select(
            "source_file", "source_row", "table", "contract", "version", "rules"
        ).write_parquet(beside)
        return beside.replace(file)


def check(extracts: Extracts) -> CheckedExtracts:
    """Accepted rows, rejected rows and warnings of every table that was read."""
    frames, rejected, warnings = {}, [], []
    for name, frame in extracts.frames.items():
        checked = contracts.check(name, frame)
        frames[name] = checked.accepted
        rejected.append(checked.rejected)
        warnings.append(checked.warnings)
        undated = checked.accepted["known_on"].null_count()
        warnings.append(contracts.warnings_frame(name, [("known_on|missing", undated)]))
    warnings += [contracts.warnings_frame(table, found) for table, found in _unknown_columns(extracts.files)]
    return CheckedExtracts(
        frames,
        pl.concat([REJECTED.to_frame(), *rejected]),
        pl.concat([WARNINGS.to_frame(), *warnings])
        .group_by("table", "rule", maintain_order=True)
        .agg(pl.col("rows").sum()),
        extracts.files,
    )


def _unknown_columns(files: list[SourceFile]) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    delivered = delivered_tables()
    for file in files:
        if file.unknown_columns and file.tables[0] in delivered:
            yield file.tables[0], [(f"unknown_column|{header}", file.rows) for header in file.unknown_columns]
