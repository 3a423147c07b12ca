"""Community Services Data Set: one submission per folder, or a commissioner extract of many submissions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePosixPath

import polars as pl

from risk_model import contracts
from risk_model.contracts.parsing import parse_dates
from risk_model.sources.assembly import of, together
from risk_model.sources.extracts import Part

CONTRACT = "csds"
FROM_HEADER = ["provider_code", "period_ended_on", "known_on"]


def frames(parts: Sequence[Part]) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """Every CSDS table with its submission's provider, period and date; a word on files without a header."""
    submissions = _submissions(of(parts, "csds_header"))
    problems: dict[str, str] = {}
    found = {}
    for name, table in contracts.load()[CONTRACT].tables.items():
        if not table.is_context:
            mine = of(parts, name)
            numbered = [part.frame for part in mine if _has_numbered(part, submissions)]
            joined = [_by_number(numbered, submissions)] if numbered else []
            joined += _by_folder(
                [part for part in mine if not _has_numbered(part, submissions)], submissions, problems
            )
            found[name] = together(table, joined)
    return found, problems


def _submissions(headers: list[Part]) -> pl.DataFrame:
    """One row per submission: folder, number, provider, period and the day it was made."""
    schema = {
        name: pl.String
        for name in ("submission_id", "provider_code", "period_ended_on", "created_on", "folder")
    }
    found = [
        header.frame.with_columns(pl.lit(_folder(header)).alias("folder")).collect() for header in headers
    ]
    rows = pl.concat([pl.DataFrame(schema=schema), *found], how="diagonal").select(*schema)
    formats = contracts.tables()["csds_header"].date_formats
    return rows.with_columns(parse_dates(rows["created_on"], formats).alias("known_on"))


def _has_numbered(part: Part, submissions: pl.DataFrame) -> bool:
    return part.has("submission_id") and submissions["submission_id"].is_not_null().any()


def _by_number(numbered: list[pl.LazyFrame], submissions: pl.DataFrame) -> pl.LazyFrame:
    """Rows of commissioner extracts, each joined to the header of its submission."""
    known = submissions.filter(pl.col("submission_id").is_not_null()).unique("submission_id", keep="last")
    rows = pl.concat(numbered, how="diagonal").drop(FROM_HEADER, strict=False)
    return rows.join(
        known.lazy().select("submission_id", *FROM_HEADER),
        on="submission_id",
        how="left",
        maintain_order="left",
    )


def _by_folder(parts: list[Part], submissions: pl.DataFrame, problems: dict[str, str]) -> list[pl.LazyFrame]:
    """Rows of one submission in one folder, dated by the only header beside them."""
    found = []
    for folder, beside in groupby(sorted(parts, key=_folder), key=_folder):
        headers = submissions.filter(pl.col("folder") == folder)
        mine = list(beside)
        if headers.height == 1:
            facts = headers.row(0, named=True)
            dtypes = [pl.String, pl.String, pl.Date]
            literals = [
                pl.lit(facts[name], dtype).alias(name)
                for name, dtype in zip(FROM_HEADER, dtypes, strict=True)
            ]
            found += [part.frame.with_columns(literals) for part in mine]
        else:
            for part in mine:
                problems[part.path] = (
                    f"{headers.height} submission headers (CYP000Header) stand beside the file; one was "
                    "expected, as its rows do not say which is theirs. Give each submission its own "
                    "folder, or send the column UniqueSubmissionID."
                )
            found += [part.frame for part in mine]
    return found


def _folder(part: Part) -> str:
    return str(PurePosixPath(part.path).parent)
