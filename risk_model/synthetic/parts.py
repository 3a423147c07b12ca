"""The rows of each file as councils add to it: laid down on disk, so that one council is in memory at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl


class Parts(Mapping[str, Sequence[pl.DataFrame]]):
    """By the name of a file, its parts in the order they were added; they are read when they are asked for.

    Without a folder they stay in memory, as those of a council that is alone may.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._parts: defaultdict[str, list[pl.DataFrame | Path]] = defaultdict(list)

    def add(self, name: str, rows: pl.DataFrame) -> None:
        """Keep the rows that one council adds to a file."""
        self._parts[name].append(rows if self._folder is None else self._laid_down(self._folder, rows))

    def _laid_down(self, folder: Path, rows: pl.DataFrame) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{sum(map(len, self._parts.values()))}.arrow"
        rows.write_ipc(file, compression="lz4")
        return file

    def __getitem__(self, name: str) -> Sequence[pl.DataFrame]:
        # in one piece each: the bytes of Parquet depend on the pieces, and these on the number of threads
        return [
            (part if isinstance(part, pl.DataFrame) else pl.read_ipc(part)).rechunk()
            for part in self._parts[name]
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
