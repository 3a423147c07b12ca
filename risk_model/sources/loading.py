"""Opens one identified file in its format and reads it into the contract's types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from risk_model import contracts
from risk_model.contracts import FINDINGS, ColumnReader
from risk_model.sources.csv_file import read_csv
from risk_model.sources.delivery import Identified
from risk_model.sources.departures import departures_of, earlier_headers, unknown_columns
from risk_model.sources.extracts import Part, SourceFile
from risk_model.sources.opening import Unreadable
from risk_model.sources.parquet_file import open_parquet, parquet_headers
from risk_model.sources.returns import XML_RETURNS
from risk_model.sources.workbook import sheets
from risk_model.sources.xml_file import open_xml


@dataclass(frozen=True)
class Loaded:
    """One file's rows in types, by table, and what the rules of single columns found."""

    file: SourceFile
    parts: list[Part]
    findings: pl.DataFrame


def load(one: Identified, reader: ColumnReader) -> Loaded:
    """Return what a file holds; one that turns out to be unreadable holds nothing, and says why."""
    try:
        return _OPEN[one.kind](one, reader)
    except Unreadable as unreadable:
        nothing = replace(one.file, source=None, tables=(), problem=str(unreadable))
        return Loaded(nothing, [], FINDINGS.to_frame())


def _load_csv(one: Identified, reader: ColumnReader) -> Loaded:
    table = contracts.tables()[one.file.tables[0]]
    fits_headers = False

    def read(headers: tuple[str, ...], rows: pl.DataFrame, is_tidy: bool) -> contracts.Read:
        nonlocal fits_headers
        fits_headers |= rows["source_fault"].null_count() > 0
        return contracts.read(table, _named(table, headers, rows, one.found.path), reader, is_tidy=is_tidy)

    opened = read_csv(one.found.content(), read)
    unknown = contracts.unknown(table, opened.headers, by_name=fits_headers)
    file = replace(one.file, rows=opened.count, problem=opened.note, unknown_columns=unknown)
    read_rows = {table.name: _together(table, opened.made)}
    return _loaded(one, file, read_rows, earlier_headers(table, opened.headers, opened.count))


def _load_parquet(one: Identified, reader: ColumnReader) -> Loaded:
    table = contracts.tables()[one.file.tables[0]]
    content = one.found.content()
    headers, rows = parquet_headers(content), open_parquet(content)
    read = contracts.read(table, _named(table, headers, rows, one.found.path), reader)
    file = replace(one.file, rows=rows.height, unknown_columns=contracts.unknown(table, headers))
    return _loaded(one, file, {table.name: read}, earlier_headers(table, headers, rows.height))


def _load_workbook(one: Identified, reader: ColumnReader) -> Loaded:
    """The sheets of one return; a sheet of another return is named, since its rows would stand without the others."""
    opened = sheets(one.found.content())
    mine = [sheet for sheet in opened if sheet.table.contract == one.file.source]
    read: dict[str, list[contracts.Read]] = {}
    for sheet in mine:
        rows = _named(sheet.table, sheet.headers, sheet.rows, one.found.path)
        read.setdefault(sheet.table.name, []).append(contracts.read(sheet.table, rows, reader))
    unknown = {header for sheet in mine for header in contracts.unknown(sheet.table, sheet.headers)}
    others = sorted({sheet.table.name for sheet in opened if sheet not in mine})
    problem = (
        f"Sheets of another return were not read: {', '.join(others)}. Send each return in a file of its own."
    )
    file = replace(
        one.file,
        rows=sum(sheet.rows.height for sheet in mine),
        tables=tuple(read),
        unknown_columns=tuple(sorted(unknown)),
        problem=problem if others else None,
    )
    earlier = (earlier_headers(sheet.table, sheet.headers, sheet.rows.height) for sheet in mine)
    together = {name: _together(contracts.tables()[name], several) for name, several in read.items()}
    return _loaded(one, file, together, *earlier)


def _load_xml(one: Identified, reader: ColumnReader) -> Loaded:
    xml_return = XML_RETURNS[str(one.file.source)]
    document = open_xml(one.found.content(), xml_return.records)
    found = xml_return.tables_of(document)
    read = {
        name: contracts.read(contracts.tables()[name], _lined_up(rows, one.found.path), reader)
        for name, rows in found.items()
        if rows.height
    }
    rows = sum(one_table.rows.height for one_table in read.values())
    unknown, departures = departures_of(document, str(one.file.source))
    file = replace(one.file, rows=rows, tables=tuple(read), unknown_columns=unknown)
    return _loaded(one, file, read, departures)


_OPEN = {"csv": _load_csv, "parquet": _load_parquet, "workbook": _load_workbook, "xml": _load_xml}


def _loaded(
    one: Identified, file: SourceFile, read: dict[str, contracts.Read], *of_the_file: pl.DataFrame
) -> Loaded:
    """The file with its rows and with all that was found: by single columns, and of the file as a whole."""
    parts = [Part(name, rows.rows, one.found.path, one.found.folder) for name, rows in read.items()]
    found = [rows.findings for rows in read.values()]
    if file.unknown_columns:
        found.append(unknown_columns(file.tables[0], file.unknown_columns, file.rows))
    return Loaded(file, parts, pl.concat([FINDINGS.to_frame(), *found, *of_the_file]))


def _named(table: contracts.Table, headers: Sequence[str], rows: pl.DataFrame, path: str) -> pl.DataFrame:
    """The columns c0, c1, ... under our names; of an older and a newer header the newer that says something counts."""
    places = {header: f"c{place}" for place, header in reversed(list(enumerate(headers)))}
    columns = [
        (pl.coalesce if len(carriers) > 1 else pl.col)([places[header] for header in carriers]).alias(name)
        for name, carriers in contracts.match(table, headers).items()
    ]
    return rows.select(*columns, pl.lit(path).alias("source_file"), "source_row", "source_fault")


def _lined_up(rows: pl.DataFrame, path: str) -> pl.DataFrame:
    kept = rows.drop("record", "parent", strict=False)
    return kept.with_columns(pl.col("source_row").cast(pl.Int64), pl.lit(path).alias("source_file"))


def _together(table: contracts.Table, read: Iterable[contracts.Read]) -> contracts.Read:
    """The pieces of one file as one."""
    read = list(read)
    if not read:
        return contracts.Read(pl.DataFrame(schema=contracts.read_schema(table)), FINDINGS.to_frame())
    if len(read) == 1:
        return read[0]
    counted = pl.concat([one.findings for one in read]).group_by(
        "table", "rule", "severity", maintain_order=True
    )
    return contracts.Read(
        pl.concat([one.rows for one in read], how="diagonal"), counted.agg(pl.col("rows", "children").sum())
    )
