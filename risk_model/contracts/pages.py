"""The HTML pages of the contracts: one file each, with no script and nothing to fetch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from risk_model.contracts.columns import REJECTS, REPAIRED, WARNS
from risk_model.contracts.contract import PRIVACY_CLASSES, PURPOSES
from risk_model.contracts.describing import DescribedContract, ListedContract

SEVERITIES = {
    REJECTS: "The row is left out",
    WARNS: "The row is kept, and the finding is counted",
    REPAIRED: "We put it right ourselves",
}


def contract_page(contract: DescribedContract) -> str:
    """The page of one contract for a partner's analyst."""
    first = contract.tables[0].columns[0].name
    return (
        environment()
        .get_template("contract.html.jinja")
        .render(
            contract=contract,
            columns=sum(len(table.columns) for table in contract.tables),
            example=f"{first}|missing",
            severities=SEVERITIES,
            purposes=PURPOSES,
            privacy_classes=PRIVACY_CLASSES,
        )
    )


def index_page(contracts: Sequence[ListedContract]) -> str:
    """The page that lists every contract."""
    return environment().get_template("contracts.html.jinja").render(contracts=contracts)


def environment(*more: Path) -> Environment:
    """The templates of these pages, and those of other folders that extend `page.html.jinja`."""
    pages = Environment(
        loader=FileSystemLoader([Path(__file__).with_name("templates"), *more]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters["breakable"] = _breakable
    return pages


def _breakable(name: str) -> Markup:
    """A long name that a narrow column may break at its underscores and bars."""
    return Markup(re.sub(r"([_|])", r"\1<wbr>", str(escape(name))))
