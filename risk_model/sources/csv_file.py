"""Opens a partner's CSV whatever its encoding and line ends, and sets aside rows of the wrong shape."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from risk_model.sources.opening import MEGABYTE, UTF8_MARK, Content, Unreadable, all_bytes, blocks

WINDOWS_NOTE = (
    "The file is not UTF-8 and was read as Windows-1252: check names with accents, or save it as CSV UTF-8."
)
SEPARATORS = ",;\t|"
MOST_COLUMNS = 5000


@dataclass(frozen=True)
class CsvFile:
    """Headers, and rows as text in columns c0, c1, ... with `source_row` and `source_fault`."""

    headers: tuple[str, ...]
    rows: pl.LazyFrame
    count: int
    note: str | None = None


@dataclass(frozen=True)
class _Profile:
    """What one pass over the bytes found out."""

    headers: tuple[str, ...]
    separator: str
    lines: int
    is_regular: bool
    is_utf8: bool


def headers_of(content: Content) -> tuple[str, ...]:
    """The headers in the first line, without reading on."""
    start = next(blocks(content, MEGABYTE), b"")
    if b"\x00" in start:
        raise Unreadable(
            "The file is not plain text (UTF-16 or binary); UTF-8 was expected. Save it as CSV UTF-8."
        )
    return _headers(start if b"\n" in start else start.replace(b"\r", b"\n"))[1]


def open_csv(content: Content) -> CsvFile:
    """The rows of a CSV as text; raises Unreadable with a plain sentence when it is no such thing."""
    start = next(blocks(content, MEGABYTE), b"")
    if b"\n" not in start and b"\r" in start:
        return open_csv(all_bytes(content).replace(b"\r", b"\n"))
    profile = _profile(content, start)
    if not profile.is_utf8:
        return replace(open_csv(_from_windows(all_bytes(content))), note=WINDOWS_NOTE)
    if profile.is_regular:
        return CsvFile(profile.headers, _scan(content, profile), profile.lines - 1)
    return _open_irregular(content, profile)


def _profile(content: Content, start: bytes) -> _Profile:
    """Read the header and see whether every line has as many separators as it, without keeping the lines."""
    separator, headers = _headers(start)
    decoder, carried, lines, regular, last = codecs.getincrementaldecoder("utf-8")(), 0, 0, True, b""
    try:
        for block in blocks(content):
            if b"\x00" in block:
                raise Unreadable("The file is not plain text (UTF-16 or binary). Save it as CSV UTF-8.")
            decoder.decode(block)
            signs = np.frombuffer(block, dtype=np.uint8)
            ends = np.flatnonzero(signs == ord("\n"))
            seen = np.searchsorted(np.flatnonzero(signs == ord(separator)), ends)
            total = block.count(separator.encode())
            if len(ends):
                per_line = np.diff(seen, prepend=-carried)
                regular = regular and bool((per_line == len(headers) - 1).all())
                carried = total - int(seen[-1])
            else:
                carried += total
            regular = regular and b'"' not in block
            lines, last = lines + len(ends), block[-1:]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _Profile(headers, separator, 0, is_regular=False, is_utf8=False)
    if last != b"\n":
        lines, regular = lines + 1, regular and carried == len(headers) - 1
    return _Profile(headers, separator, lines, regular and len(headers) > 1, is_utf8=True)


def _headers(start: bytes) -> tuple[str, tuple[str, ...]]:
    line, ended, _ = start.removeprefix(UTF8_MARK).partition(b"\n")
    if not ended and len(start) >= MEGABYTE:
        raise Unreadable("The first line is longer than a header can be; a header line was expected.")
    text = line.decode("cp1252", errors="replace") if not _is_utf8(line) else line.decode()
    separator = max(SEPARATORS, key=text.count)
    try:
        headers = next(csv.reader([text.strip("\r\n")], delimiter=separator), [])
    except csv.Error as error:
        raise Unreadable("The first line cannot be read as headers; a header line was expected.") from error
    if len(headers) > MOST_COLUMNS:
        raise Unreadable(f"The file has {len(headers):,} columns; at most {MOST_COLUMNS:,} were expected.")
    return separator, tuple(header.strip() for header in headers)


def _scan(content: Content, profile: _Profile) -> pl.LazyFrame:
    """The rows read lazily; only for files whose every line is known to have the right shape."""
    names = [f"c{place}" for place in range(len(profile.headers))]
    fault = pl.lit(None, pl.String).alias("source_fault")
    if profile.lines <= 1:
        typed = {**dict.fromkeys(names, pl.String), "source_row": pl.Int64}
        return pl.LazyFrame(schema=typed).with_columns(fault)
    scan = pl.scan_csv(
        content,
        has_header=False,
        skip_lines=1,
        separator=profile.separator,
        quote_char=None,
        schema=dict.fromkeys(names, pl.String),
        row_index_name="source_row",
        row_index_offset=1,
        glob=False,
    )
    return scan.with_columns(pl.col("source_row").cast(pl.Int64), fault)


def _open_irregular(content: Content, profile: _Profile) -> CsvFile:
    """A file with quotation marks, blank lines or rows of the wrong shape, whose odd rows are set aside."""
    text = all_bytes(content).decode("utf-8-sig")
    lines = pl.DataFrame({"line": text.split("\n")[1:]}, schema={"line": pl.String})
    outside = pl.col("line").str.replace_all(r'"[^"]*"', "")
    lines = lines.with_row_index("source_row", offset=1).with_columns(
        pl.col("source_row").cast(pl.Int64),
        pl.col("line").str.strip_chars_end("\r"),
        outside.str.count_matches(profile.separator, literal=True).cast(pl.Int64).alias("separators"),
        outside.str.contains('"', literal=True).alias("stays_open"),
    )
    if lines["stays_open"].any():
        return _open_with_line_breaks(text, profile)
    lines = lines.filter(pl.col("line").str.strip_chars() != "")
    surplus = pl.col("separators") - (len(profile.headers) - 1)
    good, odd = lines.filter(surplus == 0), lines.filter(surplus != 0)
    faults = odd.select(
        "source_row",
        pl.when(surplus > 0)
        .then(pl.lit("too_many_values"))
        .otherwise(pl.lit("too_few_values"))
        .alias("source_fault"),
    )
    rows = _rows("\n".join(good["line"]), profile)
    rows = rows.with_columns(good["source_row"], pl.lit(None, pl.String).alias("source_fault"))
    return CsvFile(profile.headers, pl.concat([rows, faults], how="diagonal").lazy(), lines.height)


def _open_with_line_breaks(text: str, profile: _Profile) -> CsvFile:
    """A file with line breaks inside quotation marks, whose lines are not its rows."""
    rows = _rows(text.partition("\n")[2], profile)
    numbered = rows.with_row_index("source_row", offset=1).with_columns(
        pl.col("source_row").cast(pl.Int64), pl.lit(None, pl.String).alias("source_fault")
    )
    return CsvFile(profile.headers, numbered.lazy(), rows.height)


def _rows(text: str, profile: _Profile) -> pl.DataFrame:
    schema = {f"c{place}": pl.String for place in range(len(profile.headers))}
    if not text.strip():
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_csv(
            io.BytesIO(text.encode()), has_header=False, separator=profile.separator, schema=schema
        )
    except pl.exceptions.PolarsError as error:
        raise Unreadable(
            "Quotation marks do not pair up, so rows cannot be told apart. Ask the partner to send it again."
        ) from error


def _from_windows(content: bytes) -> bytes:
    return content.decode("cp1252", errors="replace").encode()


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
