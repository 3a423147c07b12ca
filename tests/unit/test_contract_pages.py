"""What people see of a contract: the command's answers, and a page that needs nothing but itself."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html
from typer.testing import CliRunner

from risk_model import contracts
from risk_model.contracts_command import app
from risk_model.errors import UserError

PARTNERS = [c.id for c in contracts.load().values() if c.domain != "early support"]


def answer(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module", params=PARTNERS)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> html.HtmlElement:
    file = tmp_path_factory.mktemp("page") / "page.html"
    answer("show", request.param, "--html", str(file))
    return html.fromstring(file.read_bytes())


def test_the_list_names_every_contract_with_its_sender() -> None:
    listed = json.loads(answer("list", "--json"))
    assert {line["id"]: line["sent_by"] for line in listed} == {
        contract.id: contract.domain for contract in contracts.load().values()
    }
    assert all(contract in answer("list") for contract in contracts.load())


def test_show_tells_a_column_by_our_word_and_by_theirs() -> None:
    shown = json.loads(answer("show", "csds", "csds_referral", "--json"))
    (table,) = shown["tables"]
    (received,) = [column for column in table["columns"] if column["name"] == "received_on"]
    assert (received["header"], received["type"]) == ("ReferralRequest_ReceivedDate", "date")
    assert "REFERRAL REQUEST RECEIVED DATE" in received["other_spellings"]
    assert "received_on" in answer("show", "csds", "csds_referral")


def test_the_page_needs_nothing_but_itself(page: html.HtmlElement) -> None:
    assert not page.xpath("//script | //link | //img | //iframe | //@onclick | //@style")
    assert all(link.startswith("#") for link in page.xpath("//@href"))
    assert "url(" not in page.findtext(".//style") and "@import" not in page.findtext(".//style")


def test_every_link_of_the_page_leads_somewhere(page: html.HtmlElement) -> None:
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in page.xpath("//@href")} <= set(ids)


def test_the_page_can_be_read_by_ear(page: html.HtmlElement) -> None:
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.get("lang") == "en-GB"
    for table in page.xpath("//table"):
        assert table.findtext("caption")
        assert set(table.xpath(".//th/@scope")) == {"col", "row"}
        assert not table.xpath(".//th[not(@scope)]")


def test_the_page_explains_every_rule_of_every_table(page: html.HtmlElement) -> None:
    contract = contracts.load()[page.xpath("//dd")[0].text.split()[0]]
    told = {
        (row.xpath("string(th)"), column.strip())
        for row in page.xpath("//section[starts-with(@aria-labelledby, 'rules-')]//tbody/tr")
        for column in row.xpath("string(td[3])").split(",")
    }
    for table in contract.tables.values():
        for rule in contracts.rules_of(table):
            column, _, kind = rule.partition("|")
            if column in table.columns:
                assert (f"COLUMN|{kind}", column) in told, rule
            else:
                names = {name.replace("COLUMN", column) for name, column in told} | {name for name, _ in told}
                assert rule in names, rule


def test_a_header_with_markup_stays_text(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "data_contracts/wlmds.odcs.yaml"
    hostile = source.read_text().replace("name: Waiting List", "name: <b>&Waiting List", 1)
    (tmp_path / "wlmds.odcs.yaml").write_text(hostile)
    answer("show", str(tmp_path / "wlmds.odcs.yaml"), "--html", str(tmp_path / "page.html"))
    assert "<h1>&lt;b&gt;&amp;Waiting List" in (tmp_path / "page.html").read_text()


def test_a_change_that_breaks_is_a_finding(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "data_contracts/wlmds.odcs.yaml"
    stricter = re.sub(r"(name: received_on\n)", r"\1        required: true\n", source.read_text(), count=1)
    (tmp_path / "new.odcs.yaml").write_text(stricter)
    done = CliRunner().invoke(app, ["diff", "wlmds", str(tmp_path / "new.odcs.yaml"), "--json"])
    assert done.exit_code == 1
    (change,) = json.loads(done.output)["changes"]
    assert (change["kind"], change["table"], change["subject"]) == (
        "made required",
        "wlmds_open_pathway",
        "received_on",
    )
    assert "agree" in answer("diff", "wlmds", "wlmds")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "cdds"], "cdds is no contract and no contract file"),
        (["show", "csds", "patients"], "no table patients"),
        (["diff", "csds", "sen2"], "two returns"),
        (["diff", "csds@0.1", "csds"], "no edition 0.1"),
    ],
)
def test_wrong_use_is_a_sentence(arguments: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
