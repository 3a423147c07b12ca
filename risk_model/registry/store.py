"""The training runs and the version that each left, in MLflow; the only importer of MLflow.

The store is SQLite and lies whole in `mlruns/`. Production reads `scorecard.json` from the run of a version; the
estimator lies beside it for auditors and is never unpickled.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from risk_model import scorecard
from risk_model.errors import UserError
from risk_model.keys import Key
from risk_model.model import Fit
from risk_model.scorecard import Scorecard, ScorecardRefused
from risk_model.scorecard.document import FIRST_SERIAL

SERIAL, DIGEST, CARD, VERDICT, BECAUSE = "serial", "digest", "scorecard", "verdict", "because"
"""Tags of a version: its number, its scorecard's digest and id, and what the test said of it and why."""
TREE_TYPE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


@dataclass(frozen=True)
class Version:
    """One recorded model; `because` says why the verdict is no-go, and is empty for "go"."""

    version: int
    scorecard: str
    digest: str
    trained_on: str
    verdict: str
    because: str
    run: str


def deployment(key: Key) -> str:
    """Return the registry's name for the models of one workspace, told apart by the id of its own key."""
    return f"early-support-{key.id}"


def add(
    store: Path,
    name: str,
    fit: Fit,
    *,
    verdict: str,
    because: list[str],
    figures: dict[str, float],
    facts: dict[str, Any],
) -> Version:
    """Record a training run and return the version that it left, which orders no list before it is promoted."""
    mlflow = open_store(store, name)
    client = mlflow.MlflowClient()
    taken = [int(found.tags[SERIAL]) for found in client.search_model_versions(f"name = '{name}'")]
    numbered = scorecard.sealed(fit.card.document, serial=max(taken, default=FIRST_SERIAL - 1) + 1)
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        mlflow.log_params({**facts, "verdict": verdict, "scorecard": fit.card.id})
        mlflow.log_metrics(figures)
        card = Path(folder) / "scorecard.json"
        card.write_bytes(scorecard.write(numbered))
        mlflow.log_artifact(str(card))
        source = run.info.artifact_uri
        if fit.estimator is not None:
            source = mlflow.sklearn.log_model(
                fit.estimator,
                name="estimator",
                skops_trusted_types=[TREE_TYPE],
                pip_requirements=["scikit-learn"],
            ).model_uri
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    tags = {
        SERIAL: str(numbered.serial),
        DIGEST: numbered.digest,
        CARD: numbered.id,
        VERDICT: verdict,
        BECAUSE: " ".join(because),
    }
    return _version(client.create_model_version(name, source, run.info.run_id, tags=tags))


def versions(store: Path, name: str) -> list[Version]:
    """Return every version of a deployment, oldest first; one in which nothing was trained is said so."""
    if not (store / "mlflow.db").is_file():
        raise _nothing_trained()
    client = open_store(store, name).MlflowClient()
    found = [_version(one) for one in client.search_model_versions(f"name = '{name}'")]
    if not found:
        raise _nothing_trained()
    return sorted(found, key=lambda one: one.version)


def read_scorecard(store: Path, name: str, version: Version, digest: str) -> Scorecard:
    """Return the scorecard of a version, or refuse one that is not, to the byte, the one that was recorded.

    It is held against the digest that it carries, that of the registry, and `digest`, the one that two people promoted.
    """
    mlflow = open_store(store, name)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = mlflow.MlflowClient().download_artifacts(version.run, "scorecard.json", folder)
            card = scorecard.read(Path(path).read_bytes(), least_serial=version.version)
    except (mlflow.exceptions.MlflowException, OSError, ValueError) as error:
        raise UserError(
            f"The scorecard of version {version.version} in {store} cannot be read. Expected its scorecard.json where "
            "the run left it; a registry that was moved loses it. Restore it, go back with `risk-model models "
            "rollback`, train again, or add --policy-only."
        ) from error
    if not card.digest == version.digest == digest:
        raise ScorecardRefused("another_scorecard", "it is not the one that the registry recorded")
    return card


def open_store(store: Path, name: str) -> Any:
    """Open the store, quietly and without telling anybody: MLflow's own reports stay off."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import logging

    import mlflow
    import mlflow.sklearn
    from sqlalchemy.exc import SQLAlchemyError

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    store.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{store.resolve() / 'mlflow.db'}")
    try:
        if mlflow.get_experiment_by_name(name) is None:
            mlflow.create_experiment(name, artifact_location=(store.resolve() / "artifacts").as_uri())
        mlflow.set_experiment(name)
    except (mlflow.exceptions.MlflowException, SQLAlchemyError) as error:
        raise UserError(
            f"The model registry in {store} cannot be opened. Expected the mlflow.db that `risk-model train` made. "
            "Restore it, or name another with --registry and train again."
        ) from error
    return mlflow


def _version(found: Any) -> Version:
    made = datetime.fromtimestamp(found.creation_timestamp / 1000, UTC)
    return Version(
        version=int(found.tags[SERIAL]),
        scorecard=found.tags[CARD],
        digest=found.tags[DIGEST],
        trained_on=str(made.date()),
        verdict=found.tags[VERDICT],
        because=found.tags[BECAUSE],
        run=found.run_id,
    )


def _nothing_trained() -> UserError:
    return UserError(
        "There is no model in this workspace. Expected one that `risk-model train` made. "
        "Train one first, or add --policy-only to make a list without an estimate of risk."
    )
