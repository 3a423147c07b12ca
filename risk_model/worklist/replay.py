"""A run made again from its own folder: what anybody can do who holds the folder, eleven months later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import policy, scorecard
from risk_model.scorecard import Scorecard
from risk_model.worklist.folder import Worklist, check_seal, load
from risk_model.worklist.order import order


def verify(folder: Path) -> list[str]:
    """Return a sentence for everything in a run's folder that cannot be made again from the folder alone."""
    if findings := check_seal(folder):
        return findings
    run = load(folder)
    model = folder / "scorecard.json"
    try:
        card = scorecard.read(model.read_bytes()) if model.is_file() else None
    except scorecard.ScorecardRefused as refused:
        return [f"scorecard.json: {refused}"]
    again = order(
        run.features,
        card,
        policy.read((folder / "policy.yaml").read_bytes(), "policy.yaml"),
        services_of(run.provenance),
        date.fromisoformat(run.provenance["index_date"]),
    )
    findings = _claims(run, folder, card)
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
    signed_on = rules.signed_on and str(rules.signed_on)
    claims = {
        "policy": (rules.id, rules.version, rules.signed_by, signed_on, hashlib.sha256(content).hexdigest()),
        "model": card.id if card is not None else None,
        "mode": "model" if card is not None else "policy-only",
    }
    recorded = {
        "policy": tuple(told["policy"][key] for key in ("id", "version", "signed_by", "signed_on", "sha256")),
        "model": told["model"] and told["model"]["id"],
        "mode": told["mode"],
    }
    return [
        f"provenance.json does not say the truth about the {name}: its file says otherwise."
        for name, claim in claims.items()
        if claim != recorded[name]
    ]


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
