"""Files that somebody broke, by accident or on purpose, come through the front door: each is refused in a sentence.

One good file always lies beside the hostile one, and is read all the same.
"""

from __future__ import annotations

import gzip
import logging
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from risk_model import sources
from tests.file_sets import CANARIES, CHILD, UPN, csv, said
from tests.hostile import EPISODES, GOOD, HEADERS, LAUGHS, LIST, MEGABYTE, ROW, census, document_type, parquet
from tests.packing import archive, workbook


def check(folder: Path, content: bytes) -> tuple[sources.SourceFile, sources.CheckedExtracts]:
    """Check one hostile file beside a good one, and hold what every file must keep to."""
    (folder / "good.csv").write_bytes(csv("CHILD,SDQ_SCORE", "1,14"))
    (folder / "a hostile file").write_bytes(content)
    checked = sources.check(folder)
    assert checked.frames["looked_after_outcome"].height == 1
    assert checked.counts.filter(pl.col("rows") != pl.col("accepted") + pl.col("rejected")).is_empty()
    assert [canary for canary in CANARIES if canary in said(checked)] == []
    return checked.files[0], checked


def is_refused(folder: Path, content: bytes, word: str) -> None:
    file, checked = check(folder, content)
    assert file.problem is not None and word in file.problem and file.problem.endswith(".")
    assert (file.source, file.rows, checked.rejected.height) == (None, 0, 0)


def rows_of(checked: sources.CheckedExtracts) -> tuple[list[int], dict[int, list[str]]]:
    """The numbers of the accepted rows, and by number the rules that the rejected ones broke."""
    rejected = dict(checked.rejected.select("source_row", "rules").iter_rows())
    return checked.frames["looked_after_episode"]["source_row"].to_list(), rejected


# CSV


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (GOOD.decode().encode("utf-16"), "not plain text"),
        (GOOD.decode().encode("utf-16-be"), "not plain text"),
        (GOOD + b"\x00" * 10, "not plain text"),
        (csv(f"{HEADERS},DECOM", f"{ROW},01/02/2020"), "DECOM"),
        (csv(f"{HEADERS},decom", f"{ROW},01/02/2020"), "more than once"),
        (csv(HEADERS, ROW, f'2,"01/02/2020,S,{CHILD}', ROW), "Quotation marks"),
        (csv(",".join(f"c{n}" for n in range(10_000)), ROW), "columns"),
        (b"x" * 3 * MEGABYTE, "first line"),
        (f"{CHILD},{UPN},01/02/2020\r\n{ROW}\r\n".encode(), "not recognised"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not plain text"),
    ],
    ids=[
        "utf-16",
        "utf-16 without mark",
        "nul",
        "twin header",
        "twin header in small letters",
        "open quotation",
        "10000 columns",
        "no line end",
        "no headers",
        "picture",
    ],
)
def test_a_csv_that_cannot_be_told_apart_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    is_refused(tmp_path, content, word)


@pytest.mark.parametrize(
    ("rows", "accepted", "rejected"),
    [
        ([ROW, f"{CHILD},01/02/2020,S", ROW], [1, 3], {2: ["row|too_few_values"]}),
        ([ROW, f"{CHILD},01/02/2020,S,C2,{UPN}", ROW], [1, 3], {2: ["row|too_many_values"]}),
        ([f'"{CHILD}",01/02/2020,S,"C2"', f"{CHILD},S"], [1], {2: ["row|too_few_values"]}),
        ([ROW, f"{CHILD}{'x' * MEGABYTE},01/02/2020,S,C2"], [1], {2: ["row|value_too_long"]}),
        ([ROW, f'"{CHILD}{"x" * MEGABYTE}",01/02/2020,S,C2'], [1], {2: ["row|value_too_long"]}),
        (
            [ROW] * 50_000 + [f"{CHILD},{CHILD},S,C2"],
            list(range(1, 50_001)),
            {50_001: ["started_on|unparsed"]},
        ),
        ([ROW, "", ROW], [1, 3], {}),
    ],
    ids=[
        "short",
        "long",
        "short among quoted",
        "megabyte",
        "megabyte quoted",
        "late change of type",
        "blank line",
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_a_bad_row_costs_itself_alone(
    tmp_path: Path, rows: list[str], accepted: list[int], rejected: dict[int, list[str]], line_end: str
) -> None:
    _, checked = check(tmp_path, line_end.join([HEADERS, *rows, ""]).encode())
    assert rows_of(checked) == (accepted, rejected)


def test_a_windows_file_is_read_and_said(tmp_path: Path) -> None:
    file, checked = check(tmp_path, csv(HEADERS, "N\xfa\xf1ez,01/02/2020,S,C2").decode().encode("cp1252"))
    assert "Windows-1252" in str(file.problem)
    assert checked.frames["looked_after_episode"]["la_child_id"].to_list() == ["N\xfa\xf1ez"]


# Archives and workbooks


def archive_with(change: Callable[[bytearray, int, int], None], content: bytes = GOOD) -> bytes:
    """An archive of one file, changed at its local header and its entry in the directory."""
    packed = bytearray(archive({"a.csv": content}))
    change(packed, 0, packed.index(b"PK\x01\x02"))
    return bytes(packed)


def locked(packed: bytearray, local: int, entry: int) -> None:
    packed[local + 6] |= 1
    packed[entry + 8] |= 1


def method(number: int) -> Callable[[bytearray, int, int], None]:
    def change(packed: bytearray, local: int, entry: int) -> None:
        struct.pack_into("<H", packed, local + 8, number)
        struct.pack_into("<H", packed, entry + 10, number)

    return change


def other_size(packed: bytearray, local: int, entry: int) -> None:
    """The archive declares ten bytes and their checksum, and the file goes on."""
    for place in (local + 14, entry + 16):
        struct.pack_into("<I", packed, place, zlib.crc32(GOOD[:10]))
        struct.pack_into("<I", packed, place + 8, 10)


def twins() -> bytes:
    packed = archive({"a.csv": GOOD, "b.csv": GOOD})
    return packed.replace(b"b.csv", b"a.csv")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (archive({"../a.csv": GOOD}), "lead outside"),
        (archive({"b/../../a.csv": GOOD}), "lead outside"),
        (archive({"/etc/a.csv": GOOD}), "lead outside"),
        (archive({"C:\\a.csv": GOOD}), "lead outside"),
        (archive({"..\\a.csv": GOOD}), "lead outside"),
        (twins(), "two files of one name"),
        (archive_with(locked), "password"),
        (archive_with(method(zipfile.ZIP_BZIP2)), "unusual way"),
        (archive_with(method(zipfile.ZIP_LZMA)), "unusual way"),
        (archive_with(method(99)), "unusual way"),
        (archive({f"{n}.csv": b"x" for n in range(1001)}), "1,001 files"),
        (archive({"x" * 60_000 + str(n): b"x" for n in range(30)}), "very long names"),
        (archive({"a.csv": GOOD})[:-30], "damaged"),
        (workbook({"s": LIST})[20:], "not plain text"),
        (workbook({"s": LIST})[:60] + workbook({"s": LIST})[80:], "damaged"),
        (archive({"a.csv": GOOD}).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xf0"), "damaged"),
        (gzip.compress(GOOD)[:-9], "breaks off"),
        (gzip.compress(gzip.compress(GOOD)), "not plain text"),
        (workbook({"s": LIST})[:-400], "damaged"),
        (workbook({"s": LIST}, xl__worksheets__sheet1=b"<worksheet><sheetData><row>"), "workbook"),
        (workbook({"s": LIST}, xl__workbook=b"no xml"), "workbook"),
        (
            workbook(
                {"s": LIST}, xl__sharedStrings=b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst/>'
            ),
            "document type",
        ),
        (workbook({"s": []}), "empty"),
    ],
    ids=[
        "parent",
        "parent below",
        "absolute",
        "drive",
        "backslash",
        "twins",
        "password",
        "bzip2",
        "lzma",
        "unknown method",
        "1001 files",
        "long names",
        "cut archive",
        "cut begin",
        "cut middle",
        "later version",
        "cut gzip",
        "gzip in gzip",
        "cut workbook",
        "cut sheet",
        "workbook without xml",
        "workbook with document type",
        "empty workbook",
    ],
)
def test_a_packed_file_that_no_partner_sends_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    is_refused(tmp_path, content, word)
    assert not (tmp_path.parent / "a.csv").exists()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (archive({"inner.zip": archive({"a.csv": GOOD})}), "another archive"),
        (archive({"a.csv.gz": gzip.compress(GOOD)}), "packed twice"),
        (archive_with(other_size), "damaged"),
    ],
    ids=["nested", "gzip within", "wrong size"],
)
def test_a_bad_member_is_refused_and_the_others_are_read(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "good.csv").write_bytes(GOOD)
    (tmp_path / "a.zip").write_bytes(content)
    checked = sources.check(tmp_path)
    assert word in str(checked.files[0].problem) and checked.files[0].path.startswith("a.zip/")
    assert checked.frames["looked_after_episode"].height == 1


def test_a_workbook_with_formulas_that_failed_and_blank_lines_is_read(tmp_path: Path) -> None:
    rows = [["Export of 1 May"], [""], *LIST, ["2", "#N/A", "S", "C2"], ["3", "02/02/2020", "#REF!", "V4"]]
    _, checked = check(tmp_path, workbook({"s": rows}))
    assert rows_of(checked) == ([4, 6], {5: ["started_on|missing"]})


# Parquet


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (parquet(EPISODES.with_columns(LS=pl.concat_list("LS"))), "nested columns"),
        (parquet(EPISODES.with_columns(LS=pl.struct("LS"))), "nested columns"),
        (parquet(EPISODES.with_columns(LS=pl.lit(b"\xff\xfe"))), "damaged"),
        (parquet(EPISODES)[:-6], "damaged"),
        (parquet(EPISODES)[: len(parquet(EPISODES)) // 2], "damaged"),
        (b"PAR1" * 3, "damaged"),
        (parquet(pl.DataFrame({f"c{n}": ["x"] for n in range(5001)})), "more than 5,000 columns"),
        (parquet(pl.DataFrame()), "not recognised"),
    ],
    ids=["list", "struct", "bytes", "cut end", "half", "only signs", "5001 columns", "no columns"],
)
def test_a_parquet_file_that_is_no_table_of_values_is_refused(
    tmp_path: Path, content: bytes, word: str
) -> None:
    is_refused(tmp_path, content, word)


# XML


NOTE = "declares a document type"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (census(before=document_type(f'<!ENTITY l0 "lol">{LAUGHS}'), child="&l9;"), NOTE),
        (census(before=document_type(f'<!ENTITY q "{"q" * 20_000}">'), child="&q;" * 50_000), NOTE),
        (census(before=document_type('<!ENTITY x SYSTEM "file:///etc/passwd">'), child="&x;"), NOTE),
        (census(before=document_type('<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;')), NOTE),
        (census(before='<!DOCTYPE m SYSTEM "m.dtd">'), NOTE),
        (census(within="<a>" * 200_000 + "</a>" * 200_000), "64 deep"),
        (census(within="<a b='1'>" * 200_000 + "</a>" * 200_000), "64 deep"),
        (census(child="&nothing;"), "damaged"),
        (census(within="<a></b>"), "damaged"),
        (census(within="<a><b></a></b>"), "damaged"),
        (census(within="</a>"), "damaged"),
        (census(after="<Message/>"), "damaged"),
        (census(after=census()), "damaged"),
        (census(after=CHILD), "damaged"),
        (census(before=f"<?xml version='1.0'?>{CHILD}"), "damaged"),
        (census(within="<![CDATA[ never closed"), "damaged"),
        (census(within="<!-- never closed"), "damaged"),
        (census(within='<a b="1" b="2"/>'), "damaged"),
        (census()[:-1], "damaged"),
        (census().replace(">879", ""), "damaged"),
        (census().replace("<Children>", "<Children"), "damaged"),
        (f"<Children><LAchildID>{CHILD}", "damaged"),
    ],
    ids=[
        "billion laughs",
        "quadratic",
        "external file",
        "parameter entity",
        "external document type",
        "deep",
        "deep with attributes",
        "unknown reference",
        "other name",
        "crossed",
        "only closing",
        "two roots",
        "two documents",
        "text behind",
        "text before",
        "open cdata",
        "open comment",
        "twin attribute",
        "cut",
        "cut value",
        "cut tag",
        "open",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xml_that_is_damaged_or_an_attack_is_refused(
    tmp_path: Path, text: str, word: str, encoding: str
) -> None:
    is_refused(tmp_path, text.encode(encoding), word)


@pytest.mark.parametrize(
    "text",
    [
        census(),
        census(child=f"<![CDATA[{CHILD}]]>"),
        census(child=f"{CHILD[:2]}<!-- {UPN} -->{CHILD[2:]}"),
        census(child=f"{CHILD[:2]}<?go on?>{CHILD[2:]}"),
        census(child=f"&#x{ord(CHILD[0]):x};{CHILD[1:]}"),
        census(child=f"\n  {CHILD}\n"),
        census(
            before="<?xml version='1.0' encoding='UTF-8'?>\n<!-- made by hand -->\n", after="\n<!-- end -->\n"
        ),
        census(
            before="<?xml version='1.0' encoding='iso-8859-1'?>", within="<Note>N\xfa\xf1ez</Note>"
        ).encode("iso-8859-1"),
        census().replace("<", "<c:").replace("<c:/", "</c:"),
        census().replace("<Message>", '<Message xmlns="http://example.org/cin" xmlns:x="y" x:z="1">'),
        census(within=f"<Note {' '.join(f'a{n}=%r' % str(n) for n in range(2_000))}/>"),
    ],
    ids=[
        "plain",
        "cdata",
        "comment",
        "instruction",
        "reference",
        "blanks",
        "around",
        "latin",
        "prefix",
        "namespace",
        "2000 attributes",
    ],
)
def test_an_odd_xml_says_the_same_as_a_plain_one(tmp_path: Path, text: str | bytes) -> None:
    file, checked = check(tmp_path, text if isinstance(text, bytes) else text.encode())
    assert file.problem is None and checked.rejected.is_empty()
    assert checked.frames["cin_child"]["la_child_id"].to_list() == [CHILD]


def test_markup_inside_cdata_is_text(tmp_path: Path) -> None:
    inside = "<![CDATA[1</LAchildID></ChildIdentifiers></Child><Child><LAchildID>2]]>"
    _, checked = check(tmp_path, census(child=inside).encode())
    assert checked.frames["cin_child"].height == 1
    assert checked.frames["cin_child"]["la_child_id"].to_list() == [inside.removeprefix("<![CDATA[")[:-3]]


# What nobody may read in a log


def test_no_value_of_a_child_is_logged_or_raised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    hostile = [
        csv(HEADERS, f"{CHILD},{CHILD},{CHILD},{CHILD}", CHILD, f"{CHILD},{CHILD},{CHILD},{CHILD},{CHILD}"),
        csv(HEADERS, f'"{CHILD}'),
        census(child=CHILD).encode()[:-5],
        workbook({CHILD: [[CHILD, UPN], [CHILD, UPN]]}),
        archive({"a.csv": csv(CHILD, CHILD)}),
        parquet(pl.DataFrame({UPN: [CHILD], "DECOM": [CHILD]})),
        parquet(EPISODES.with_columns(DECOM=pl.lit(CHILD), LS=pl.lit(UPN))),
    ]
    for number, content in enumerate(hostile):
        (tmp_path / f"f{number}").write_bytes(content)
    checked = sources.check(tmp_path)
    quarantine = checked.write_quarantine(tmp_path / "quarantine").read_bytes()
    printed = capfd.readouterr()
    everything = "\n".join([said(checked), caplog.text, printed.out, printed.err, repr(quarantine)])
    assert [canary for canary in CANARIES if canary in everything] == []
