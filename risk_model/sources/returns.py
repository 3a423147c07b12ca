"""The returns we read: how the files of each are put together, and which of them stand together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from risk_model.sources import (
    attendance,
    by_folder,
    cin_census,
    patient_index,
    school_census,
    sen2,
    ssda903,
    submissions,
    wlmds,
)
from risk_model.sources.assembly import Frames
from risk_model.sources.extracts import Part
from risk_model.sources.xml_file import Document

Assemble = Callable[[Sequence[Part], str], tuple[Frames, dict[str, str]]]


@dataclass(frozen=True)
class XmlReturn:
    """The element by which a return is known, its records, the groups around them, and how its tables are read."""

    telling_element: str
    records: Sequence[str]
    groups: Sequence[str]
    tables_of: Callable[[Document], Frames]


ASSEMBLE: dict[str, Assemble] = {
    "csds": submissions.assemble,
    "mhsds": submissions.assemble,
    "wlmds": wlmds.assemble,
    "patient_index": patient_index.assemble,
    "school_census": school_census.assemble,
    "attendance": attendance.assemble,
    "sen2": sen2.assemble,
    "cin_census": cin_census.assemble,
    "ssda903": by_folder.assemble,
    "annex_a": by_folder.assemble,
    "safeguarding": by_folder.assemble,
}
XML_RETURNS = {
    "cin_census": XmlReturn("lachildid", cin_census.RECORDS, cin_census.GROUPS, cin_census.tables_of),
    "sen2": XmlReturn("persons", sen2.RECORDS, sen2.GROUPS, sen2.tables_of),
    "ssda903": XmlReturn("childid", ssda903.RECORDS, ssda903.GROUPS, ssda903.tables_of),
}
STAND_ALONE = ("wlmds", "patient_index", "attendance", "cin_census", "annex_a")
"""Returns whose every file can be read without the others of its folder."""

TIED_BY_ROW_NUMBERS = ("school_census", "sen2")
"""Returns whose files are tied by row numbers that begin anew in each extract."""
