"""The pages of those who oversee: demand (commissioner), runs (auditor), files (data steward)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from risk_model import worklist
from risk_model.demand import released
from risk_model.demand.released import Figures
from risk_model.disclosure import NHS_ENGLAND, monthly_releases
from risk_model.errors import UserError
from service import audit, publishing, reviews
from service.access import (
    NotThereError,
    Person,
    SignedIn,
    check_user_can_audit,
    check_user_can_see_demand,
    check_user_can_see_files,
    user_can_see_provider,
)
from service.notices import signature, standing
from service.parts import Parts, WithParts, once_live_run, open_run
from service.shelf import Run

TIERS = {0: "Tier 0, safety", 1: "Tier 1, several needs", 2: "Tier 2"}
ENTRIES_SHOWN = 50
MARKS_SHOWN = 200
router = APIRouter(include_in_schema=False)


@router.get("/demand")
def demand(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """Show how many children wait for each service and tier, with small numbers hidden."""
    check_user_can_see_demand(person)
    run = open_release(parts, None)
    own = [figures for figures in figures_of(run) if user_can_see_provider(person, figures.provider_code)]
    rows = sorted(own, key=lambda row: (row.service_name, row.provider_code))
    return parts.renderer.page(
        request,
        "demand.jinja",
        run=run,
        rows=rows,
        tiers=TIERS,
        rule=NHS_ENGLAND,
        signature=signature(run.provenance),
        notices=standing(run.provenance),
    )


@router.get("/audit")
def runs(request: Request, parts: WithParts, person: SignedIn) -> Response:
    """Show all runs, and whether the log is whole."""
    check_user_can_audit(person)
    with parts.store.reading(at_one_moment=True) as session:
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
        entries = audit.of_run(session, run, _own_services(provenance, person), ENTRIES_SHOWN)
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
        marked = reviews.marked_wrong(session, _own_services(run.provenance, person), MARKS_SHOWN)
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


def open_release(parts: Parts, month: str | None) -> Run:
    """Return the run that a month shows (such as 2026-11), or the newest month; no other run's counts are shown."""
    names = _releases(parts)
    if not names:
        raise UserError(publishing.NOTHING_LIVE)
    if month is not None and month not in names:
        raise NotThereError
    return once_live_run(parts, names[max(names) if month is None else month])


def _own_services(provenance: Mapping[str, Any], person: Person) -> set[str]:
    """Return the services of one run whose providers this person may see."""
    return {
        str(facts["service_id"])
        for facts in provenance["services"]
        if user_can_see_provider(person, str(facts["provider_code"]))
    }


def release_months(parts: Parts) -> list[str]:
    """Return the months that have a release, such as 2026-11, oldest first."""
    return sorted(_releases(parts))


def _releases(parts: Parts) -> dict[str, str]:
    """Runs by month, of those that people made live."""
    with parts.store.reading() as session:
        once_live = publishing.once_live(session)
    names = [name for name in reversed(parts.shelf.names()) if name in once_live]
    days = [(date.fromisoformat(name[: len("2026-11-20")]), name) for name in names]
    return {f"{month:%Y-%m}": name for month, name in monthly_releases(days).items()}


def figures_of(run: Run) -> list[Figures]:
    """Return the figures of a run's services as they may be shown."""
    return [released.of_list(listed.frame, listed.facts, run.index_date) for listed in run.services.values()]


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
