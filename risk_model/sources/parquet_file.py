"""Opens a table that a partner's analyst kept as Parquet; its values are read as text, as those of any other file."""

from __future__ import annotations

import io

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from risk_model.contracts.parsing import LOCAL_TIME
from risk_model.sources.csv_file import MOST_COLUMNS
from risk_model.sources.opening import (
    HIGHEST_PACKING_RATIO,
    MOST_UNPACKED_BYTES,
    RATIO_COUNTS_FROM,
    Unreadable,
)

BYTES_OF_A_CELL = 8
"""Ours: one value repeated a million times takes no room in the file; in memory each takes at least this much."""

DAMAGED = "The Parquet file is damaged. Ask the partner to send it again, or as CSV."


def parquet_headers(content: bytes) -> tuple[str, ...]:
    """The column names; raises Unreadable for damage, nested columns and sizes beyond reason."""
    try:
        described = pq.ParquetFile(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(DAMAGED) from error
    groups = [described.metadata.row_group(n) for n in range(described.metadata.num_row_groups)]
    in_memory = BYTES_OF_A_CELL * described.metadata.num_columns * sum(group.num_rows for group in groups)
    swells = in_memory > RATIO_COUNTS_FROM and in_memory > HIGHEST_PACKING_RATIO * len(content)
    if swells or sum(group.total_byte_size for group in groups) > MOST_UNPACKED_BYTES:
        raise Unreadable("The Parquet file swells beyond the limit and was refused. Send it in parts.")
    if described.metadata.num_columns > MOST_COLUMNS:
        raise Unreadable(f"The file has more than {MOST_COLUMNS:,} columns, which no return has.")
    if any(pa.types.is_nested(field.type) for field in described.schema_arrow):
        raise Unreadable(
            "The Parquet file has nested columns; one value per cell was expected. Send it as CSV."
        )
    return tuple(described.schema_arrow.names)


def open_parquet(content: bytes) -> pl.DataFrame:
    """The rows as text in columns c0, c1, ... with `source_row` and `source_fault`."""
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("source_row")
    try:
        rows = pl.read_parquet(io.BytesIO(content))
        text = [_as_text(name, dtype).alias(f"c{n}") for n, (name, dtype) in enumerate(rows.schema.items())]
        return rows.select(*text, number, pl.lit(None, pl.String).alias("source_fault"))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise Unreadable(DAMAGED) from error


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as text; a moment is the day it was in this country, since every time that we take is a day."""
    value = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        value = (value.dt.convert_time_zone(LOCAL_TIME) if dtype.time_zone else value).dt.date()
    return value.cast(pl.String, strict=False)
