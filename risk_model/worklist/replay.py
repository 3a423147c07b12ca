"""A run made again from its own folder: what anybody can do who holds the folder, eleven months later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import policy, scorecard
from risk_model.policy import Policy, capacity
from risk_model.scorecard import Scorecard
from risk_model.worklist.folder import Worklist, check_seal, load
from risk_model.worklist.order import order

DECISIONS_FILE, CALENDAR_FILE = "decisions.csv", "capacity_calendar.csv"


@dataclass(frozen=True)
class Basis:
    """All that a list follows from: what was known, by when and with which slots, and the model and policy used."""

    features: pl.DataFrame
    services: pl.DataFrame
    on: date
    decisions: pl.DataFrame | None
    card: Scorecard | None
    rules: Policy


def basis_of(run: Worklist) -> Basis:
    """Return what a run's list follows from, as it lies in its folder."""
    model, decided = run.folder / "scorecard.json", run.folder / DECISIONS_FILE
    rules = policy.read((run.folder / "policy.yaml").read_bytes(), "policy.yaml")
    return Basis(
        features=run.features,
        services=services_of(run.provenance),
        on=date.fromisoformat(run.provenance["index_date"]),
        decisions=policy.read_decisions(decided.read_bytes() if decided.is_file() else None, rules),
        card=scorecard.read(model.read_bytes()) if model.is_file() else None,
        rules=rules,
    )


def verify(folder: Path, trusted_keys: Path | None = None) -> list[str]:
    """Return a sentence for everything in a run's folder that cannot be made again from the folder alone.

    Where trusted keys are named, a policy that was signed with another one is a finding too.
    """
    if findings := check_seal(folder):
        return findings
    run = load(folder)
    try:
        basis = basis_of(run)
    except scorecard.ScorecardRefused as refused:
        return [f"scorecard.json: {refused}"]
    again = order(
        basis.features, basis.card, basis.rules, basis.services, basis.on, decisions=basis.decisions
    )
    findings = [
        *_claims(run, folder, basis.card),
        *_signature(run, folder, trusted_keys),
        *_calendar(run, folder, basis.rules),
    ]
    for name in ("list", "contributions", "reasons", "measures"):
        recorded, computed = getattr(run, name), getattr(again, name)
        if not recorded.equals(computed):
            findings.append(f"{name}.parquet does not follow from its inputs: computed again, it differs.")
    made_by, here = run.provenance["code"]["digest"], code_digest()
    if findings and made_by != here:
        findings.append(
            f"The run was made by version {run.provenance['code']['version']} with other sources than these: verify "
            "it with the version that made it before you draw a conclusion."
        )
    return findings


def _claims(run: Worklist, folder: Path, card: Scorecard | None) -> list[str]:
    """What provenance says of policy and model, held against the files themselves."""
    told, content = run.provenance, (folder / "policy.yaml").read_bytes()
    rules = policy.read(content, "policy.yaml")
    claims = {
        "policy": (rules.id, rules.version, hashlib.sha256(content).hexdigest()),
        "model": (card.id, card.serial, card.digest) if card is not None else None,
        "mode": "model" if card is not None else "policy-only",
    }
    recorded = {
        "policy": tuple(told["policy"][key] for key in ("id", "version", "sha256")),
        "model": told["model"] and tuple(told["model"].get(key) for key in ("id", "version", "digest")),
        "mode": told["mode"],
    }
    return [
        f"provenance.json does not say the truth about the {name}: its file says otherwise."
        for name, claim in claims.items()
        if claim != recorded[name]
    ]


def _signature(run: Worklist, folder: Path, trusted_keys: Path | None) -> list[str]:
    """What provenance says of who signed the policy, held against the signature and, where they are named, the keys."""
    told, file = run.provenance["policy"], folder / f"policy.yaml{policy.signing.SUFFIX}"
    if told["signed_by"] is None:
        return []
    content, signature = (folder / "policy.yaml").read_bytes(), file.read_bytes() if file.is_file() else b""
    rules = policy.read(content, "policy.yaml")
    claim = (rules.signed_by, rules.signed_on and str(rules.signed_on), policy.signing.signed_with(signature))
    recorded = tuple(told[key] for key in ("signed_by", "signed_on", "signed_with"))
    if claim != recorded or not policy.signing.agrees(content, signature):
        return [
            "provenance.json does not say the truth about who signed the policy: the signature does not agree."
        ]
    if trusted_keys is not None:
        checked = policy.signing.check(content, rules, signature, policy.signing.trusted_keys(trusted_keys))
        if not checked.is_signed:
            return [f"The policy counts as a draft here: {checked.why_draft}."]
    return []


def _calendar(run: Worklist, folder: Path, rules: Policy) -> list[str]:
    """What provenance says of the slots to come, held against the capacity calendar in the folder."""
    file, services = folder / CALENDAR_FILE, services_of(run.provenance)
    planned = services.filter(pl.col("capacity_from") == "calendar").select("service_id", "slots_planned")
    if not file.is_file():
        return [] if planned.is_empty() else [f"{CALENDAR_FILE} is missing, from which slots were planned."]
    days = policy.reviews_planned(rules.reviews, date.fromisoformat(run.provenance["index_date"]))
    told = capacity.from_calendar(policy.read_calendar(file.read_bytes()), days)
    again = told.join(services, on="service_id", how="semi").sort("service_id")
    same = again.equals(planned.sort("service_id"))
    return [] if same else ["The slots to come in provenance.json do not follow from the capacity calendar."]


def code_digest() -> str:
    """Return one digest over the sources of this package."""
    package = Path(__file__).parent.parent
    text = hashlib.sha256()
    for path in sorted(p for p in package.rglob("*") if p.suffix in {".py", ".yaml"}):
        text.update(str(path.relative_to(package)).encode() + path.read_bytes())
    return text.hexdigest()


def services_of(provenance: Mapping[str, Any]) -> pl.DataFrame:
    """Return the services of a run as a table."""
    table = pl.DataFrame(provenance["services"], infer_schema_length=None)
    return table.with_columns(pl.col("review_on", "slots_planned_until").str.to_date())
