"""The folders of one deployment: its vault, its lists, its quarantine and what training left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import pseudonyms
from risk_model.errors import UserError


@dataclass(frozen=True)
class Workspace:
    """Where one deployment keeps what it makes; nothing in it is ever committed."""

    folder: Path

    @property
    def worklists(self) -> Path:
        return self.folder / "worklists"

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine"

    @property
    def checked(self) -> Path:
        return self.folder / "checked"

    @property
    def vault(self) -> Path:
        return self.folder / "vault"

    @property
    def evaluation(self) -> Path:
        return self.folder / "evaluation"

    def key(self) -> bytes:
        if self.folder.exists() and not self.folder.is_dir():
            raise UserError(
                f"{self.folder} is a file. Expected a folder for the workspace. Name another with --workspace."
            )
        return pseudonyms.open_key(self.vault)

    def linkage_weights(self) -> dict[str, Any] | None:
        path = self.folder / "linkage.json"
        try:
            return json.loads(path.read_bytes()) if path.is_file() else None
        except ValueError as error:
            raise UserError(
                f"The linkage weights {path} are damaged. Expected the JSON that `risk-model train` wrote. "
                "Train again, or restore the file."
            ) from error

    def keep_linkage_weights(self, weights: dict[str, Any]) -> None:
        (self.folder / "linkage.json").write_text(json.dumps(weights, indent=1, sort_keys=True))

    def keep_identities(self, identities: pl.DataFrame) -> None:
        """Add who is who to the vault; what an earlier run knew of other children stays."""
        path = self.vault / "identities.parquet"
        if path.is_file():
            earlier = pl.read_parquet(path).join(identities, on="person_id", how="anti")
            identities = pl.concat([identities, earlier]).sort("person_id")
        path.touch(mode=0o600)
        identities.write_parquet(path)

    def identities(self) -> pl.DataFrame:
        path = self.vault / "identities.parquet"
        if not path.is_file():
            raise UserError(
                f"The vault of {self.folder} holds no identities. Expected those that `risk-model train` kept. "
                "Train again."
            )
        return pl.read_parquet(path)

    def keep_evaluation(self, held_out: pl.DataFrame, evaluation: dict[str, Any]) -> None:
        self.evaluation.mkdir(parents=True, exist_ok=True)
        held_out.write_parquet(self.evaluation / "held_out.parquet")
        (self.evaluation / "evaluation.json").write_text(json.dumps(evaluation, indent=1))

    def last_evaluation(self) -> tuple[pl.DataFrame, dict[str, Any]]:
        """Return the held-out rows and the evaluation of the newest training."""
        path = self.evaluation / "evaluation.json"
        if not path.is_file():
            raise UserError(
                f"Nothing was trained in {self.folder} yet. Expected a workspace in which `risk-model train` ran. "
                "Train first."
            )
        return pl.read_parquet(self.evaluation / "held_out.parquet"), json.loads(path.read_bytes())
