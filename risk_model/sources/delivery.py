"""What lies in the folder of extracts, and which files belong to one delivery of a return."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from risk_model.errors import UserError
from risk_model.sources.csv_file import headers_of
from risk_model.sources.extracts import SourceFile
from risk_model.sources.opening import MEGABYTE, PARQUET_MAGIC, ZIP_MAGIC, Found, Unreadable, is_xml, members
from risk_model.sources.parquet_file import parquet_headers
from risk_model.sources.recognise import LeftBehind, recognise
from risk_model.sources.returns import STAND_ALONE, TIED_BY_ROW_NUMBERS, XML_RETURNS
from risk_model.sources.workbook import sheets
from risk_model.sources.xml_file import names_in

FIRST_LOOK_BYTES = 16 * 1024
"""A return's telling element stands within its first few records."""


@dataclass(frozen=True)
class Identified:
    """One file and what it is: its return, its tables as far as its start tells, and how it is to be opened."""

    found: Found
    file: SourceFile
    kind: str = ""


@dataclass(frozen=True)
class Delivery:
    """Files of one return that are read together, since a row of one may need a fact of another."""

    contract: str
    files: tuple[Identified, ...]


def identify(extracts: Path) -> list[Identified]:
    """Return every file under a folder, the members of archives among them, in the order of their paths."""
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return [one for several in workers.map(_identify, _files_under(extracts)) for one in several]


def deliveries(identified: Iterable[Identified]) -> list[Delivery]:
    """Return the files that can be read, by return and by what stands together."""
    together: dict[tuple[str, str], list[Identified]] = defaultdict(list)
    readable = [one for one in identified if one.file.source is not None]
    crowded = _crowded(readable)
    for one in readable:
        assert one.file.source is not None
        alone = one.file.source in STAND_ALONE or one.kind in ("xml", "workbook")
        place = one.found.path if alone else one.found.folder
        if (one.file.source, place) in crowded:
            place = f"{place}/{_beginning(one.found.path)}"
        together[(one.file.source, place)].append(one)
    return [Delivery(contract, tuple(files)) for (contract, _), files in sorted(together.items())]


def _files_under(extracts: Path) -> list[Found]:
    if not extracts.is_dir():
        raise UserError(
            f"There is no folder {extracts}; a folder of partner extracts was expected. Check the path."
        )
    files = sorted(path for path in extracts.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise UserError(
            f"The folder {extracts} holds no file; partner extracts were expected. Put them there."
        )
    return [Found(_shown(path.relative_to(extracts)), path) for path in files]


def _shown(path: Path) -> str:
    """A path as text that can be printed and stored; signs of a name that is not UTF-8 become a mark."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="replace")


def _identify(found: Found) -> list[Identified]:
    """One file, or the members of one archive; whatever is wrong becomes a problem, never a stop."""
    file = SourceFile(found.path)
    try:
        inside = members(found)
        if inside is not None:
            return [one for member in inside for one in _identify_one(member)]
    except (Unreadable, OSError) as error:
        return [Identified(found, replace(file, problem=_sentence(error)))]
    return list(_identify_one(found))


def _identify_one(found: Found) -> Iterator[Identified]:
    file = SourceFile(found.path)
    try:
        sha256, start = found.look()
        yield _known(found, replace(file, sha256=sha256, bytes=found.place.stat().st_size), start)
    except LeftBehind as left:
        yield Identified(found, replace(file, left_behind=str(left)))
    except (Unreadable, OSError) as error:
        yield Identified(found, replace(file, problem=_sentence(error)))


def _known(found: Found, file: SourceFile, start: bytes) -> Identified:
    if not start.strip():
        raise Unreadable(
            "The file is empty; a header line and rows were expected. Ask the partner to send it again."
        )
    if start.startswith(ZIP_MAGIC):
        tables = [sheet.table for sheet in sheets(found.content(), only_start=True)]
        return Identified(
            found, replace(file, source=tables[0].contract, tables=tuple(t.name for t in tables)), "workbook"
        )
    if start.startswith(PARQUET_MAGIC):
        table = recognise(parquet_headers(found.content()))
        return Identified(found, replace(file, source=table.contract, tables=(table.name,)), "parquet")
    if is_xml(start):
        return Identified(found, replace(file, source=_xml_source(found, start)), "xml")
    table = recognise(headers_of(start))
    return Identified(found, replace(file, source=table.contract, tables=(table.name,)), "csv")


def _xml_source(found: Found, start: bytes) -> str:
    for text in (start[:FIRST_LOOK_BYTES], start, found.content() if len(start) >= MEGABYTE else b""):
        names = names_in(text)
        for contract, reader in XML_RETURNS.items():
            if reader.telling_element in names:
                return contract
    root = next(iter(names_in(start)), "not an element")[:40]
    raise Unreadable(
        f"The XML was not recognised: its first element is {root}. A Children in Need census (LAchildID), SEN2 "
        "(Persons) or SSDA903 (CHILDID) was expected. Leave the file out, or send the return itself."
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"The file cannot be opened: {error.strerror}. Check its permissions."
    return str(error)


def _crowded(readable: list[Identified]) -> set[tuple[str, str]]:
    """Returns and folders in which several of their extracts lie side by side, told apart by how their names begin."""
    tables = Counter(
        (one.file.source, one.found.folder, one.file.tables)
        for one in readable
        if one.file.source in TIED_BY_ROW_NUMBERS and one.kind in ("csv", "parquet")
    )
    return {(str(source), folder) for (source, folder, _), count in tables.items() if count > 1}


def _beginning(path: str) -> str:
    """A file's name without its last word: 2025_spring of 2025_spring_senneeds.csv."""
    stem = PurePosixPath(path).name.split(".")[0]
    return stem.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").rstrip("_-")
