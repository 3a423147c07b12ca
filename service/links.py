"""How each partner's record was linked to a child, in words: "not linked" is a state of its own, never "no need"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from service.schemas import LINKED_PARTNERS, Link, LinkedPartner
from service.wording import how_sure

METHOD_OF_NO_LINK = "not linked"
RECORD: Mapping[LinkedPartner, str] = {"education": "School record", "social care": "Social care record"}
NO_RECORD = "No social care record: this child is not among those that the council sent."
NOT_LINKED: Mapping[LinkedPartner, str] = {
    "education": "Not linked to a school record: SEN and attendance are not known, which is not the same as none.",
    "social care": "Not linked to a social care record: whether social care helps is not known, which is not the same "
    "as none.",
}


def links(values: Mapping[str, Any]) -> list[Link]:
    """Return the links of one row of a list; runs from before links were shown tell of none."""
    return [_link(values, partner) for partner in LINKED_PARTNERS if _column(partner, "is_linked") in values]


def is_not_linked(frame: pl.DataFrame, partner: LinkedPartner) -> pl.Expr:
    """Return which children nobody can tell a partner's record of."""
    column = _column(partner, "is_linked")
    return ~pl.col(column) if column in frame.columns else pl.lit(False)


def _link(values: Mapping[str, Any], partner: LinkedPartner) -> Link:
    method, confidence = (values[_column(partner, kind)] for kind in ("method", "confidence"))
    if method != METHOD_OF_NO_LINK:
        sure = how_sure(confidence, method)
        words = f"{RECORD[partner]} linked: {method}{', ' if sure else ''}{sure}."
        return Link(partner=partner, state="linked", method=method, confidence=confidence, words=words)
    if values[_column(partner, "is_linked")]:
        return Link(partner=partner, state="no record", method=None, confidence=None, words=NO_RECORD)
    return Link(partner=partner, state="not linked", method=None, confidence=None, words=NOT_LINKED[partner])


def _column(partner: LinkedPartner, kind: str) -> str:
    name = partner.replace(" ", "_")
    return f"is_linked_to_{name}" if kind == "is_linked" else f"{name}_link_{kind}"
