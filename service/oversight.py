"""The pages of those who oversee: demand (commissioner), runs (auditor), files (data steward)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import Response

from risk_model import worklist
from risk_model.demand import queue_load, relief_capacity, target_queue_size
from risk_model.disclosure import publishable_count, publishable_rate
from service import audit, publishing, reviews
from service.access import (
    NotThereError,
    SignedIn,
    check_user_can_audit,
    check_user_can_see_demand,
    check_user_can_see_files,
)
from service.notices import signature, standing
from service.parts import WithParts, open_run
from service.shelf import ServiceList

TIERS = {0: "Tier 0, safety", 1: "Tier 1, several needs", 2: "Tier 2"}
FLOW_WEEKS = 26
"""The run counts referrals and first contacts over half a year."""
TARGET_WAIT_WEEKS = 18
"""The NHS Constitution's wait for consultant-led care, which community services report against."""
WEEKS_TO_TARGET = 52
STEADY = 0.02
"""Within two in a hundred, half a year of referrals does not show a direction."""
ENTRIES_SHOWN = 50
MARKS_SHOWN = 200
router = APIRouter(include_in_schema=False)


@router.get("/demand")
def demand(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """Show how many children wait for each service and tier, with small numbers hidden."""
    check_user_can_see_demand(person)
    run = open_run(parts, None)
    rows = [_waiting(listed) for listed in run.services.values()]
    rows.sort(key=lambda row: (row["service_name"], row["provider_code"]))
    return parts.renderer.page(
        request,
        "demand.jinja",
        run=run,
        rows=rows,
        tiers=TIERS,
        signature=signature(run.provenance),
        notices=standing(run.provenance),
    )


@router.get("/audit")
def runs(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """Show all runs, and whether the log is whole."""
    check_user_can_audit(person)
    with parts.store.reading() as session:
        verdict = audit.verify(session, audit.open_public_key(parts.settings.log_key_path))
        made = publishing.history(session, ENTRIES_SHOWN)
    return parts.renderer.page(
        request, "audit-runs.jinja", names=parts.shelf.names(), verdict=verdict, publications=made
    )


@router.get("/audit/runs/{run}")
def one_run(request: Request, parts: WithParts, person: SignedIn, run: str) -> Response:
    """Show whether a run is still as it was written, what it was made from, and who looked."""
    check_user_can_audit(person)
    folder = parts.shelf.folder(run)
    if folder is None:
        raise NotThereError
    provenance, findings = parts.shelf.provenance(folder), worklist.verify(folder)
    details = {"findings": len(findings)}
    with parts.store.writing() as session:
        audit.append(session, person, "verified_run", parts.now(), run=run, details=details)
    with parts.store.reading() as session:
        entries = audit.of_run(session, run, ENTRIES_SHOWN)
    return parts.renderer.page(
        request,
        "audit-run.jinja",
        name=run,
        provenance=provenance,
        findings=findings,
        files=_files(provenance, findings),
        entries=entries,
        action_words=audit.ACTION_WORDS,
        signature=signature(provenance),
        notices=standing(provenance),
        checked=f"{parts.now().astimezone():%d %b %Y %H:%M}",
    )


@router.get("/files")
def files(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """Show the partner files of the live run, what was wrong with them, and data marked as wrong."""
    check_user_can_see_files(person)
    run = open_run(parts, None)
    with parts.store.writing() as session:
        audit.append(session, person, "read_marks", parts.now(), run=run.name)
        marked = reviews.marked_wrong(session, MARKS_SHOWN)
    names = {service_id: str(listed.facts["service_name"]) for service_id, listed in run.services.items()}
    return parts.renderer.page(
        request,
        "files.jinja",
        run=run,
        provenance=run.provenance,
        marked=marked,
        service_names=names,
        notices=standing(run.provenance),
    )


def _waiting(listed: ServiceList) -> dict[str, Any]:
    waiting = dict(listed.frame.group_by("tier").agg(pl.len()).iter_rows())
    return {
        "service_name": listed.facts["service_name"],
        "provider_code": listed.provider_code,
        "waiting": publishable_count(listed.frame.height),
        "tiers": [publishable_count(waiting.get(tier, 0)) for tier in TIERS],
        "no_date": publishable_count(listed.frame["latest_on"].null_count()),
        "referred": publishable_rate(listed.facts["referrals_per_week"], FLOW_WEEKS),
        "first_seen": publishable_rate(listed.facts["first_contacts_per_week"], FLOW_WEEKS),
        "list_is": _growth(listed.facts),
        "relief": publishable_rate(_relief(listed), FLOW_WEEKS),
    }


def _relief(listed: ServiceList) -> float:
    """First contacts a week that bring the list to the size of the target wait in a year."""
    referrals = listed.facts["referrals_per_week"]
    size = target_queue_size(referrals, TARGET_WAIT_WEEKS)
    return max(0.0, relief_capacity(referrals, listed.frame.height, size, WEEKS_TO_TARGET))


def _growth(facts: Mapping[str, Any]) -> str:
    """Say whether a list grows, from referrals over first contacts."""
    load = queue_load(facts["referrals_per_week"], facts["first_contacts_per_week"])
    if load >= 1 + STEADY:
        return "growing"
    return "shrinking" if load <= 1 - STEADY else "steady"


def _files(provenance: Mapping[str, Any], findings: list[str]) -> list[dict[str, str]]:
    """Set each file of the run beside what the check found about it."""
    return [
        {
            "name": name,
            "recorded": str(recorded),
            "finding": next((finding for finding in findings if finding.startswith(name)), ""),
        }
        for name, recorded in sorted(provenance["outputs"].items())
    ]
