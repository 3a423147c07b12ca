"""Reads a folder of extracts: every file opened, recognised by its content and given to its reader."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

import polars as pl

from risk_model import contracts
from risk_model.errors import UserError
from risk_model.sources import attendance, cin_census, csds, school_census, sen2, ssda903, wlmds, xml_file
from risk_model.sources.csv_file import headers_of, open_csv
from risk_model.sources.extracts import Extracts, Part, SourceFile
from risk_model.sources.opening import Content, Unreadable, is_xml, open_content
from risk_model.sources.recognise import recognise

Frames = Callable[[Sequence[Part]], tuple[dict[str, pl.LazyFrame], dict[str, str]]]
RETURNS: dict[str, Frames] = {
    csds.CONTRACT: csds.frames,
    wlmds.CONTRACT: wlmds.frames,
    school_census.CONTRACT: school_census.frames,
    attendance.CONTRACT: attendance.frames,
    sen2.CONTRACT: sen2.frames,
    cin_census.CONTRACT: cin_census.frames,
    ssda903.CONTRACT: ssda903.frames,
}


class _XmlReturn(Protocol):
    CONTRACT: str

    def recognises(self, root: xml_file.Element) -> bool: ...

    def parts_of(self, root: xml_file.Element, path: str) -> list[Part]: ...


XML_RETURNS: tuple[_XmlReturn, ...] = (cin_census, sen2, ssda903)


def read(extracts: Path) -> Extracts:
    """Every table found under a folder, and a word on each file; a broken file never stops the rest."""
    opened = [_open(path, extracts) for path in _files_under(extracts)]
    parts = _grouped([part for one in opened for part in one.parts])
    frames: dict[str, pl.LazyFrame] = {}
    problems: dict[str, str] = {}
    for contract, frames_of in RETURNS.items():
        names = contracts.load()[contract].tables
        found, troubles = frames_of([part for part in parts if part.table in names])
        frames |= found
        problems |= troubles
    files = [replace(one.file, problem=problems.get(one.file.path, one.file.problem)) for one in opened]
    return Extracts(frames, files)


@dataclass(frozen=True)
class _Opened:
    file: SourceFile
    parts: list[Part]


def _files_under(extracts: Path) -> list[Path]:
    if not extracts.is_dir():
        raise UserError(
            f"There is no folder {extracts}; a folder of partner extracts was expected. Check the path."
        )
    files = sorted(path for path in extracts.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise UserError(
            f"The folder {extracts} holds no file; partner extracts were expected. Put them there."
        )
    return files


def _open(path: Path, extracts: Path) -> _Opened:
    """One file as parts of tables; whatever is wrong with it becomes its problem, never a stop."""
    name = path.relative_to(extracts).as_posix()
    file = SourceFile(name, None, (), 0, "", 0)
    try:
        with path.open("rb") as content_of:
            file = replace(
                file, sha256=hashlib.file_digest(content_of, "sha256").hexdigest(), bytes=path.stat().st_size
            )
        content = open_content(path)
        return _open_xml(content, file) if is_xml(content) else _open_csv(content, file)
    except Unreadable as unreadable:
        return _Opened(replace(file, problem=str(unreadable)), [])
    except OSError as error:
        return _Opened(
            replace(file, problem=f"The file cannot be opened: {error.strerror}. Check its permissions."), []
        )


def _open_csv(content: Content, file: SourceFile) -> _Opened:
    table = recognise(headers_of(content))
    opened = open_csv(content)
    matched = contracts.match(table, opened.headers)
    _refuse_twins(opened.headers, {header for carriers in matched.values() for header in carriers})
    missing = sorted(
        c.header for c in table.columns.values() if c.required and not c.joined_from and c.name not in matched
    )
    if missing:
        raise Unreadable(
            f"{len(missing)} columns that {table.name} cannot do without are missing: {', '.join(missing)}."
        )
    places = {header: f"c{place}" for place, header in reversed(list(enumerate(opened.headers)))}
    named = [
        pl.coalesce(places[header] for header in carriers).alias(name) for name, carriers in matched.items()
    ]
    rows = opened.rows.select(*named, pl.lit(file.path).alias("source_file"), "source_row", "source_fault")
    part = Part(table.name, rows, file.path, str(PurePosixPath(file.path).parent), matched)
    known = {contracts.plain(name) for name in table.not_taken} | {
        contracts.plain(header) for carriers in matched.values() for header in carriers
    }
    unknown = tuple(header for header in opened.headers if header and contracts.plain(header) not in known)
    described = replace(
        file,
        source=table.contract,
        tables=(table.name,),
        rows=opened.count,
        problem=opened.note,
        unknown_columns=unknown,
    )
    return _Opened(described, [part])


def _open_xml(content: Content, file: SourceFile) -> _Opened:
    root = xml_file.open_xml(content)
    reader = next((xml_return for xml_return in XML_RETURNS if xml_return.recognises(root)), None)
    if reader is None:
        raise Unreadable(
            f"The XML was not recognised: its root is {xml_file.name_of(root)[:40]}. A Children in Need "
            "census (LAchildID), SEN2 (Persons) or SSDA903 (CHILDID) was expected."
        )
    parts = reader.parts_of(root, file.path)
    frames = {part.table: part.frame.select(pl.len()).collect().item() for part in parts}
    rows = sum(frames.values())
    with_file = [
        replace(part, frame=part.frame.with_columns(pl.lit(file.path).alias("source_file"))) for part in parts
    ]
    filled = tuple(name for name, count in frames.items() if count)
    return _Opened(replace(file, source=reader.CONTRACT, tables=filled, rows=rows), with_file)


def _refuse_twins(headers: Sequence[str], taken: set[str]) -> None:
    counts = Counter(contracts.plain(header) for header in headers)
    twins = sorted(header for header in taken if counts[contracts.plain(header)] > 1)
    if twins:
        raise Unreadable(
            f"{len(twins)} headers stand more than once: {', '.join(twins)}. Ask for each column once."
        )


def _grouped(parts: list[Part]) -> list[Part]:
    """Parts with their extract: the folder, and the beginning of the name where a folder holds several."""
    nodes = Counter(
        (part.group, part.table, tuple(sorted(part.columns))) for part in parts if part.group != part.path
    )
    crowded = {group for (group, _, _), count in nodes.items() if count > 1}
    return [
        replace(part, group=f"{part.group}/{_beginning(part.path)}") if part.group in crowded else part
        for part in parts
    ]


def _beginning(path: str) -> str:
    """A file's name without its last word: 2025_spring of 2025_spring_senneeds.csv."""
    stem = PurePosixPath(path).name.split(".")[0]
    return stem.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").rstrip("_-")
