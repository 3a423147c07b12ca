"""Small files that swell when they are opened: refused in two seconds and 256 MB, each in a process of its own."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.hostile import EPISODES, GOOD, HEADERS, LAUGHS, LIST, MEGABYTE, census, document_type, parquet
from tests.packing import archive, workbook

MOST_SECONDS, MOST_MEGABYTES = 2.0, 256
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from risk_model import sources
def most_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
bombs, small = map(Path, sys.argv[1:])
sources.check(small)
before, begins = most_memory(), time.monotonic()
checked = sources.check(bombs)
seconds = time.monotonic() - begins
problems = [file.problem for file in checked.files]
print(json.dumps([seconds, (most_memory() - before) / 1024, problems, checked.counts.height]))
"""


def swollen(
    content: bytes, declared: int, *, method: int = zipfile.ZIP_DEFLATED, member: str = "a.csv"
) -> bytes:
    """An archive that declares a small size for a file and, so that it looks whole, the checksum of its beginning."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        made.writestr(member, content)
    made_up = bytearray(packed.getvalue())
    entry = made_up.index(b"PK\x01\x02")
    for place in (14, entry + 16):
        struct.pack_into("<I", made_up, place, zlib.crc32(content[:declared]))
        struct.pack_into("<I", made_up, place + 8, declared)
    return bytes(made_up)


def far_cell(place: str) -> bytes:
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>CHILD</t></is></c></row>'
    far = f'<row r="1048576"><c r="{place}" t="inlineStr"><is><t>x</t></is></c></row>'
    return workbook(
        {"s": LIST},
        xl__worksheets__sheet1=f"<worksheet><sheetData>{rows}{far}</sheetData></worksheet>".encode(),
    )


def many_empty_rows() -> bytes:
    rows = b"<row><c/></row>" * 1_000_000 + b"<row>" + b"<c><v>1</v></c>" * 16_000 + b"</row>"
    return workbook(
        {"s": LIST}, xl__worksheets__sheet1=b"<worksheet><sheetData>%b</sheetData></worksheet>" % rows
    )


def repeated_text() -> bytes:
    """A workbook in which every cell names the one text that it holds."""
    strings = b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>"
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 40_001))
    sheet = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
    return workbook({"s": LIST}, xl__sharedStrings=strings, xl__worksheets__sheet1=sheet)


def repeated_parquet() -> bytes:
    value = pl.repeat("1", 20_000_000, dtype=pl.Categorical)
    return parquet(pl.select(value.alias(name) for name in HEADERS.split(",")))


ZEROS = GOOD + b"0" * 120 * MEGABYTE
STRINGS = b"<sst>" + b"<si><t>0</t></si>" * 4_000_000 + b"</sst>"
BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(ZEROS),
    "gzip of four gigabytes": lambda: gzip.compress(GOOD) + gzip.compress(b"0" * 64 * MEGABYTE) * 64,
    "zip": lambda: archive({"a.csv": ZEROS}),
    "zip that declares a small size": lambda: swollen(ZEROS, len(GOOD)),
    "zip of bzip2": lambda: swollen(ZEROS, len(GOOD), method=zipfile.ZIP_BZIP2),
    "zip of many bombs": lambda: archive({f"{n}.csv": GOOD + b"0" * 15 * MEGABYTE for n in range(20)}),
    "zip of many members": lambda: archive({f"{n}.csv": b"" for n in range(40_000)}),
    "zip within zip": lambda: archive({"a.zip": archive({"a.csv": ZEROS})}),
    "workbook with swelling strings": lambda: workbook({"s": LIST}, xl__sharedStrings=STRINGS),
    "workbook of one text": repeated_text,
    "workbook with the last cell": lambda: far_cell("XFD1048576"),
    "workbook with a far cell": lambda: far_cell("CV1048576"),
    "workbook with many empty rows": many_empty_rows,
    "parquet of one value": repeated_parquet,
    "xml of references": lambda: census(
        before=document_type(f'<!ENTITY l0 "lol">{LAUGHS}'), child="&l9;" * 1000
    ).encode(),
    "deep xml": lambda: b"<LAchildID>" * 2_000_000,
    "xml with a million attributes": lambda: census(
        within=f"<a {' '.join(f'a{n}=%r' % '1' for n in range(1_000_000))}/><a>"
    ).encode(),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_time_and_memory(name: str, tmp_path: Path) -> None:
    for folder in ("bombs", "small"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bombs/bomb").write_bytes(BOMBS[name]())
    (tmp_path / "small/a.csv").write_bytes(GOOD)
    (tmp_path / "small/a.xlsx").write_bytes(workbook({"s": LIST}))
    (tmp_path / "small/a.parquet").write_bytes(parquet(EPISODES))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "bombs"), str(tmp_path / "small")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    seconds, megabytes, problems, tables = json.loads(done.stdout)
    assert problems and all(problem and problem.endswith(".") for problem in problems) and tables == 0
    assert (seconds < MOST_SECONDS, megabytes < MOST_MEGABYTES) == (True, True), (seconds, megabytes)
