"""What lies among the extracts, told by its content; packed files are unpacked under limits and never onto the disk."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

MEGABYTE = 1024 * 1024
MOST_UNPACKED_BYTES = 2048 * MEGABYTE
HIGHEST_PACKING_RATIO = 100
RATIO_COUNTS_FROM = 16 * MEGABYTE
MOST_MEMBERS = 1000
LARGEST_DIRECTORY = MEGABYTE
"""Ours: a thousand names with their facts are a tenth of it."""

GZIP_MAGIC, ZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
UTF8_MARK = b"\xef\xbb\xbf"
WORKBOOK_MEMBER = "xl/workbook.xml"
LOCAL_HEADER, END_OF_ARCHIVE, LARGE_LOCATOR = ZIP_MAGIC, b"PK\x05\x06", b"PK\x06\x07"


class Unreadable(Exception):  # noqa: N818 - a finding about a file, not a failure of ours
    """Why a file cannot be read, in one sentence for the partner, without any value out of it."""


@dataclass(frozen=True)
class Found:
    """One file among the extracts, or one member of an archive: `path` is how it is named to people."""

    path: str
    place: Path
    member: zipfile.ZipInfo | None = None

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.path).parent)

    def content(self) -> bytes:
        """Return the whole content, unpacked; raises Unreadable when it is damaged or swells beyond the limits."""
        packed = self.place.read_bytes() if self.member is None else _member(self.place, self.member)
        if packed.startswith(GZIP_MAGIC):
            if self.member is not None:
                raise Unreadable(
                    "The file is packed twice, which is refused. Send it packed once, or unpacked."
                )
            return b"".join(_gunzip(io.BytesIO(packed)))
        return packed

    def look(self) -> tuple[str, bytes]:
        """Return the checksum of the file and the first megabyte of its content, enough to know it by."""
        if self.member is not None:
            content = self.content()
            return hashlib.sha256(content).hexdigest(), content[:MEGABYTE]
        with self.place.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            start = file.read(MEGABYTE)
            if start.startswith(GZIP_MAGIC):
                file.seek(0)
                start = next(_gunzip(file), b"")[:MEGABYTE]
        return sha256, start


def members(found: Found) -> list[Found] | None:
    """Return the files inside an archive, or None for a file that is no archive (a workbook is none)."""
    with found.place.open("rb") as file:
        if not file.read(4).startswith(ZIP_MAGIC):
            return None
    with open_archive(found.place) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if WORKBOOK_MEMBER in archive.namelist():
            return None
        check_archive(archive, found.place.stat().st_size)
    return [
        Found(f"{found.path}/{entry.filename}", found.place, entry)
        for entry in sorted(entries, key=lambda entry: entry.filename)
        if not _is_hidden(entry.filename)
    ]


def is_xml(start: bytes) -> bool:
    """Whether the first sign in the file opens an XML tag."""
    begun = start.removeprefix(UTF8_MARK).lstrip()
    return begun.startswith((b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<"))


def open_archive(source: Path | io.BytesIO) -> zipfile.ZipFile:
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                _check_directory(file)
        else:
            _check_directory(source)
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, struct.error, OSError, ValueError) as error:
        raise Unreadable("The archive or workbook is damaged. Ask the partner to send it again.") from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse an archive with too many members before all their names fill the memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 2**16 - 100))
    end = file.read()
    place = end.rfind(END_OF_ARCHIVE)
    count, directory = _numbers(end, place, (10, 2), (12, 4))
    if end[max(0, place - 20) :].startswith(LARGE_LOCATOR):
        count, directory = _numbers(end, place - 76, (32, 8), (40, 8))
    if place >= 0 and (count > MOST_MEMBERS or directory > LARGEST_DIRECTORY):
        raise Unreadable(
            f"The archive holds {count:,} files or very long names; at most {MOST_MEMBERS:,} files were expected."
        )
    file.seek(0)


def _numbers(record: bytes, begins: int, *fields: tuple[int, int]) -> list[int]:
    return [int.from_bytes(record[begins + at : begins + at + width], "little") for at, width in fields]


def check_archive(archive: zipfile.ZipFile, packed: int) -> None:
    """Refuse what no partner sends: names that lead outside, twins, passwords, too many or too large members."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > MOST_MEMBERS:
        raise Unreadable(f"The archive holds {len(names):,} files; at most {MOST_MEMBERS:,} were expected.")
    if len(set(names)) < len(names):
        raise Unreadable(
            "The archive holds two files of one name, so which counts cannot be told. Send each once."
        )
    outside = [
        n for n in names if n.startswith("/") or "\\" in n or ":" in n or ".." in PurePosixPath(n).parts
    ]
    if outside:
        raise Unreadable(
            "The archive holds names that lead outside its folder, which is refused. Pack it again."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("The archive is locked with a password. Send it without one, over a secure way.")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Unreadable("The archive is packed in an unusual way. Pack it again as an ordinary ZIP file.")
    _check_swelling(sum(entry.file_size for entry in entries), packed)


def _member(place: Path, entry: zipfile.ZipInfo) -> bytes:
    with place.open("rb") as file:
        content = b"".join(inflate(file, entry))
    if content.startswith(ZIP_MAGIC):
        with open_archive(io.BytesIO(content)) as inner:
            if WORKBOOK_MEMBER not in inner.namelist():
                raise Unreadable("The archive holds another archive, which is refused. Pack the files once.")
    return content


def inflate(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of a member in pieces, to its true end and not to the size that the archive declares."""
    checksum = size = 0
    is_whole = False
    try:
        file.seek(entry.header_offset)
        header = file.read(30)
        file.seek(sum(_numbers(header, 0, (26, 2), (28, 2))), io.SEEK_CUR)
        is_whole = header.startswith(LOCAL_HEADER)
        for piece in _unpack(file, entry.compress_size, entry.compress_type) if is_whole else ():
            size, checksum = size + len(piece), zlib.crc32(piece, checksum)
            yield piece
    except (zlib.error, OSError, ValueError, OverflowError):
        is_whole = False
    if not is_whole or (size, checksum) != (entry.file_size, entry.CRC):
        raise Unreadable("A file in the archive is damaged. Ask the partner to send it again.")


def _unpack(file: BinaryIO, packed: int, how: int) -> Iterator[bytes]:
    """The content of a packed member in pieces; one that swells beyond reason is refused before it fills the memory."""
    unpacking, total, left = zlib.decompressobj(wbits=-15), 0, packed
    while left > 0 and (block := file.read(min(MEGABYTE, left))):
        left -= len(block)
        if how == zipfile.ZIP_STORED:
            yield block
        while how == zipfile.ZIP_DEFLATED and block:
            piece = unpacking.decompress(block, 4 * MEGABYTE)
            block = unpacking.unconsumed_tail
            total += len(piece)
            _check_swelling(total, packed - left - len(block))
            yield piece


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    """The content of a gzip file in pieces, under the same limits."""
    total, read, unpacking = 0, 0, zlib.decompressobj(wbits=31)
    try:
        while block := file.read(MEGABYTE):
            read += len(block)
            while block:
                piece = unpacking.decompress(block, 4 * MEGABYTE)
                block = unpacking.unconsumed_tail
                total += len(piece)
                _check_swelling(total, read - len(block))
                if piece:
                    yield piece
                if unpacking.eof and unpacking.unused_data:
                    block, unpacking = unpacking.unused_data, zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise Unreadable(
            "The packed file is damaged and cannot be unpacked. Ask the partner to send it again."
        ) from error
    if not unpacking.eof:
        raise Unreadable("The packed file breaks off before its end. Ask the partner to send it again.")


def _check_swelling(unpacked: int, packed: int) -> None:
    """Refuse what grew out of proportion to the packed bytes it came from so far."""
    swollen = unpacked > RATIO_COUNTS_FROM and unpacked > HIGHEST_PACKING_RATIO * packed
    if unpacked > MOST_UNPACKED_BYTES or swollen:
        raise Unreadable("The packed file swells beyond the limit and was refused. Send it unpacked.")


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
