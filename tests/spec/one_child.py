"""One child who waits, known to school and council; a test draws one record and asks what the list then says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from risk_model import features, linkage, snapshot, sources
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

DAY = date(2026, 6, 1)
UPN = "A950000178301"
BIRTH = {"born_on": "2016-02-03", "sex_code": "M", "postcode": "PL1 1AA"}
MONTH = {"provider_code": "P1", "period_ended_on": "2026-04-30"}
REQUEST = {**MONTH, "service_request_id": "R1"}
CHILD = {
    "csds_patient": [{**MONTH, **BIRTH, "local_patient_id": "A", "school_urn": "100001"}],
    "csds_referral": [{**REQUEST, "local_patient_id": "A", "received_on": "2026-01-01"}],
    "csds_team": [{**REQUEST, "team_id": "T", "team_type_code": "33"}],
    "school_census_pupil": [
        {**BIRTH, "census_on": "2026-01-15", "school_urn": "100001", "pupil_id": "p", "upn": UPN, "la_code": "879"}
    ],
    "cin_child": [
        {"la_code": "879", "la_child_id": "7", "upn": UPN, "born_on": "2016-02-03", "sex_code": "M"}
    ],
}  # fmt: skip
COUNCIL_KEY = {"la_code": "879", "la_child_id": "7"}
KEYS: Mapping[str, Mapping[str, str]] = {
    "cin_episode": {**COUNCIL_KEY, "episode_key": "1"},
    "cin_plan": {**COUNCIL_KEY, "episode_key": "1"},
    "cin_protection_plan": {**COUNCIL_KEY, "episode_key": "1"},
    "looked_after_episode": COUNCIL_KEY,
    "sen2_request": {"la_code": "879", "upn": UPN},
    "sen2_plan": {"la_code": "879", "upn": UPN},
    "school_census_exclusion": {"pupil_id": "p", "upn": UPN},
}


def facts(**drawn: str) -> dict[str, Any]:
    """What is told of the child on the first of June 2026, when these records of it are known; 0 is not recorded."""
    drawn_rows = {name: [{**KEYS[name], **row} for row in tables.rows(text)] for name, text in drawn.items()}
    frames = tables.frames(**{**CHILD, **drawn_rows})
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    told = features.build(snapshot.take(frames, people, DAY)).row(0, named=True)
    return {fact: value or 0 for fact, value in told.items()}


def read(folder: Path, **files: str) -> sources.CheckedExtracts:
    """Check a folder of files: each is drawn as a table, or else XML."""
    for name, text in files.items():
        is_drawn = not text.lstrip().startswith("<")
        (folder / name).write_text(tables.csv(text) if is_drawn else text)
    return sources.check(folder)
