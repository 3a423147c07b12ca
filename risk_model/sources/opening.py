"""What kind of file lies here, told by its content; packed files are unpacked under a limit."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

MEGABYTE = 1024 * 1024
MOST_UNPACKED_BYTES = 2048 * MEGABYTE
HIGHEST_PACKING_RATIO = 100
RATIO_COUNTS_FROM = 16 * MEGABYTE
GZIP_MAGIC, ZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
UTF8_MARK = b"\xef\xbb\xbf"

Content = Path | bytes


class Unreadable(Exception):  # noqa: N818 - a finding about a file, not a failure of ours
    """Why a file cannot be read, in one sentence for the partner, without any value out of it."""


def open_content(path: Path) -> Content:
    """The file itself, or its bytes when it was packed with gzip; raises Unreadable for what is no text."""
    with path.open("rb") as file:
        start = file.read(64)
    if not start.strip():
        raise Unreadable(
            "The file is empty; a header line and rows were expected. Ask the partner to send it again."
        )
    if start.startswith(ZIP_MAGIC):
        raise Unreadable(
            "The file is a workbook or zip archive; CSV or XML was expected. Save each sheet as CSV."
        )
    if start.startswith(PARQUET_MAGIC):
        raise Unreadable(
            "The file is Parquet; the partner's own CSV or XML was expected. Put the original here."
        )
    return _unpack(path) if start.startswith(GZIP_MAGIC) else path


def is_xml(content: Content) -> bool:
    """Whether the first sign in the file opens an XML tag."""
    start = next(blocks(content), b"").removeprefix(UTF8_MARK).lstrip()
    return start.startswith((b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<"))


def blocks(content: Content, size: int = 8 * MEGABYTE) -> Iterator[bytes]:
    """The bytes in pieces, so that a large file never stands in memory at once."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        while block := file.read(size):
            yield block


def all_bytes(content: Content) -> bytes:
    """The whole content at once."""
    return content if isinstance(content, bytes) else content.read_bytes()


def _unpack(path: Path) -> bytes:
    """The content of a gzip file; one that swells beyond reason is refused before it fills the memory."""
    packed, pieces, total = path.stat().st_size, [], 0
    unpacking = zlib.decompressobj(wbits=31)
    try:
        for block in blocks(path, MEGABYTE):
            while block:
                piece = unpacking.decompress(block, 4 * MEGABYTE)
                total += len(piece)
                swollen = total > RATIO_COUNTS_FROM and total > HIGHEST_PACKING_RATIO * packed
                if total > MOST_UNPACKED_BYTES or swollen:
                    raise Unreadable(
                        "The packed file swells beyond the limit and was refused. Send it unpacked."
                    )
                pieces.append(piece)
                block = unpacking.unconsumed_tail
    except zlib.error as error:
        raise Unreadable(
            "The packed file is damaged and cannot be unpacked. Ask the partner to send it again."
        ) from error
    if not unpacking.eof:
        raise Unreadable("The packed file breaks off before its end. Ask the partner to send it again.")
    return b"".join(pieces)
