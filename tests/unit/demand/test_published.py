"""Published files as they are published: read where they lie beside the repository, and as somebody broke them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from risk_model import demand
from risk_model.demand import published
from risk_model.errors import UserError

DATA = Path(__file__).parents[4] / "shared" / "demand" / "data"
WORKBOOK = DATA / "chs_waiting_times_2025_26.xlsx"
EXTRACT = DATA / "rtt_2024_11_RBD_dorset_county_hospital.csv"
NOT_THERE = (
    "the published files do not lie beside this repository (shared/demand/data): they cannot be read here"
)
needs_files = pytest.mark.skipif(not WORKBOOK.exists(), reason=NOT_THERE)
DEVON = {"org_code": "QJK", "org_type": "ICB"}


@pytest.fixture(scope="module")
def waits() -> pl.DataFrame:
    return published.community_waits(WORKBOOK)


@needs_files
@pytest.mark.parametrize(
    ("line", "total"),
    [
        ("(CYP) Community paediatric service", 3184),
        ("(CYP) Therapy interventions: Speech and language", 3943),
        ("(cyp) therapy interventions: SPEECH AND LANGUAGE", 3943),
        ("(CYP) Antenatal, new-born and children screening and immunisation services", 0),
        ("(CYP) Looked after children teams", None),
    ],
)
def test_devons_figures_are_those_of_the_file(waits: pl.DataFrame, line: str, total: int | None) -> None:
    found = demand.banded_summary(waits, service=line, **DEVON)
    assert (found["total"], found["is_submitted"]) == (total, total is not None)
    assert (found["over_18w"] is None) == (total is None)


@needs_files
def test_every_cell_of_childrens_services_is_that_of_a_second_reader(waits: pl.DataFrame) -> None:
    other = pl.read_csv(DATA / "chs_cyp_oct2025_tidy.csv").with_columns(pl.col("org_code").fill_null(""))
    ours = waits.filter(pl.col("service").str.starts_with(published.CHILDREN)).select(other.columns)
    assert ours.sort(ours.columns).equals(other.sort(other.columns))


@needs_files
def test_an_rtt_extract_gives_waits_demand_and_capacity() -> None:
    row = published.rtt_waits(EXTRACT).row(
        by_predicate=pl.col("treatment_function_code") == "X04", named=True
    )
    raw = pl.read_csv(EXTRACT).filter(pl.col("Treatment Function Code") == "X04")
    parts = dict(raw.group_by("RTT Part Type").agg(pl.col("Total All").sum()).iter_rows())
    assert row["waiting"] == parts["Part_2"]
    assert row["started_per_week"] * 30 / 7 == pytest.approx(parts["Part_3"])
    assert row["completed_per_week"] * 30 / 7 == pytest.approx(parts.get("Part_1A", 0) + parts["Part_1B"])
    assert row["load"] == pytest.approx(parts["Part_3"] / (parts.get("Part_1A", 0) + parts["Part_1B"]))
    assert row["median_weeks"] < row["weeks_of_92_in_100"]


def test_a_file_that_is_neither_is_named_with_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "waits.xlsx"
    broken.write_bytes(b"PK not a workbook")
    with pytest.raises(UserError, match=r"waits\.xlsx cannot be read as a workbook.*Download it again"):
        published.community_waits(broken)
    broken = tmp_path / "rtt.csv"
    broken.write_text("Period,Total All\nRTT-May-2024,1\n")
    with pytest.raises(UserError, match="5 columns are missing: Provider Org Code, Provider Org Name"):
        published.rtt_waits(broken)
