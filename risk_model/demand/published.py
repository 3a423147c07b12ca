"""Waits as NHS England publishes them, read as published: community health services workbook, RTT full extract."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime
from pathlib import Path

import fastexcel
import polars as pl

from risk_model.demand import measures
from risk_model.demand.bands import BANDS_WEEKS, LONG_WAIT_WEEKS, STANDARD_WEEKS, TOTAL, banded_percentile
from risk_model.errors import UserError

CHILDREN = "(CYP)"
"""How the names of children's services begin."""
ORGANISATION = ("Organisation Type", "Organisation Code", "Organisation Name")
KEY = ("org_type", "org_code", "org_name")
TABLE_OF_ORGANISATIONS = re.compile(r"Table 4[a-h]?$")
TITLE = re.compile(r"(?P<what>.+?)(?: \([^)]*\))? by service, (?P<month>[A-Z][a-z]+ \d{4})")
WAITING_OVER = re.compile(r"Number waiting over (\d+) weeks")
WAITING_BAND = re.compile(r"Number waiting >?(\d+)-(\d+) weeks")
NEWEST_TABLES = len(BANDS_WEEKS) + 1
STANDARD_SHARE = 0.92
"""The NHS Constitution: 92 in 100 within 18 weeks."""
RTT_BAND = re.compile(r"Gt (\d+) (?:To (\d+) )?Weeks SUM 1")
RTT_PARTS = {
    "Part_1A": "completed",
    "Part_1B": "completed",
    "Part_2": "waiting",
    "Part_3": "started",
}
"""Completed pathways admitted and not; incomplete pathways; new clock starts. Part 2A is a part of part 2."""
RTT_KEY = ("provider_code", "provider_name", "treatment_function_code", "treatment_function")
RTT_COLUMNS = {
    "Period": "period",
    "Provider Org Code": "provider_code",
    "Provider Org Name": "provider_name",
    "RTT Part Type": "part",
    "Treatment Function Code": "treatment_function_code",
    "Treatment Function Name": "treatment_function",
    "Total All": "total",
}
DAYS_A_WEEK = 7


def community_waits(workbook: Path) -> pl.DataFrame:
    """Return tables 4 to 4h of the community health services workbook, a row per organisation, service and band.

    Columns: `month` (its first day), `org_type` (National, Region, ICB, Provider), `org_code` (empty for England),
    `org_name`, `service`, `band` (`total` or a key of `BANDS_WEEKS`) and `value`, null where nobody submitted the line.
    """
    try:
        book = fastexcel.read_excel(workbook)
    except fastexcel.FastExcelError as error:
        raise UserError(
            f"{workbook.name} cannot be read as a workbook. Expected the community health services waiting times file, "
            "xlsx, as NHS England publishes it. Download it again."
        ) from error
    names = [name for name in book.sheet_names if TABLE_OF_ORGANISATIONS.match(name)]
    tables = [_table(book, name, workbook.name) for name in names]
    found = pl.concat(tables) if tables else pl.DataFrame(schema={"band": pl.String})
    missing = sorted({TOTAL, *BANDS_WEEKS} - set(found["band"].unique()))
    if missing or len(names) != NEWEST_TABLES:
        raise UserError(
            f"{workbook.name} does not hold tables 4 to 4h: {len(missing)} of {NEWEST_TABLES} are missing"
            f"{': ' + ', '.join(missing) if missing else ''}. Expected one table for the total and one for each band. "
            "Check that it is the newest community health services workbook."
        )
    return found


def rtt_waits(extract: Path) -> pl.DataFrame:
    """Return one row per provider and treatment function of an RTT full extract (CSV), commissioners added up.

    `waiting`, `over_18w`, `pct_within_18w`, `over_52w`; `median_weeks` and `weeks_of_92_in_100` by the weekly bands;
    `started_per_week` and `completed_per_week`, its demand and capacity; `load`; `target_queue_size` for 92 in 100
    within 18 weeks and `queue_ratio`. Null is "nothing published", never 0. `month` is its first day.
    """
    table = _read_extract(extract)
    bands = [column for column in table.columns if RTT_BAND.match(column)]
    month = _month(table["Period"][0], extract.name)
    weeks = monthrange(month.year, month.month)[1] / DAYS_A_WEEK
    named = table.rename(RTT_COLUMNS).with_columns(
        kind=pl.col("part").replace_strict(RTT_PARTS, default=None)
    )
    summed = named.group_by(*RTT_KEY, "kind").agg(pl.col("total", *bands).sum())
    # new clock starts stand in the total alone: they have waited for nothing yet
    waiting = summed.filter(kind="waiting").select(*RTT_KEY, "total", *bands)
    flows = (
        summed.filter(pl.col("kind") != "waiting")
        .pivot("kind", index=RTT_KEY, values="total")
        .select(*RTT_KEY, *(pl.col(f"^{kind}$") for kind in ("started", "completed")))
    )
    for kind in ("started", "completed"):
        if kind not in flows.columns:
            flows = flows.with_columns(pl.lit(None, pl.Int64).alias(kind))
    joined = waiting.join(flows, on=RTT_KEY, how="full", coalesce=True)
    return (
        joined.with_columns(
            waiting="total",
            over_18w=pl.sum_horizontal(_from(bands, STANDARD_WEEKS), ignore_nulls=False),
            over_52w=pl.sum_horizontal(_from(bands, LONG_WAIT_WEEKS), ignore_nulls=False),
            median_weeks=_percentile(joined, bands, 0.5),
            weeks_of_92_in_100=_percentile(joined, bands, STANDARD_SHARE),
            started_per_week=pl.col("started") / weeks,
            completed_per_week=pl.col("completed") / weeks,
            month=pl.lit(month),
        )
        .with_columns(
            pct_within_18w=pl.when(pl.col("waiting") > 0).then(
                100 - 100 * pl.col("over_18w") / pl.sum_horizontal(bands)
            ),
            load=pl.when(pl.col("completed_per_week") > 0).then(
                pl.col("started_per_week") / pl.col("completed_per_week")
            ),
            target_queue_size=pl.col("started_per_week")
            * measures.target_mean_wait(STANDARD_WEEKS, percentile=STANDARD_SHARE),
        )
        .with_columns(
            queue_ratio=pl.when(pl.col("target_queue_size") > 0).then(
                pl.col("waiting") / pl.col("target_queue_size")
            )
        )
        .sort("provider_code", "treatment_function_code")
        .select("month", *RTT_KEY, *RTT_FIGURES)
    )


RTT_FIGURES = (
    "waiting",
    "over_18w",
    "pct_within_18w",
    "over_52w",
    "median_weeks",
    "weeks_of_92_in_100",
    "started_per_week",
    "completed_per_week",
    "load",
    "target_queue_size",
    "queue_ratio",
)


def _table(book: fastexcel.ExcelReader, sheet: str, file: str) -> pl.DataFrame:
    raw = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    title = TITLE.match(str(raw.item(0, 0)))
    heads = raw.to_series(0).index_of(ORGANISATION[0])
    if title is None or heads is None:
        raise UserError(
            f"{sheet} of {file} has no title and heading as published. Expected a title that ends in 'by service' and "
            f"a month, and a heading that begins with {ORGANISATION[0]}. Download the workbook again."
        )
    header = [str(value) for value in raw.row(heads)]
    rows = raw.slice(heads + 1).rename(dict(zip(raw.columns, header, strict=True)))
    rows = rows.filter(pl.col(ORGANISATION[0]).fill_null("") != "")
    long = rows.unpivot(index=ORGANISATION, variable_name="service", value_name="value").rename(
        dict(zip(ORGANISATION, KEY, strict=True))
    )
    shown = pl.col("value").str.strip_chars()
    values = long.with_columns(
        pl.when(shown != "").then(shown).cast(pl.Float64, strict=False).cast(pl.Int64).alias("read")
    )
    unread = values.filter(shown.fill_null("") != "", pl.col("read").is_null()).height
    if unread:
        raise UserError(
            f"{sheet} of {file} holds {unread} cells that are neither a count nor blank. Expected counts, and blanks "
            "for what nobody submitted. Check the workbook's notes on what such a mark means."
        )
    return values.select(
        pl.lit(_first_of(title["month"])).alias("month"),
        pl.col("org_type"),
        pl.col("org_code").fill_null("").str.strip_chars(),
        pl.col("org_name").str.strip_chars(),
        pl.col("service"),
        band=pl.lit(_band(title["what"])),
        value="read",
    )


def _band(title: str) -> str | None:
    if over := WAITING_OVER.match(title):
        return f"{over[1]}w+"
    if band := WAITING_BAND.match(title):
        return f"{band[1]}-{band[2]}w"
    return TOTAL if title == "Total waiting list" else None


def _read_extract(extract: Path) -> pl.DataFrame:
    try:
        header = pl.read_csv(extract, n_rows=0).columns
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{extract.name} cannot be read. Expected the RTT full extract, CSV, as NHS England publishes it."
        ) from error
    bands = [column for column in header if RTT_BAND.match(column)]
    missing = sorted(set(RTT_COLUMNS) - set(header))
    if missing or not bands:
        raise UserError(
            f"{extract.name} is no RTT full extract: {len(missing)} columns are missing: {', '.join(missing)}. "
            "Expected the file as NHS England publishes it each month. Download it again."
        )
    types = dict.fromkeys(header, pl.String) | dict.fromkeys(["Total All", *bands], pl.Int64)
    try:
        table = pl.read_csv(extract, schema_overrides=types)
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{extract.name} holds something that is no count in a band or total. Expected whole numbers or blanks. "
            "Download the file again."
        ) from error
    if table.is_empty():
        raise UserError(f"{extract.name} holds no rows. Expected at least one. Download the file again.")
    return table


def _from(bands: list[str], weeks: int) -> list[str]:
    starts = {band: int(found[1]) for band in bands if (found := RTT_BAND.match(band))}
    return [band for band, start in starts.items() if start >= weeks]


def _percentile(table: pl.DataFrame, bands: list[str], percentile: float) -> pl.Series:
    """Weeks, by the bands of one week; where it lies in the last band, which is open, that band's lower edge."""
    counts = table.select(bands).to_numpy()
    found = [
        min(banded_percentile(row, percentile), float(len(bands) - 1)) if row.sum() > 0 else None
        for row in counts
    ]
    return pl.Series(found, dtype=pl.Float64)


def _month(period: str, file: str) -> date:
    try:
        return _first_of(period.removeprefix("RTT-").replace("-", " "))
    except ValueError as error:
        raise UserError(
            f"{file} does not say its month. Expected a Period such as RTT-November-2024."
        ) from error


def _first_of(month: str) -> date:
    return datetime.strptime(month, "%B %Y").date()  # noqa: DTZ007 (a month has no time of day)
