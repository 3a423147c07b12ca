"""The rows of each file as councils add to it: laid down on disk, so that one council is in memory at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl


class Parts(Mapping[str, Sequence[pl.DataFrame]]):
    """By the name of a file, its parts in the order they were added; they are read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._files: defaultdict[str, list[Path]] = defaultdict(list)

    def add(self, name: str, rows: pl.DataFrame) -> None:
        """Lay down the rows that one council adds to a file."""
        written = sum(map(len, self._files.values()))
        file = self._folder / f"{written}.arrow"
        rows.write_ipc(file, compression="lz4")
        self._files[name].append(file)

    def __getitem__(self, name: str) -> Sequence[pl.DataFrame]:
        return [pl.read_ipc(file) for file in self._files[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
