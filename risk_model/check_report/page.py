"""The HTML page of a check: one file, with no script and nothing to fetch."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from markupsafe import Markup, escape

from risk_model.check_report.report import GAP, NOTED, UNREADABLE, CheckReport
from risk_model.check_report.wording import counted, list_of, many, shown
from risk_model.contracts.columns import REJECTS, REPAIRED, WARNS
from risk_model.contracts.pages import environment


def report_page(report: CheckReport, *, folder: str, checked_on: date) -> str:
    """The page for the analyst who sent the files of this folder."""
    pages = environment(Path(__file__).with_name("templates"))
    pages.filters |= {"many": many, "shown": shown, "coded": _coded, "soft": _soft}
    return pages.get_template("check.html.jinja").render(
        report=report,
        folder=folder,
        checked_on=f"{checked_on.day} {checked_on:%B %Y}",
        unreadable=report.of_kind(UNREADABLE),
        noted=report.of_kind(NOTED),
        gaps=report.of_kind(GAP),
        errors=report.of_kind(REJECTS),
        warnings=report.of_kind(WARNS),
        repairs=report.of_kind(REPAIRED),
        counted=counted,
        list_of=list_of,
    )


def _coded(sentence: str) -> Markup:
    """A sentence whose commands between backticks are set as code; all else stays text."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))


def _soft(names: str) -> Markup:
    """Names of files that may break at the signs within them, so that a narrow column breaks no word."""
    return Markup(re.sub(r"([/_.-])", r"\1<wbr>", str(escape(names))))
