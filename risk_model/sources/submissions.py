"""Monthly submissions (CSDS, MHSDS): rows dated by the header of their submission, which stands in the same folder."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from risk_model import contracts
from risk_model.sources.assembly import Frames, all_rows, of
from risk_model.sources.extracts import Part

FROM_HEADER = ["provider_code", "period_ended_on", "known_on"]


def assemble(parts: Sequence[Part], contract: str) -> tuple[Frames, dict[str, str]]:
    """Every table with its submission's provider, period and date; a word on files without a header."""
    tables = contracts.load()[contract].tables
    headers = all_rows(parts, f"{contract}_header").with_columns(known_on="created_on")
    problems: dict[str, str] = {}
    found = {}
    for name, table in tables.items():
        if not table.is_context and (mine := of(parts, name)):
            rows = [_with_submission(part, headers, problems) for part in mine]
            found[name] = pl.concat(rows, how="diagonal")
    return found, problems


def _with_submission(part: Part, headers: pl.DataFrame, problems: dict[str, str]) -> pl.DataFrame:
    """A commissioner's extract names the submission of each row; a provider's folder holds only one."""
    numbered = headers.drop_nulls("submission_id")
    if part.has("submission_id") and numbered.height:
        known = numbered.unique("submission_id", keep="last").select("submission_id", *FROM_HEADER)
        own = part.rows.drop(FROM_HEADER, strict=False)
        return own.join(known, on="submission_id", how="left", maintain_order="left")
    if headers.height == 1:
        facts = headers.row(0, named=True)
        return part.rows.with_columns(pl.lit(facts[n], headers.schema[n]).alias(n) for n in FROM_HEADER)
    problems[part.path] = (
        f"{headers.height} submission headers (such as CYP000Header) stand beside the file; one was expected, as its "
        "rows do not say which is theirs. Give each submission its own folder, or send the column UniqueSubmissionID."
    )
    return part.rows
