"""`risk-model demand` as a commissioner's analyst runs it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from lxml import html
from typer.testing import CliRunner

from risk_model.__main__ import app
from risk_model.errors import UserError
from tests.functional.service import worklist_folder

WORKBOOK = Path(__file__).parents[3] / "shared" / "demand" / "data" / "chs_waiting_times_2025_26.xlsx"
NOT_THERE = "the published workbook does not lie beside this repository (shared/demand/data)"


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["demand", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(scope="module")
def worklists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("worklists")
    worklist_folder.write(folder)
    return folder


def test_every_form_tells_the_same_and_no_small_number(worklists: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "demand.html", tmp_path / "demand.parquet"
    told = json.loads(run(worklists, "--json", "--html", page, "--parquet", table))
    written = pl.read_parquet(table)
    assert written["in_12_months_middle"].to_list() == [
        row["in_12_months_middle"] for row in told["services"]
    ]
    assert {row["scenario"] for row in told["services"]} == {"as now", "+2 slots a week", "demand +10 %"}
    shown = html.fromstring(page.read_text())
    assert len(shown.xpath("//svg")) == len(shown.xpath("//section")) == 2
    for cell in shown.xpath("//td[@data-label='Waiting']"):
        words = cell.text_content().strip()
        assert words in ("*", "0") or int(words) % 5 == 0
    assert not shown.xpath("//script | //*[@style]")


def test_one_run_and_one_service_can_be_named(worklists: Path) -> None:
    told = json.loads(run(next(worklists.iterdir()), "--service", worklist_folder.HEARING, "--json"))
    assert {row["service_id"] for row in told["services"]} == {worklist_folder.HEARING}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Nothing was named"),
        (["nowhere"], "There is no folder nowhere"),
        (["--published", "nowhere.xlsx"], "There is no file nowhere.xlsx"),
        (
            ["x", "--small-numbers", "none"],
            "There is no rule none. Expected one of: nhs-england-sub-national, below-five",
        ),
        (["x", "--more-demand", "-200"], "Demand cannot fall by more than 100 per cent"),
    ],
)
def test_a_mistake_is_a_sentence(arguments: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        run(*arguments)


@pytest.mark.skipif(not WORKBOOK.exists(), reason=NOT_THERE)
def test_devons_published_lines_are_shown_and_a_blank_is_not_submitted(tmp_path: Path) -> None:
    page = tmp_path / "devon.html"
    told = run("--published", WORKBOOK, "--organisation", "qjk", "--html", page)
    assert "October 2025, Devon, ICB" in told
    rows = html.fromstring(page.read_text()).xpath("//tbody/tr")
    total = {row.xpath("th")[0].text_content(): row.xpath("td")[0].text_content() for row in rows}
    assert total["(CYP) Community paediatric service"] == "3,184"
    assert total["(CYP) Therapy interventions: Speech and language"] == "3,943"
    assert total["(CYP) Looked after children teams"] == "not submitted"
