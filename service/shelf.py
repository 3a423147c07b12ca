"""The runs the service can show: each read once, checked against its seal, and never changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import worklist
from risk_model.errors import UserError
from risk_model.policy import signing
from risk_model.policy.signing import TrustedKey
from service import publishing

RUNS_KEPT_IN_MEMORY = 8


@dataclass(frozen=True)
class ServiceList:
    """One service's list in the order of its places, with the marks that the page's counted links need."""

    facts: Mapping[str, Any]
    frame: pl.DataFrame

    @property
    def provider_code(self) -> str:
        return str(self.facts["provider_code"])

    def cut_band(self) -> str | None:
        """Return the places of the band that the slot line cuts, if it cuts one."""
        cut = self.frame.filter("cuts_line")
        return None if cut.is_empty() else str(cut["band"][0])


@dataclass(frozen=True)
class Run:
    """One run, split by service."""

    name: str
    folder: Path
    provenance: Mapping[str, Any]
    services: Mapping[str, ServiceList]
    provenance_sha256: str
    contributions: Mapping[str, pl.DataFrame]
    reasons: Mapping[str, pl.DataFrame]

    @property
    def index_date(self) -> date:
        return date.fromisoformat(self.provenance["index_date"])

    @property
    def accepted_gaps(self) -> list[dict[str, Any]]:
        """The feeds that somebody went on without; runs from before feeds were asked for name none."""
        return list(self.provenance.get("accepted_gaps", ()))

    @property
    def policy_signed_by(self) -> str | None:
        """Who signed the policy with a key that is trusted here; None for a draft."""
        signed_by: str | None = self.provenance["policy"].get("signed_by")
        return signed_by

    @property
    def no_reasons(self) -> pl.DataFrame:
        """An empty table of reasons, for children of whom no risk was estimated."""
        return pl.DataFrame(schema=worklist.load(self.folder).reasons.schema)

    def features_of(self, service_id: str, referral_id: str) -> dict[str, Any]:
        """Return the features of one referral by name; None where a fact is not known."""
        mine = pl.col("service_id") == service_id, pl.col("referral_id") == referral_id
        return worklist.load(self.folder).features.row(by_predicate=mine[0] & mine[1], named=True)

    @property
    def uses_model(self) -> bool:
        return str(self.provenance["mode"]) == "model"


class Shelf:
    """All runs of one worklists folder."""

    def __init__(self, worklists: Path, trusted: Sequence[TrustedKey] = ()) -> None:
        self._worklists = worklists
        self._trusted = tuple(trusted)
        self._runs: dict[str, Run] = {}
        self._reading = threading.Lock()

    def names(self) -> list[str]:
        """Return the names of all runs, newest first."""
        return [folder.name for folder in reversed(worklist.runs(self._worklists))]

    def run(self, name: str) -> Run | None:
        """Return a run by name, or None when there is none of that name."""
        folder = self.folder(name)
        return None if folder is None else self._open(folder)

    def folder(self, name: str) -> Path | None:
        """Return the folder of a run, readable or not, or None when there is none of that name."""
        return next((folder for folder in worklist.runs(self._worklists) if folder.name == name), None)

    def provenance(self, folder: Path) -> dict[str, Any]:
        """Return what a run says of itself; its policy counts as signed only by a key that is trusted here and now."""
        told = worklist.load(folder).provenance
        return told | {"policy": signing.recheck(told["policy"], folder, self._trusted)}

    def _open(self, folder: Path) -> Run:
        kept = self._runs.get(folder.name)
        if kept is None:
            with self._reading:
                kept = self._runs.get(folder.name) or _read(folder, self.provenance(folder))
                while len(self._runs) >= RUNS_KEPT_IN_MEMORY:
                    self._runs.pop(next(iter(self._runs)))
                self._runs[folder.name] = kept
        return kept


def _read(folder: Path, provenance: Mapping[str, Any]) -> Run:
    found = worklist.load(folder)
    findings = worklist.check_seal(folder)
    if findings:
        raise UserError(
            f"The worklist {folder.name} is not as its run wrote it: {findings[0]} "
            "Expected every file to agree with the seal. Do not use this list; make it again with "
            "`risk-model prioritise`, or take the folder away to go on with the run before it."
        )
    by_service = {
        str(key[0]): frame for key, frame in found.list.partition_by("service_id", as_dict=True).items()
    }
    services = {
        facts["service_id"]: ServiceList(
            facts, _mark(by_service.get(facts["service_id"], found.list.clear()), facts.get("review_on"))
        )
        for facts in found.provenance["services"]
    }
    by_person = [
        {str(key[0]): rows for key, rows in table.partition_by("person_id", as_dict=True).items()}
        for table in (found.contributions, _reasons(found))
    ]
    return Run(found.run, folder, provenance, services, publishing.provenance_sha256(folder), *by_person)


def _reasons(found: worklist.Worklist) -> pl.DataFrame:
    """The run's reasons; in a run from before there were sentences, each fact speaks for itself."""
    if "reasons.parquet" in found.provenance["outputs"]:
        return found.reasons
    factor = pl.col("factor").round(1)
    direction = pl.when(factor > 1).then(pl.lit("up")).when(factor < 1).then(pl.lit("down"))
    return found.contributions.with_columns(
        reason="feature",
        sentence="words",
        direction=pl.when(state="unknown")
        .then(pl.lit("unknown"))
        .otherwise(direction.otherwise(pl.lit("little"))),
    )


def _mark(frame: pl.DataFrame, review_on: str | None) -> pl.DataFrame:
    """Order a list by place and add what the counted links ask: band, slot, slot line, unknown, late."""
    review = pl.lit(review_on, dtype=pl.String).str.to_date()
    has_slot = pl.col("lane") != "next"
    marked = (
        frame.lazy()
        .join(_bands(frame), on=["tier", "band_first", "band_last"], how="left")
        .with_columns(
            band=pl.when(pl.col("lane") != "time").then("band"),
            has_slot=has_slot,
            cuts_line=((pl.col("lane") != "time") & pl.col("cuts_line")).fill_null(False),
            is_late=(pl.col("latest_on") < review).fill_null(False),
        )
        .with_columns(
            looks_first=pl.any_horizontal("has_slot", "cuts_line", "unknown_decides_slot", "is_late")
        )
        .sort("place")
    )
    return marked.collect()


def _bands(frame: pl.DataFrame) -> pl.LazyFrame:
    """Say in words which places each band holds; places of the time lane between them belong to no band."""
    key = ["tier", "band_first", "band_last"]
    first, last = pl.col("first").cast(pl.String), pl.col("last").cast(pl.String)
    return (
        frame.lazy()
        .filter((pl.col("lane") != "time") & pl.col("band_first").is_not_null())
        .sort("place")
        .with_columns(stretch=(pl.col("place") - pl.int_range(pl.len()).over(key)))
        .group_by(*key, "stretch", maintain_order=True)
        .agg(first=pl.col("place").min(), last=pl.col("place").max(), lanes=pl.col("lane").unique())
        .with_columns(
            words=pl.when(first == last).then(first).otherwise(pl.concat_str(first, pl.lit(" to "), last))
        )
        .group_by(key, maintain_order=True)
        .agg(band=pl.col("words").str.join(", "), lanes=pl.col("lanes").explode())
        .with_columns(cuts_line=pl.col("lanes").list.contains("need") & pl.col("lanes").list.contains("next"))
        .drop("lanes")
    )
