"""The folders of one deployment: vault, lists, quarantine and what training left; its keys lie elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import keys
from risk_model.errors import UserError
from risk_model.keys import Key, Purpose

KEY_OF_BEFORE = "pseudonym.key"


@dataclass(frozen=True)
class Workspace:
    """Where one deployment keeps what it makes; nothing in it is ever committed.

    `key_folder` holds the keys of its pseudonyms and is never inside the workspace; without one it is the folder
    beside it, `<workspace>.keys`.
    """

    folder: Path
    key_folder: Path | None = None

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

    @property
    def results(self) -> Path:
        """Every figure of the newest training, as one table."""
        return self.evaluation / "results.parquet"

    @property
    def report(self) -> Path:
        """The same figures as one page."""
        return self.evaluation / "report.html"

    def vault_of(self, purpose: Purpose) -> Path:
        """Return the part of the vault in which one purpose's pseudonyms are mapped to identifiers; it is there."""
        self.vault.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.vault / purpose.file_name
        part.mkdir(exist_ok=True, mode=0o700)
        return part

    def key(self, purpose: Purpose) -> Key:
        """Return the key of one purpose; a key folder inside the workspace is refused."""
        if self.folder.exists() and not self.folder.is_dir():
            raise UserError(
                f"{self.folder} is a file. Expected a folder for the workspace. Name another with --workspace."
            )
        self._check_holds_no_key()
        return keys.open_key(self._key_folder(), purpose)

    def _key_folder(self) -> Path:
        whole = self.folder.resolve()
        folder = self.key_folder or whole.with_name(f"{whole.name}.keys")
        if folder.resolve().is_relative_to(whole):
            raise UserError(
                f"The key folder {folder} lies inside the workspace. Expected a folder outside it, so that no copy or "
                "backup of the workspace takes the keys along. Name another with --keys."
            )
        return folder

    def _check_holds_no_key(self) -> None:
        """Whoever has a copy of an earlier workspace has its key, so that key names nobody any more."""
        path = self.vault / KEY_OF_BEFORE
        if path.exists():
            raise UserError(
                f"The workspace still holds {path}, the key that earlier versions kept there. Expected no key in a "
                "workspace: copies of it may have taken the key along, so new keys are made outside. Move the file to "
                "where you back keys up, for as long as lists made with it are kept, and run again. Children and "
                "referrals then get new names, and decisions made before do not show on the new lists."
            )

    def linkage_weights(self) -> dict[str, Any] | None:
        path = self.folder / "linkage.json"
        try:
            return json.loads(path.read_bytes()) if path.is_file() else None
        except ValueError as error:
            raise UserError(
                f"The linkage weights {path} are damaged. Expected the JSON that `risk-model train` wrote. "
                "Train again, or restore the file."
            ) from error

    def keep_linkage_weights(self, written: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "linkage.json").write_bytes(written)

    def keep_identities(self, identities: pl.DataFrame, purpose: Purpose) -> None:
        """Add who is who to the vault; what an earlier run knew of other children stays."""
        path = self.vault_of(purpose) / "identities.parquet"
        if path.is_file():
            earlier = pl.read_parquet(path).join(identities, on="person_id", how="anti")
            identities = pl.concat([identities, earlier]).sort("person_id")
        path.touch(mode=0o600)
        identities.write_parquet(path)

    def keep_evaluation(
        self, held_out: pl.DataFrame, results: pl.DataFrame, evaluation: dict[str, Any], page: str
    ) -> None:
        """Keep the rows that were judged (a child's), every figure as one table and as a page, and the verdict."""
        self.evaluation.mkdir(parents=True, exist_ok=True)
        results.write_parquet(self.results)
        self.report.write_text(page, encoding="utf-8")
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
