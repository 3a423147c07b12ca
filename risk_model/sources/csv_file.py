"""Opens a partner's CSV whatever its encoding and line ends, and sets aside rows of the wrong shape."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import polars as pl

from risk_model.sources.opening import MEGABYTE, UTF8_MARK, Unreadable

WINDOWS_NOTE = (
    "The file is not UTF-8 and was read as Windows-1252: check names with accents, or save it as CSV UTF-8."
)
NOT_TEXT = "The file is not plain text (UTF-16 or binary); UTF-8 was expected. Save it as CSV UTF-8."
UNPAIRED = "Quotation marks do not pair up, so rows cannot be told apart. Ask the partner to send it again."
SEPARATORS = ",;\t|"
MOST_COLUMNS = 5000
LONGEST_VALUE = 64 * 1024
"""Ours: no value of a return is longer; a longer one is an unclosed quotation mark or an attack."""

PIECE_BYTES = 64 * MEGABYTE
"""How much of a file stands in memory as text at once."""

T = TypeVar("T")
Make = Callable[[tuple[str, ...], pl.DataFrame, bool], T]


@dataclass(frozen=True)
class CsvFile(Generic[T]):
    """The headers of a file, what was made of its rows piece by piece, how many rows there are, and a word on it."""

    headers: tuple[str, ...]
    made: list[T]
    count: int
    note: str | None = None


class _Irregular(Exception):  # noqa: N818 - a way to read, not a failure
    """A row has more or fewer values than the header."""


def headers_of(start: bytes) -> tuple[str, ...]:
    """The headers in the first line of a file, without reading on."""
    if b"\x00" in start:
        raise Unreadable(NOT_TEXT)
    return _headers(start if b"\n" in start else start.replace(b"\r", b"\n"))[1]


def read_csv(content: bytes, make: Make[T]) -> CsvFile[T]:
    """Return what `make` does of the headers, the rows, and whether their values are tidy.

    Rows come in pieces, as text in c0, c1, ... with `source_row` and `source_fault`. Values are tidy when none has a
    blank at an end or a letter beyond ASCII. Raises Unreadable with a plain sentence when the content is no CSV.
    """
    if not content.isascii() and not _is_utf8(content):
        return replace(read_csv(content.decode("cp1252", errors="replace").encode(), make), note=WINDOWS_NOTE)
    if b"\n" not in content and b"\r" in content:
        content = content.replace(b"\r", b"\n")
    if b"\x00" in content:
        raise Unreadable(NOT_TEXT)
    separator, headers = _headers(content)
    begins = content.find(b"\n") + 1 or len(content)
    if b'"' not in content and len(headers) > 1:
        try:
            made, count = [], 0
            for piece, skipped in _pieces(content, begins):
                rows = _regular_rows(piece, skipped, separator, len(headers), count)
                made.append(make(headers, rows, piece.isascii() and _is_tidy(piece, skipped, separator)))
                count += rows.height
            return CsvFile(headers, made, count)
        except _Irregular:
            pass
    rows = _irregular_rows(content[begins:].decode(), separator, headers)
    return CsvFile(headers, [make(headers, rows, False)], rows.height)


def _pieces(content: bytes, begins: int) -> Iterator[tuple[bytes, int]]:
    """The content in pieces of whole lines, and how many bytes of each are header; a small file is one piece."""
    if len(content) <= PIECE_BYTES:
        yield content, begins
        return
    while begins < len(content):
        ends = content.find(b"\n", begins + PIECE_BYTES) + 1 or len(content)
        yield content[begins:ends], 0
        begins = ends


def _regular_rows(piece: bytes, skipped: int, separator: str, columns: int, before: int) -> pl.DataFrame:
    """The rows of a piece whose every line has one value for each header.

    The parser refuses a line with too many values. If none has too many, none has too few as long as the separators of
    all lines together are as many as they should be.
    """
    signs = np.frombuffer(piece, dtype=np.uint8)[skipped:]
    lines = int(np.count_nonzero(signs == ord("\n"))) + (len(signs) > 0 and signs[-1] != ord("\n"))
    if int(np.count_nonzero(signs == ord(separator))) != lines * (columns - 1):
        raise _Irregular
    rows = _parse(piece, separator, columns, quote=None, skip_lines=int(skipped > 0))
    if rows.height != lines or any(rows.select(pl.all().str.len_bytes().max() > LONGEST_VALUE).row(0)):
        raise _Irregular
    number = pl.int_range(before + 1, before + 1 + lines, dtype=pl.Int64, eager=True).alias("source_row")
    return rows.with_columns(number, pl.lit(None, pl.String).alias("source_fault"))


def _is_tidy(piece: bytes, skipped: int, separator: str) -> bool:
    """Whether no blank stands beside a separator or a line end."""
    if b"\t" in piece or b"\x0b" in piece or b"\x0c" in piece:
        return False
    signs = np.frombuffer(piece, dtype=np.uint8)[skipped:]
    blanks = np.flatnonzero(signs == ord(" "))
    beside = np.concatenate([signs[np.maximum(blanks - 1, 0)], signs[np.minimum(blanks + 1, len(signs) - 1)]])
    return not np.isin(beside, np.frombuffer(f"{separator}\r\n ".encode(), dtype=np.uint8)).any()


def _headers(start: bytes) -> tuple[str, tuple[str, ...]]:
    line, ended, _ = start.removeprefix(UTF8_MARK)[: MEGABYTE + 1].partition(b"\n")
    if not ended and len(start) >= MEGABYTE:
        raise Unreadable("The first line is longer than a header can be; a header line was expected.")
    text = line.decode() if _is_utf8(line) else line.decode("cp1252", errors="replace")
    separator = max(SEPARATORS, key=text.count)
    try:
        headers = next(csv.reader([text.strip("\r\n")], delimiter=separator), [])
    except csv.Error as error:
        raise Unreadable("The first line cannot be read as headers; a header line was expected.") from error
    if len(headers) > MOST_COLUMNS:
        raise Unreadable(f"The file has {len(headers):,} columns; at most {MOST_COLUMNS:,} were expected.")
    return separator, tuple(header.strip() for header in headers)


def _irregular_rows(text: str, separator: str, headers: tuple[str, ...]) -> pl.DataFrame:
    """A file with quotation marks, blank lines or rows of the wrong shape, whose odd rows are set aside."""
    outside = pl.col("line").str.replace_all(r'"[^"]*"', "")
    lines = _whole_rows(pl.DataFrame({"line": text.split("\n")}, schema={"line": pl.String})).with_columns(
        outside.str.count_matches(separator, literal=True).cast(pl.Int64).alias("separators"),
        outside.str.contains('"', literal=True).alias("stays_open"),
    )
    if lines["stays_open"].any():
        raise Unreadable(UNPAIRED)
    lines = lines.filter(pl.col("line").str.strip_chars() != "")
    surplus = pl.col("separators") - (len(headers) - 1)
    good, odd = lines.filter(surplus == 0), lines.filter(surplus != 0)
    faults = odd.select(
        "source_row",
        pl.when(surplus > 0)
        .then(pl.lit("too_many_values"))
        .otherwise(pl.lit("too_few_values"))
        .alias("source_fault"),
    )
    rows = _numbered(_parse("\n".join(good["line"]).encode(), separator, len(headers), quote='"'))
    return pl.concat([rows.with_columns(good["source_row"]), faults], how="diagonal")


def _whole_rows(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with their number; those between which a quotation mark stays open are one row."""
    bare = pl.col("line").str.strip_chars_end("\r")
    marks = pl.col("line").str.count_matches('"', literal=True)
    if not lines.select((marks % 2 == 1).any()).item():
        return lines.with_columns(bare, source_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    begins = (marks.cum_sum() - marks) % 2 == 0
    number = begins.cum_sum().cast(pl.Int64).alias("source_row")
    return lines.group_by(number, maintain_order=True).agg(bare.str.join("\n"))


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with their number; one with a value beyond reason is set aside, as its quotation marks do not pair up."""
    too_long = pl.any_horizontal(pl.all().str.len_bytes() > LONGEST_VALUE)
    return rows.select(
        pl.all(),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("source_row"),
        pl.when(too_long).then(pl.lit("value_too_long")).alias("source_fault"),
    )


def _parse(
    content: bytes, separator: str, columns: int, *, quote: str | None, skip_lines: int = 0
) -> pl.DataFrame:
    schema = {f"c{place}": pl.String for place in range(columns)}
    if not content or content.isspace():
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_csv(
            content,
            has_header=False,
            separator=separator,
            quote_char=quote,
            schema=schema,
            skip_lines=skip_lines,
        )
    except pl.exceptions.PolarsError as error:
        if quote is None:
            raise _Irregular from error
        raise Unreadable(UNPAIRED) from error


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
