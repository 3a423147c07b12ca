"""What linkage leaves in the vault for stewards and for measuring: the review queue, the links, every record."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from risk_model.errors import UserError
from risk_model.linkage.people import People

TABLES = ("review", "links", "held")


def keep(people: People, vault: Path) -> None:
    """Write the newest run's review queue, links and records, readable by the vault's owner alone."""
    vault.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in TABLES:
        path = vault / f"{name}.parquet"
        path.touch(mode=0o600)
        table: pl.DataFrame = getattr(people, name)
        table.write_parquet(path)


def read(vault: Path, name: str) -> pl.DataFrame:
    """Return one of TABLES as the newest run left it."""
    path = vault / f"{name}.parquet"
    if not path.is_file():
        raise UserError(
            f"The vault {vault} holds no {name}.parquet. Expected what `risk-model train` or `risk-model prioritise` "
            "left there when it linked children. Run one of them, or name another folder with --workspace."
        )
    return pl.read_parquet(path)
