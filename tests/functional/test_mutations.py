"""Two hundred damaged copies of every return: no row is lost, nothing crashes, and no child's value is repeated.

A mutation that leaves valid data cannot be noticed; `pytest -s` prints how many of each return were noticed, and how.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from risk_model import contracts, sources
from tests.file_sets import CANARIES, Files, file_sets, said
from tests.packing import archive

MUTATIONS = 200
SETS = file_sets()
STRANGE_BYTES = b'",\n\r;|\t\x00\xff\xe9<>&/ 0A'


def flip(chance: random.Random, content: bytes) -> bytes:
    mutated = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        mutated[chance.randrange(len(mutated))] = chance.choice(
            [chance.choice(STRANGE_BYTES), chance.randrange(256)]
        )
    return bytes(mutated)


def cut(chance: random.Random, content: bytes) -> bytes:
    """Without a piece from the middle, or without the end."""
    begins = chance.randrange(len(content))
    ends = chance.choice([len(content), begins + chance.randint(1, 60)])
    return content[:begins] + content[ends:]


def swap(chance: random.Random, content: bytes) -> bytes:
    """Two columns of a CSV exchanged, with their headers or without; two lines of anything else."""
    lines = content.split(b"\n")
    columns = lines[0].strip().count(b",") + 1
    if columns < 2:
        first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
        return b"\n".join(lines)
    first, second = chance.sample(range(columns), 2)
    swapped = [
        _swapped(line, first, second) if n or chance.random() < 0.5 else line for n, line in enumerate(lines)
    ]
    return b"\n".join(swapped)


def _swapped(line: bytes, first: int, second: int) -> bytes:
    cells = line.rstrip(b"\r").split(b",")
    if len(cells) > max(first, second):
        cells[first], cells[second] = cells[second], cells[first]
    return b",".join(cells)


def paste(chance: random.Random, content: bytes) -> bytes:
    """A line, or a part of one, once more somewhere else."""
    lines = content.split(b"\n")
    line = chance.choice(lines)
    place = chance.randrange(len(lines) + 1)
    if chance.random() < 0.3:
        line = line[: chance.randrange(len(line) + 1)]
    return b"\n".join([*lines[:place], line, *lines[place:]])


MUTATE: list[Callable[[random.Random, bytes], bytes]] = [flip, cut, swap, paste]


def mutated(chance: random.Random, files: Files) -> Files:
    """The files with one of them damaged; of a packed one, as often inside as outside."""
    path = chance.choice(sorted(files))
    content, mutate = files[path], chance.choice(MUTATE)
    if content.startswith(b"PK") and chance.random() < 0.5:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            inside = {name: packed.read(name) for name in packed.namelist()}
        member = chance.choice([name for name in sorted(inside) if "rel" not in name.lower()])
        return files | {path: archive(inside | {member: mutate(chance, inside[member])})}
    return files | {path: mutate(chance, content)}


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def what_became_of(checked: sources.CheckedExtracts, before: sources.CheckedExtracts, folder: str) -> str:
    """How the mutation in one folder was noticed, if it was: the strongest of the ways."""
    files = [file for file in checked.files if file.path.startswith(folder)]
    if any(file.source is None for file in files):
        return "refusal"
    if checked.rejected["source_file"].str.starts_with(folder).any():
        return "quarantine"
    here = checked.counts.filter(pl.col("source_file").str.starts_with(folder))
    is_told = any(file.findings for file in files)
    found = checked.findings.filter(pl.col("source_file").str.starts_with(folder))
    usual = before.findings.drop_nulls("source_file")
    columns = ["table", "rule", "rows"]
    if is_told or sorted(found.select(columns).rows()) != sorted(usual.select(columns).rows()):
        return "warning or repair"
    if here.select("table", "rows").sort("table", "rows").rows() != (
        before.counts.select("table", "rows").sort("table", "rows").rows()
    ):
        return "nothing, but other counts"
    return "nothing"


@pytest.mark.parametrize("name", SETS)
def test_mutations_are_accounted_for_and_nothing_is_repeated(name: str, tmp_path: Path) -> None:
    chance = random.Random(f"{name} 2026")
    lay_out(tmp_path / "whole", SETS[name])
    for number in range(MUTATIONS):
        lay_out(tmp_path / f"mutated/m{number:03}", mutated(chance, SETS[name]))
    before = sources.check(tmp_path / "whole")
    checked = sources.check(tmp_path / "mutated")
    assert checked.counts.filter(pl.col("rows") != pl.col("accepted") + pl.col("rejected")).is_empty()
    told = dict(checked.counts.group_by("source_file").agg(pl.col("rows").sum()).iter_rows())
    assert [file.path for file in checked.files if file.rows != told.get(file.path, 0)] == []
    assert all(file.problem.endswith(".") for file in checked.files if file.problem)
    assert all(file.problem or file.left_behind for file in checked.files if file.source is None)
    known = contracts.tables()
    for table, rules in checked.rejected.select("table", "rules").unique().iter_rows():
        assert rules and all(contracts.explain(known[table], rule).meaning for rule in rules)
    for table, rule in checked.findings.select("table", "rule").unique().iter_rows():
        assert contracts.explain(known[table], rule).meaning
    assert [canary for canary in CANARIES if canary in said(checked)] == []
    ends = Counter(what_became_of(checked, before, f"m{number:03}/") for number in range(MUTATIONS))
    print(f"\n{name}: " + ", ".join(f"{end} {count / MUTATIONS:.1%}" for end, count in sorted(ends.items())))
