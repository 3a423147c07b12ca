"""Junk of every kind is a sentence, not a crash; odd but readable files are read."""

from __future__ import annotations

import gzip
import os
import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import sources
from risk_model.errors import UserError

HEADER = "CHILD,DECOM,RNE,LS\n"
ROW = "1,01/02/2020,S,C2\n"
GOOD = (HEADER + ROW).encode()
CIN = (
    "<Message><Header><Source><LEA>879</LEA><DateTime>2024-05-23T11:14:05</DateTime></Source></Header><Children><Child>"
    "<ChildIdentifiers><LAchildID>1</LAchildID></ChildIdentifiers></Child></Children></Message>"
)


def episodes_of(
    folder: Path, content: bytes, name: str = "file"
) -> tuple[sources.SourceFile, sources.CheckedExtracts]:
    (folder / name).write_bytes(content)
    checked = sources.check(folder)
    return checked.files[0], checked


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        GOOD.rstrip(b"\n"),
        GOOD.replace(b",", b";"),
        GOOD.replace(b",", b"\t"),
        gzip.compress(GOOD),
        GOOD + b"\n\n",
        b'"CHILD","DECOM","RNE","LS"\n"1","01/02/2020","S","C2"\n',
        GOOD.replace(b"CHILD", b"child").replace(b"DECOM", b"Decom"),
    ],
    ids=[
        "plain",
        "utf8 mark",
        "crlf",
        "cr",
        "no last line end",
        "semicolon",
        "tab",
        "gzip",
        "blank lines",
        "quoted",
        "case",
    ],
)
def test_odd_but_readable(tmp_path: Path, content: bytes) -> None:
    file, checked = episodes_of(tmp_path, content)
    assert (file.source, file.tables, file.rows, file.problem) == (
        "ssda903",
        ("looked_after_episode",),
        1,
        None,
    )
    assert checked.frames["looked_after_episode"]["legal_status_code"].to_list() == ["C2"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"PK\x03\x04 workbook", "workbook"),
        (b"PAR1 parquet", "Parquet"),
        (GOOD.decode().encode("utf-16"), "not plain text"),
        (HEADER.encode() + b"1,\x00,S,C2\n", "not plain text"),
        (gzip.compress(GOOD)[:-12], "breaks off"),
        (gzip.compress(GOOD + b"0" * 40_000_000), "swells"),
        (b"\x1f\x8b junk that is no gzip", "damaged"),
        (HEADER.encode() + b'1,"01/02/2020,S,C2\n2,01/02/2020,S,C2\n', "Quotation marks"),
        (b"CHILD,DECOM,DECOM,RNE\n1,01/02/2020,01/02/2020,S\n", "more than once"),
        (b",".join(b"c%d" % n for n in range(10_000)) + b"\n", "columns"),
        (b"dear colleague, the file follows\n", "not recognised"),
        (b"CHILD,DECOM,LS\n1,01/02/2020,C2\n", "RNE is missing"),
        (b"pupilonrolltableids,startdate,category,sessions\n", "nearest header: pupilonrolltableids"),
        (CIN.encode()[:-40], "damaged or breaks off"),
        (b"<Letter><Line>hello</Line></Letter>", "first element is letter"),
        (b'<!DOCTYPE m [<!ENTITY a "x">]>' + CIN.encode(), "document type"),
        (
            ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE m [<!ENTITY a "x">]>' + CIN).encode("utf-16"),
            "document type",
        ),
        (b"<LAchildID>" * 200 + b"</LAchildID>" * 200, "64 deep"),
        (b"<LAchildID>" * 200_000 + b"</LAchildID>" * 200_000, "64 deep"),
    ],
    ids=range(21),
)
def test_junk_is_one_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "good.csv").write_bytes(GOOD)
    file, checked = episodes_of(tmp_path, content)
    assert file.problem is not None and word in file.problem and file.problem.endswith(".")
    assert (file.source, file.rows) == (None, 0)
    assert checked.frames["looked_after_episode"].height == 1


def test_windows_encoding_is_read_and_said(tmp_path: Path) -> None:
    person = "persontableid,UPN,PersonBirthDate,Surname\n1,,2015-01-02,Nu\xf1ez\n".encode("cp1252")
    file, checked = episodes_of(tmp_path, person)
    assert checked.frames["sen2_person"]["surname"].to_list() == ["Nu\xf1ez"]
    assert file.problem is not None and "Windows-1252" in file.problem


def test_rows_of_the_wrong_shape_are_set_aside_with_their_number(tmp_path: Path) -> None:
    content = HEADER + ROW + "2,01/02/2020,S\n" + ROW + '4,"01/02/2020",S,C2,more\n' + "5,01/02"
    file, checked = episodes_of(tmp_path, content.encode())
    assert file.rows == 5
    assert checked.frames["looked_after_episode"]["source_row"].to_list() == [1, 3]
    assert dict(checked.rejected.select("source_row", "rules").iter_rows()) == {
        2: ["row|too_few_values"],
        4: ["row|too_many_values"],
        5: ["row|too_few_values"],
    }


def test_a_long_row_does_not_make_up_for_a_short_one(tmp_path: Path) -> None:
    content = HEADER + ROW + "2,01/02/2020,S\n" + "3,01/02/2020,S,C2,more\n" + ROW
    file, checked = episodes_of(tmp_path, content.encode())
    assert (file.rows, checked.frames["looked_after_episode"]["source_row"].to_list()) == (4, [1, 4])
    assert dict(checked.rejected.select("source_row", "rules").iter_rows()) == {
        2: ["row|too_few_values"],
        3: ["row|too_many_values"],
    }


def test_a_file_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/child\xfe.csv", "wb") as file:
        file.write(GOOD)
    for kept_in in (None, tmp_path.parent / "kept"):
        checked = sources.check(tmp_path, kept_in=kept_in)
        assert [one.path for one in checked.files] == ["child\N{REPLACEMENT CHARACTER}.csv"]
        assert checked.frames["looked_after_episode"].height == 1


def test_xml_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file, _ = episodes_of(tmp_path, CIN.encode().replace(b">1<", b">\xff<"))
    assert file.problem is not None and "damaged" in file.problem


def test_a_late_change_of_type_costs_one_row(tmp_path: Path) -> None:
    content = HEADER + ROW * 20_000 + "2,not a date,S,C2\n" + ROW
    _, checked = episodes_of(tmp_path, content.encode())
    assert checked.frames["looked_after_episode"].height == 20_001
    assert checked.rejected.select("source_row", "rules").rows() == [(20_001, ["started_on|unparsed"])]


def test_line_breaks_inside_quotation_marks(tmp_path: Path) -> None:
    content = 'persontableid,UPN,PersonBirthDate,Surname\n1,,2015-01-02,"Two\nlines"\n2,,2015-01-02,One\n'
    _, checked = episodes_of(tmp_path, content.encode())
    assert checked.frames["sen2_person"].height == 2


def test_a_short_or_long_row_beside_a_line_break_in_quotation_marks_is_set_aside_too(tmp_path: Path) -> None:
    header = "persontableid,UPN,PersonBirthDate,Surname\n"
    content = (
        header + '1,,2015-01-02,"Two\nlines"\n2,,2015-01-02\n3,,2015-01-02,One\n4,,2015-01-02,One,more\n'
    )
    _, checked = episodes_of(tmp_path, content.encode())
    assert checked.frames["sen2_person"]["surname"].to_list() == ["Two\nlines", "One"]
    assert checked.rejected.select("source_row", "rules").rows() == [
        (2, ["row|too_few_values"]),
        (4, ["row|too_many_values"]),
    ]


def test_a_moment_in_a_parquet_file_is_the_day_it_was_in_this_country(tmp_path: Path) -> None:
    begins = pl.Series(["2026-06-14 23:00", "2026-12-14 00:00"]).str.to_datetime(time_zone="UTC")
    ends = pl.Series(["2026-07-01", "2027-01-01"]).str.to_datetime("%Y-%m-%d")
    pl.DataFrame({"CHILD": [1, 2], "DECOM": begins, "DEC": ends, "RNE": "S"}).write_parquet(tmp_path / "e")
    assert sources.check(tmp_path).frames["looked_after_episode"].select("started_on", "ended_on").rows() == [
        (date(2026, 6, 15), date(2026, 7, 1)),
        (date(2026, 12, 14), date(2027, 1, 1)),
    ]


@pytest.mark.parametrize("mark", ["", '"'])
def test_a_value_of_a_megabyte_sets_its_row_aside(tmp_path: Path, mark: str) -> None:
    content = f"{HEADER}{mark}{'x' * 1_000_000}{mark},01/02/2020,S,C2\n{ROW}"
    _, checked = episodes_of(tmp_path, content.encode())
    assert checked.rejected.select("source_row", "rules").rows() == [(1, ["row|value_too_long"])]
    assert checked.frames["looked_after_episode"].height == 1


def test_no_value_of_a_child_in_problems_or_quarantine(tmp_path: Path) -> None:
    canary = "ZQXCANARY"
    (tmp_path / "a.csv").write_text(HEADER + f"{canary},{canary},{canary},{canary}\n{canary}\n")
    (tmp_path / "b.csv").write_text(HEADER + f'1,"{canary},S,C2\n')
    (tmp_path / "c.xml").write_text(CIN[:-30] + canary)
    (tmp_path / "d.csv").write_text(f"{canary},2015-01-01\n")
    checked = sources.check(tmp_path)
    written = checked.write_quarantine(tmp_path / "quarantine").read_bytes()
    said = [str(file) for file in checked.files] + [
        str(checked.findings.rows()),
        str(checked.counts.rows()),
        str(checked.rejected.rows()),
    ]
    assert canary.encode() not in written
    assert not any(canary in text for text in said)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Colour,reason9", ("Colour", "reason9")),
        ("PL1 1AA,A950000178301,01/02/2015", ("no. 5", "no. 6", "no. 7")),
    ],
)
def test_an_unknown_column_is_named_unless_a_value_stands_in_its_place(
    tmp_path: Path, header: str, named: tuple[str, ...]
) -> None:
    row = ROW.strip() + "," * (header.count(",") + 1)
    file, _ = episodes_of(tmp_path, f"{HEADER.strip()},{header}\n{row}\n".encode())
    assert file.unknown_columns == named


def test_headers_that_swallowed_the_first_row_are_not_repeated(tmp_path: Path) -> None:
    file, checked = episodes_of(tmp_path, f"{HEADER.strip()},Ann,Other\n{ROW}".encode())
    assert file.unknown_columns == ("no. 5", "no. 6")
    assert checked.rejected["rules"].to_list() == [["row|too_few_values"]]


def test_two_hundred_mutations_never_crash_and_never_lose_a_row(tmp_path: Path) -> None:
    chance = random.Random(2026)
    original = bytearray((HEADER + "".join(f"{n},0{n % 9 + 1}/02/2020,S,C2\n" for n in range(30))).encode())
    file = tmp_path / "file"
    for _ in range(200):
        mutated = bytearray(original)
        for _ in range(chance.randint(1, 4)):
            mutated[chance.randrange(len(mutated))] = chance.choice(b'",\n\r;\x00\xff\xe9 0A')
        file.write_bytes(mutated)
        checked = sources.check(tmp_path)
        assert (
            checked.frames["looked_after_episode"].height + checked.rejected.height == checked.files[0].rows
        )


def test_missing_and_empty_folders_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Check the path"):
        sources.check(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no file"):
        sources.check(tmp_path)
