"""No key stands in anything a deployment writes, and no pseudonym of one purpose is one of another.

A small invented town (scale `tiny`) is trained on, listed twice, looked at and decided about.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from risk_model import worklist
from risk_model.keys import Purpose, open_key
from risk_model.workspace import Workspace
from service import store
from service.app import create_app
from service.settings import Settings
from tests.conftest import INDEX_DATE, answer, risk_model
from tests.functional.service.conftest import Visitor


@dataclass(frozen=True)
class Deployment:
    """Everything that one deployment wrote, with what its commands said, and the keys apart from it."""

    folder: Path
    keys: Path
    said: str
    truth: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "w", self.keys)

    def person_ids(self, purpose: Purpose) -> set[str]:
        return set(pl.read_parquet(self.workspace.vault_of(purpose) / "identities.parquet")["person_id"])


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    folder = tmp_path_factory.mktemp("deployment")
    cohort, keys = tmp_path_factory.mktemp("cohort") / "town", tmp_path_factory.mktemp("apart") / "keys"
    places = ("--workspace", folder / "w", "--registry", folder / "mlruns", "--keys", keys)
    day = ("--index-date", INDEX_DATE, "--policy-only")
    commands = [
        ("synthesise", cohort, "--scale", "tiny"),
        ("train", cohort / "extracts", *places),
        ("prioritise", cohort / "extracts", *day, *places),
        ("prioritise", cohort / "extracts", *day, *places),
    ]
    said = ""
    for command in commands:
        done = risk_model(*command)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    _look_and_decide(folder)
    return Deployment(folder, keys, said, cohort / "truth")


def _look_and_decide(folder: Path) -> None:
    """Somebody signs in, opens a list and a child, and agrees with its place."""
    database = f"sqlite:///{folder}/service.db"
    store.migrate(database)
    app = create_app(Settings(worklists=folder / "w/worklists", database=database, demo=True))
    visitor = Visitor(app, "r-demo")
    service = visitor.http.get("/v1/services").json()[0]
    address = f"/v1/lists/{service['service_id']}"
    row = visitor.http.get(address).json()["rows"][0]
    decided = visitor.http.post(
        f"{address}/{service['run']}/{row['referral_id']}/reviews",
        json={"choice": "agree", "last_review": 0},
        headers={"Idempotency-Key": "one-decision"},
    )
    assert decided.status_code == 201
    app.state.parts.store.engine.dispose()


def _spellings(secret: bytes) -> list[bytes]:
    """The key as bytes and as anybody would write bytes down, in either case."""
    texts = [secret.hex(), base64.b32encode(secret).decode().rstrip("=")]
    exact = [encode(secret).rstrip(b"=") for encode in (base64.b64encode, base64.urlsafe_b64encode)]
    return [secret, *exact, *(text.lower().encode() for text in texts), *(t.upper().encode() for t in texts)]


def test_no_key_stands_in_any_file_or_in_anything_said(deployment: Deployment) -> None:
    secrets = [open_key(deployment.keys, purpose).secret for purpose in Purpose]
    spellings = [spelling for secret in secrets for spelling in _spellings(secret)]
    files = {path: path.read_bytes() for path in deployment.folder.rglob("*") if path.is_file()}
    assert {"service.db", "mlflow.db", "provenance.json", "register.parquet"} <= {path.name for path in files}
    for path, content in [*files.items(), (Path("what was said"), deployment.said.encode())]:
        assert not any(spelling in content for spelling in spellings), path
    beside_the_keys = b"".join(path.read_bytes() for path in deployment.keys.iterdir())
    assert all(any(spelling in beside_the_keys for spelling in _spellings(one)) for one in secrets)


def test_no_pseudonym_is_equal_across_purposes(deployment: Deployment) -> None:
    """The same children stand in both vaults; no name of theirs is the same."""
    care, training = (deployment.person_ids(purpose) for purpose in (Purpose.DIRECT_CARE, Purpose.TRAINING))
    assert min(len(care), len(training)) > 100
    assert len(care & training) == 0
    held_out = pl.read_parquet(deployment.folder / "w/evaluation/held_out.parquet")
    assert set(held_out["person_id"]) <= training
    for run in worklist.runs(deployment.folder / "w/worklists"):
        assert set(worklist.load(run).list["person_id"]) <= care


def test_the_second_list_of_a_day_names_the_same_children_the_same(deployment: Deployment) -> None:
    first, second = worklist.runs(deployment.folder / "w/worklists")
    for path in first.iterdir():
        if path.name != worklist.PROVENANCE:
            assert path.read_bytes() == (second / path.name).read_bytes(), path.name
    assert worklist.verify(second) == []


def test_a_run_says_which_key_named_its_children(deployment: Deployment) -> None:
    told = worklist.load(worklist.newest(deployment.folder / "w/worklists")).provenance["pseudonyms"]
    key = open_key(deployment.keys, Purpose.DIRECT_CARE)
    assert told == {"purpose": "direct care", "key_id": key.id, "merges": 0, "splits": 0}


def test_the_truth_is_still_found_under_the_names_of_training(deployment: Deployment) -> None:
    place = ("--workspace", deployment.folder / "w", "--truth", deployment.truth, "--json")
    judged = answer(risk_model("evaluate", *place))["truth"]
    assert judged["rows_without_truth"] <= 0.05 * judged["rows"]


def test_the_keys_are_found_by_option_by_environment_and_beside_the_workspace(
    tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder holds other keys, and the register of this vault refuses them."""
    extracts = deployment.truth.parent / "extracts"
    day = ("--index-date", INDEX_DATE, "--policy-only", "--workspace", deployment.folder / "w")
    by_option = risk_model("prioritise", extracts, *day, "--keys", tmp_path / "other")
    assert (by_option.returncode, "was kept with the key" in by_option.stderr) == (2, True)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["direct-care.key"]
    inside = risk_model("prioritise", extracts, *day, "--keys", deployment.folder / "w/keys")
    assert (inside.returncode, "inside the workspace" in inside.stderr) == (2, True)
    monkeypatch.setenv("EARLY_SUPPORT_KEYS", str(deployment.keys))
    assert risk_model("prioritise", extracts, *day).returncode == 0
    assert json.loads((deployment.keys / "direct-care.key").read_text())["purpose"] == "direct care"
    assert not (deployment.folder / "w.keys").exists()
