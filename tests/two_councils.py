"""Two councils and a provider: every feed of Plymouth and Devon about one child of each who waits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from risk_model import coverage, features, linkage, merged, snapshot
from risk_model.coverage import Limits
from tests import tables
from tests.link_weights import WEIGHTS
from tests.naming import REGISTER

DAY = date(2026, 11, 20)
PLYMOUTH, DEVON = "879", "878"
UPNS = {"A": "A950000178301", "B": "A879000000001"}
COUNCIL_FEEDS = [
    name for name, feed in coverage.FEEDS.items() if feed.comes_from_councils and not feed.is_optional
]


def waiting(
    homes: dict[str, str | None], *, provider: str = "P1", month: date = date(2026, 10, 31)
) -> dict[str, Any]:
    """Children who wait for speech therapy, each with the home council that their provider knows."""
    sent = {"provider_code": provider, "period_ended_on": month, "known_on": month + timedelta(days=19)}
    return {
        "csds_patient": [
            {**sent, "local_patient_id": child, "home_la_code": home, "born_on": "2016-02-03", "sex_code": "M",
             "postcode": f"PL1 1A{child}", "school_urn": f"10000{place}"}
            for place, (child, home) in enumerate(homes.items())
        ],
        "csds_referral": [
            {**sent, "local_patient_id": child, "service_request_id": child, "received_on": "2026-01-05"}
            for child in homes
        ],
        "csds_team": [{**sent, "service_request_id": child, "team_id": "T", "team_type_code": "33"} for child in homes],
    }  # fmt: skip


def council(la_code: str, *children: str, on: str = "2026-10-21", with_plan: bool = False) -> dict[str, Any]:
    """Every feed of one council, in which each child is a pupil without SEN whom social care once closed."""
    row = {"la_code": la_code, "known_on": on}
    places = {child: place for place, child in enumerate(UPNS)}
    known = {
        child: {"upn": UPNS[child], "born_on": "2016-02-03", "sex_code": "M", "postcode": f"PL1 1A{child}",
                "school_urn": f"10000{places[child]}"}
        for child in children
    }  # fmt: skip
    council_child = [{**row, "la_child_id": child} for child in children]
    return {
        "school_census_pupil": [
            {**row, "census_on": "2026-10-01", "pupil_id": child, "sen_provision_code": "N", **known[child]}
            for child in children
        ],
        "attendance_week": [
            {**row, "week_ended_on": on, "upn": UPNS[child], "sessions_possible": "10", "sessions_authorised": "0"}
            for child in children
        ],
        "sen2_person": [{**row, "person_key": child, **_without_school(known[child])} for child in children],
        "cin_child": [{**each, **_identity(known[each["la_child_id"]])} for each in council_child],
        "cin_plan": [{**each, "episode_key": "e", "started_on": "2026-03-01"} for each in council_child if with_plan],
        "looked_after_child": [{**each, **_identity(known[each["la_child_id"]])} for each in council_child],
    }  # fmt: skip


def _without_school(known: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if name != "school_urn"}


def _identity(known: dict[str, Any]) -> dict[str, Any]:
    return {name: known[name] for name in ("upn", "born_on", "sex_code")}


def drawn(*parts: dict[str, Any], without: tuple[tuple[str, str], ...] = ()) -> dict[str, pl.DataFrame]:
    """All parts together, without every row that some feed has of some council."""
    together: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        for table, rows in part.items():
            together.setdefault(table, []).extend(rows)
    frames = tables.frames(**{table: rows for table, rows in together.items() if rows})
    for feed, la_code in without:
        tells = {
            merged.contract_tables(record.source)[0]
            for name, record in snapshot.records.RECORDS.items()
            if name in coverage.FEEDS[feed].tells
        }
        for table in {coverage.FEEDS[feed].table, *tells} & set(frames):
            if "la_code" in frames[table].columns:
                frames[table] = frames[table].filter(pl.col("la_code") != la_code)
    return frames


TWO_COUNCILS = (waiting({"A": PLYMOUTH, "B": DEVON}), council(PLYMOUTH, "A"), council(DEVON, "B"))
NEVER_SENT = {"wlmds:any": "missing", "mhsds:any": "missing", "safeguarding:any": "missing"}
DEVON_IS_LOST = tuple((feed, DEVON) for feed in COUNCIL_FEEDS)


def states(frames: dict[str, pl.DataFrame], limits: Limits | None = None) -> dict[str, str]:
    table = coverage.of(frames, DAY, None, limits)
    return {f"{row['feed']}:{row['locality']}": row["state"] for row in table.iter_rows(named=True)}


def look(frames: dict[str, pl.DataFrame]) -> dict[str, dict[str, Any]]:
    """What the list says of each child, by home council."""
    people = linkage.link(frames, register=REGISTER, weights=WEIGHTS)
    table = features.build(snapshot.take(frames, people, DAY))
    homes = people.persons.select("person_id", "home_la_code")
    return {row["home_la_code"]: row for row in table.join(homes, on="person_id").iter_rows(named=True)}
