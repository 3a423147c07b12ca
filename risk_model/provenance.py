"""What a run was made from: everything an auditor needs to make it again, and nothing of a child."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import polars as pl

from risk_model import contracts, coverage, linkage, worklist
from risk_model.linkage import People, Register
from risk_model.linkage.register import MERGE, SPLIT
from risk_model.policy import Policy, Signature
from risk_model.scorecard import Scorecard
from risk_model.snapshot import LAST_AGE_YEARS, Snapshot, not_used, unused
from risk_model.sources import CheckedExtracts, SourceFile
from risk_model.sources.completeness import LIST_TABLES
from risk_model.worklist import Ordered

LISTED = (*LIST_TABLES, "mhsds_patient", "mhsds_referral")
"""Tables of which a rejected row may be a child that is missing from a list."""

FORMAT = "early-support-worklist/1"
ASKED_FOR_NONE = "it was asked for without one"
"""Why a list has no estimate of risk, where whoever asked for none gave no reason."""


def facts(
    known: Snapshot,
    people: People,
    ordered: Ordered,
    checked: CheckedExtracts,
    card: Scorecard | None,
    rules: Policy,
    policy_bytes: bytes,
    signature: Signature,
    services: pl.DataFrame,
    accepted_gaps: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return what `provenance.json` says of a run, but for its outputs, its time and its seal."""
    return {
        "format": FORMAT,
        "index_date": str(known.on),
        "mode": "policy-only" if card is None else "model",
        "policy": {
            "id": rules.id,
            "version": rules.version,
            "title": rules.title,
            **signature.as_facts(),
            "sha256": hashlib.sha256(policy_bytes).hexdigest(),
        },
        "model": None if card is None else _model(card),
        "linkage": {"format": people.weights.get("format"), "sha256": linkage.digest(people.weights)},
        "pseudonyms": _pseudonyms(people.register),
        "list_risk": ordered.list["risk"].mean(),
        "data_up_to": {partner: day and str(day) for partner, day in known.data_up_to.items()},
        "coverage": coverage.as_facts(known.coverage),
        "accepted_gaps": accepted_gaps,
        "services": services.with_columns(pl.col(pl.Date).dt.to_string()).to_dicts(),
        "inputs": [_input(file) for file in checked.files],
        "not_used": not_used(checked.frames),
        "contracts": {name: contract.version for name, contract in sorted(contracts.load().items())},
        "code": code(),
        "warnings": _warnings(known, card, checked, ordered, rules),
    }


def code() -> dict[str, str]:
    """Return the version of this package and one digest over its sources."""
    return {"version": version("early-support"), "digest": worklist.code_digest()}


def digest_of(files: Iterable[SourceFile]) -> str:
    """Return one digest over the names and contents of the extracts."""
    text = "\n".join(f"{file.path} {file.sha256}" for file in sorted(files, key=lambda f: f.path))
    return hashlib.sha256(text.encode()).hexdigest()


def _model(card: Scorecard) -> dict[str, Any]:
    return {
        "id": card.id,
        "version": card.serial,
        "digest": card.digest,
        "made_from": card.document["made_from"],
    }


def _input(file: SourceFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "source": file.source,
        "rows": file.rows,
        "problem": file.problem,
    }


def _pseudonyms(register: Register) -> dict[str, Any]:
    """Which key named the children, by its id, and how many names the day's linkage joined and parted."""
    kinds = register.changes_of_the_day()["kind"]
    changes = {"merges": int((kinds == MERGE).sum()), "splits": int((kinds == SPLIT).sum())}
    return {"purpose": register.key.purpose.value, "key_id": register.key.id, **changes}


def _warnings(
    known: Snapshot, card: Scorecard | None, checked: CheckedExtracts, ordered: Ordered, rules: Policy
) -> list[str]:
    """Sentences about files and rows that could not be read or are not used, a model from later, and full tiers."""
    quarters = card.document["made_from"]["landmarks"] if card is not None else []
    later = [
        "The model learned from quarters after the index date; this list could not have been made on its day."
        for _ in quarters[-1:]
        if quarters[-1] > str(known.on)
    ]
    unread = [f"{file.path}: {file.problem}" for file in checked.files if file.problem]
    rejected = checked.rejected.filter(pl.col("table").is_in(LISTED)).group_by("table").len().sort("table")
    missing = [
        f"{count} rows of {table} were rejected: children on them may be missing from the list. See the quarantine."
        for table, count in rejected.iter_rows()
    ]
    telling = [name for name, feed in coverage.FEEDS.items() if feed.tells]
    uncovered = known.coverage.filter(
        "is_expected", pl.col("state") != coverage.COVERED, pl.col("feed").is_in(telling)
    )
    silent = [
        f"{coverage.in_words(row)} What only it tells is not known."
        for row in uncovered.iter_rows(named=True)
    ]
    shares = ordered.measures.group_by("service_id", maintain_order=True).agg(
        pl.col("service_name").first(),
        share=pl.col("waiting").filter(pl.col("tier") == 1).sum() / pl.col("waiting").sum(),
    )
    crowded = shares.filter(pl.col("share") > rules.tier_1_share_that_warns)
    ignored = unused.sentences(checked.frames)
    adults = f"{known.adult_waits} waits of people aged {LAST_AGE_YEARS + 1} or over are left out: they are adults."
    return [*unread, *missing, *ignored, *([adults] if known.adult_waits else []), *silent, *later] + [
        f"{row['service_name']}: {row['share']:.0%} of the list is in tier 1; priority for most is priority for none."
        for row in crowded.iter_rows(named=True)
    ]
