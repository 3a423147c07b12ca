"""What lies among the extracts, told by its content; packed files are unpacked under limits and never onto the disk."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MEGABYTE = 1024 * 1024
MOST_UNPACKED_BYTES = 2048 * MEGABYTE
HIGHEST_PACKING_RATIO = 100
RATIO_COUNTS_FROM = 16 * MEGABYTE
MOST_MEMBERS = 1000
GZIP_MAGIC, ZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
UTF8_MARK = b"\xef\xbb\xbf"
WORKBOOK_MEMBER = "xl/workbook.xml"


class Unreadable(Exception):  # noqa: N818 - a finding about a file, not a failure of ours
    """Why a file cannot be read, in one sentence for the partner, without any value out of it."""


@dataclass(frozen=True)
class Found:
    """One file among the extracts, or one member of an archive: `path` is how it is named to people."""

    path: str
    place: Path
    member: str | None = None

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
            return b"".join(_unpack(io.BytesIO(packed), len(packed)))
        return packed

    def start(self) -> bytes:
        """Return the first megabyte of the content, enough to know a file by."""
        if self.member is not None:
            return self.content()[:MEGABYTE]
        with self.place.open("rb") as file:
            start = file.read(MEGABYTE)
            if not start.startswith(GZIP_MAGIC):
                return start
            file.seek(0)
            return next(_unpack(file, self.place.stat().st_size), b"")[:MEGABYTE]

    def sha256(self) -> str:
        if self.member is not None:
            return hashlib.sha256(self.content()).hexdigest()
        with self.place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def members(found: Found) -> list[Found] | None:
    """Return the files inside an archive, or None for a file that is no archive (a workbook is none)."""
    with found.place.open("rb") as file:
        if not file.read(4).startswith(ZIP_MAGIC):
            return None
    with _open_archive(found.place) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        if WORKBOOK_MEMBER in names:
            return None
        _check_archive(archive, found.place.stat().st_size)
    return [
        Found(f"{found.path}/{name}", found.place, name) for name in sorted(names) if not _is_hidden(name)
    ]


def check_workbook(content: bytes) -> None:
    """Refuse a workbook that swells, hides files or declares a document type, before anything opens it."""
    with _open_archive(io.BytesIO(content)) as archive:
        _check_archive(archive, len(content))
        for entry in archive.infolist():
            if b"<!DOCTYPE" in b"".join(_inflate(archive, entry, len(content))):
                raise Unreadable(
                    "The workbook declares a document type, which is refused. Save it again in Excel."
                )


def is_xml(start: bytes) -> bool:
    """Whether the first sign in the file opens an XML tag."""
    begun = start.removeprefix(UTF8_MARK).lstrip()
    return begun.startswith((b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<"))


def _open_archive(source: Path | io.BytesIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Unreadable("The archive or workbook is damaged. Ask the partner to send it again.") from error


def _check_archive(archive: zipfile.ZipFile, packed: int) -> None:
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
    _check_swelling(sum(entry.file_size for entry in entries), packed)


def _member(place: Path, name: str) -> bytes:
    with _open_archive(place) as archive:
        content = b"".join(_inflate(archive, archive.getinfo(name), place.stat().st_size))
    if content.startswith(ZIP_MAGIC):
        with _open_archive(io.BytesIO(content)) as inner:
            if WORKBOOK_MEMBER not in inner.namelist():
                raise Unreadable("The archive holds another archive, which is refused. Pack the files once.")
    return content


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packed: int) -> Iterator[bytes]:
    total = 0
    try:
        with archive.open(entry) as file:
            while piece := file.read(4 * MEGABYTE):
                total += len(piece)
                _check_swelling(total, packed)
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unreadable("A file in the archive is damaged. Ask the partner to send it again.") from error


def _unpack(file: io.BufferedIOBase, packed: int) -> Iterator[bytes]:
    """The content of a gzip file in pieces; one that swells beyond reason is refused before it fills the memory."""
    total, unpacking = 0, zlib.decompressobj(wbits=31)
    try:
        while block := file.read(MEGABYTE):
            while block:
                piece = unpacking.decompress(block, 4 * MEGABYTE)
                total += len(piece)
                _check_swelling(total, packed)
                if piece:
                    yield piece
                block = unpacking.unconsumed_tail
                if unpacking.eof and unpacking.unused_data:
                    block, unpacking = unpacking.unused_data, zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise Unreadable(
            "The packed file is damaged and cannot be unpacked. Ask the partner to send it again."
        ) from error
    if not unpacking.eof:
        raise Unreadable("The packed file breaks off before its end. Ask the partner to send it again.")


def _check_swelling(unpacked: int, packed: int) -> None:
    swollen = unpacked > RATIO_COUNTS_FROM and unpacked > HIGHEST_PACKING_RATIO * packed
    if unpacked > MOST_UNPACKED_BYTES or swollen:
        raise Unreadable("The packed file swells beyond the limit and was refused. Send it unpacked.")


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
