"""What a merged table is made of: the rows of one contract table after another, each in the columns of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

Frames = Mapping[str, pl.DataFrame]
"""The accepted rows of every contract table by name."""


@dataclass(frozen=True)
class Part:
    """The rows that one contract table gives to a merged one; `also` names what else they are made from."""

    contract_table: str
    rows: Callable[[Frames], pl.DataFrame] | None = None
    also: tuple[str, ...] = ()

    def of(self, frames: Frames) -> pl.DataFrame:
        return frames[self.contract_table] if self.rows is None else self.rows(frames)
