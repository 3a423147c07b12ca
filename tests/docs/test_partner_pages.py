"""The partners' pages are what the generator makes of the contracts today."""

from __future__ import annotations

from pathlib import Path

import pytest

from risk_model import contracts
from risk_model.contracts import partner_pages

FOLDER = Path(__file__).resolve().parents[2] / "docs/partners"
PARTNERS = [c for c in contracts.load().values() if c.domain != partner_pages.OURS]


@pytest.mark.parametrize("contract", PARTNERS, ids=lambda contract: contract.id)
def test_each_page_is_as_the_contract_says(contract: contracts.Contract) -> None:
    made = partner_pages.page(contract, FOLDER)
    written = FOLDER / f"{contract.id}.md"
    assert written.exists() and written.read_text() == made, (
        "run `risk-model contracts pages docs/partners` and look at what changed"
    )


@pytest.mark.parametrize("contract", PARTNERS, ids=lambda contract: contract.id)
def test_somebody_wrote_down_how_to_export_each_return(contract: contracts.Contract) -> None:
    assert partner_pages.NOT_WRITTEN not in partner_pages.page(contract, FOLDER)


def test_no_page_is_left_of_a_return_that_has_no_contract() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == {contract.id for contract in PARTNERS}


def test_the_command_writes_a_page_for_every_partner_and_none_for_us(tmp_path: Path) -> None:
    written = partner_pages.write(contracts.load(), tmp_path)
    assert {file.stem for file in written} == {contract.id for contract in PARTNERS}
    assert "worklist" not in {file.stem for file in tmp_path.iterdir()}


def test_a_bar_in_a_rule_does_not_end_the_cell() -> None:
    page = (FOLDER / "csds.md").read_text()
    for line in page.splitlines():
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") in (4, 6), line
