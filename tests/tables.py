"""Small tables that a clinician could read, as frames of the contracts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from risk_model.sources.extracts import delivered_tables, empty

NOTHING = "-"


def rows(text: str) -> list[dict[str, str | None]]:
    """Return the rows of a table drawn with bars; a dash is nothing.

    >>> rows('''
    ... child | tier
    ... A     | -
    ... ''')
    [{'child': 'A', 'tier': None}]
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    head, *body = ([cell.strip() for cell in line.split("|")] for line in lines)
    return [
        dict(zip(head, (None if cell == NOTHING else cell for cell in line), strict=True)) for line in body
    ]


def csv(text: str) -> str:
    """Return a drawn table as the CSV file that a partner would send.

    >>> csv('CHILD | DEC\\nA | -')
    'CHILD,DEC\\nA,\\n'
    """
    head, *body = [list(rows(text)[0]), *(row.values() for row in rows(text))]
    return "".join(
        ",".join(f'"{cell}"' if "," in (cell or "") else cell or "" for cell in line) + "\n"
        for line in (head, *body)
    )


def frames(**tables: str | list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    """Return every contract table, empty but for the ones given; columns that are not drawn are null.

    A row is known on the day its `known_on` says, or else on the first of January 2020.
    """
    filled = {name: empty(table) for name, table in delivered_tables().items()}
    for name, drawn in tables.items():
        listed = rows(drawn) if isinstance(drawn, str) else drawn
        lines = [_with_lineage(row, number) for number, row in enumerate(listed, start=1)]
        filled[name] = _typed(lines, filled[name].schema)
    return filled


def _with_lineage(row: dict[str, Any], number: int) -> dict[str, Any]:
    return {"source_file": "drawn", "source_row": number, "known_on": date(2020, 1, 1), **row}


def _typed(lines: list[dict[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    if unknown := {name for line in lines for name in line} - set(schema):
        raise ValueError(f"no such column: {sorted(unknown)}")
    columns = [
        pl.Series(name, [_value(line.get(name), dtype) for line in lines], dtype=dtype)
        for name, dtype in schema.items()
    ]
    return pl.DataFrame(columns)


def _value(value: Any, dtype: pl.DataType) -> Any:
    if not isinstance(value, str) or dtype == pl.String:
        return value
    if dtype == pl.Date:
        return date.fromisoformat(value)
    if dtype == pl.Boolean:
        return value == "yes"
    return float(value) if dtype.is_float() else int(value)
